//! Does a row stay in the organization it was born in, and does nothing else act on it unseen?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "triggers",
    remedy: "Drop what was added and call ops.protect for the table in a new migration, then run this again.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "trigger-immutable",
        "Does every tenant table refuse, to everyone and always, to change the key of a row?",
        "A row could be moved into another organization by whoever row security does not bind.",
        catalog!(
            "select t.name as object,
                    case when g.oid is null then 'has no trigger org_immutable'
                         when pg_get_triggerdef(g.oid) <> format(
                           'CREATE TRIGGER org_immutable BEFORE UPDATE OF org_id ON %s FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION app.forbid_org_change()',
                           t.name)
                           then 'has another trigger by that name: ' || pg_get_triggerdef(g.oid)
                         when g.tgenabled <> 'A' then 'its trigger does not fire always' end as fault
             from tenant t left join pg_trigger g on g.tgrelid = t.oid and g.tgname = 'org_immutable'"
        ),
    ),
    rule(
        "trigger-extra",
        "Is there no other trigger, but for those that tell pages after a change of members?",
        "A trigger before the change could write another organization into the row, past the one that forbids it; what a trigger does, no statement of the program says.",
        catalog!(
            "select g.tgname || ' on ' || g.tgrelid::regclass as object,
                    case when g.tgname = 'org_immutable' and t.oid is not null then null
                         when t.oid is not null then 'is not the one of every tenant table'
                         when g.tgrelid::regclass::text not in ('identity.memberships', 'identity.invitations')
                           then 'is on a table of no organization'
                         when g.tgtype & 2 <> 0 or g.tgtype & 64 <> 0 then 'acts before the change'
                         when g.tgfoid::regprocedure::text <> 'identity.notify_members()' then 'runs ' || g.tgfoid::regprocedure
                         when g.tgenabled <> 'O' then 'is not switched on as usual' end as fault
             from pg_trigger g left join tenant t on t.oid = g.tgrelid where not g.tgisinternal"
        ),
    ),
    rule(
        "rewrite-rule",
        "Is no table's statement rewritten into another one?",
        "A rule can turn a statement about one table into one about another, with its owner's rights.",
        catalog!(
            "select c.oid::regclass::text as object,
                    (select 'has the rule ' || min(r.rulename) from pg_rewrite r where r.ev_class = c.oid) as fault
             from pg_class c join ours n on n.oid = c.relnamespace where c.relkind in ('r', 'p')"
        ),
    ),
];
