//! Does the organization come first wherever rows are named, so that one organization's rows cannot touch, collide with or
//! hint at another's? And is the schema what Citus takes when it spreads the tables by organization (`docs/scaling.md`)?
//!
//! What that asks of statements is asked of all of them at once by `tests/it/verify/statements.rs`.

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "shape",
    remedy: "Write a migration that gives the table the shape of the others, with org_id in front of every key, then run this again.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "key-column",
        "Does every tenant table have org_id, of the right type, never null and never filled in by itself?",
        "A row without an organization belongs to everyone or to no one, and to no server.",
        catalog!(
            r#"select t.name as object,
                    case when t.att is null then 'has no org_id'
                         else nullif(concat_ws(', ',
                           case when not a.attnotnull then 'org_id may be null' end,
                           case when a.atttypid <> 'text'::regtype then 'org_id is ' || format_type(a.atttypid, a.atttypmod) end,
                           case when a.attcollation <> 'pg_catalog."C"'::regcollation then 'org_id has another collation than C' end,
                           case when a.atthasdef or a.attidentity <> '' then 'org_id has a default' end), '') end as fault
             from tenant t left join pg_attribute a on a.attrelid = t.oid and a.attnum = t.att"#
        ),
    ),
    rule(
        "key-primary",
        "Does the primary key of every tenant table start with org_id?",
        "An id that is unique across organizations tells one of them what another one has; and no server could spread the table by organization.",
        catalog!(
            "select t.name as object,
                    case when i.indexrelid is null then 'has no primary key'
                         when i.indkey[0] is distinct from t.att then 'its primary key starts with another column' end as fault
             from tenant t left join pg_index i on i.indrelid = t.oid and i.indisprimary"
        ),
    ),
    rule(
        "key-unique",
        "Does every unique index of a tenant table start with org_id?",
        "A value that must be unique across organizations is an oracle: a refused insert says that somebody has it. No server could know it of the rows of another.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when i.indkey[0] is distinct from t.att then 'does not start with org_id' end as fault
             from tenant t join pg_index i on i.indrelid = t.oid where i.indisunique or i.indisexclusion"
        ),
    ),
    rule(
        "client-one",
        "Has every organization one billing client, and every client number one organization?",
        "An older system's rows are known by the client's number: two organizations of one number would share them.",
        catalog!(
            "select k.relation || '.' || k.name as object,
                    case when not exists (
                      select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                      where i.indrelid = to_regclass(k.relation) and i.indisunique and i.indisvalid and i.indpred is null
                        and i.indnkeyatts = 1 and i.indimmediate and a.attname = k.name)
                    then 'is not unique' end as fault
             from (values ('app.clients', 'org_id'), ('identity.organizations', 'client_id')) as k(relation, name)"
        ),
    ),
    rule(
        "key-anchored",
        "Is org_id of every tenant table that is no queue a foreign key?",
        "A row could otherwise belong to an organization that does not exist.",
        catalog!(
            "select t.name as object,
                    case when not exists (select from pg_constraint c
                      where c.conrelid = t.oid and c.contype = 'f' and c.conkey[1] = t.att and c.confrelid in (select oid from tenant))
                    then 'its org_id refers to nothing' end as fault
             from tenant t where t.short <> 'clients' and not t.queue"
        ),
    ),
    rule(
        "key-random",
        "Are ids of tenant tables made by the program, never counted by the database?",
        "A counter is shared by all organizations: its gaps say how busy the others are, and one server would have to keep it.",
        catalog!(
            "select t.name || '.' || a.attname as object,
                    case when a.attidentity <> '' then 'is an identity column'
                         when pg_get_expr(d.adbin, d.adrelid) ~* 'nextval' then 'counts with a sequence' end as fault
             from tenant t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
             left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
        ),
    ),
    rule(
        "foreign-key-inside",
        "Does every foreign key stay inside the organization, org_id with org_id in front?",
        "A foreign key without the organization links rows of two of them, and its error says which ids exist elsewhere.",
        catalog!(
            "select c.conname || ' on ' || c.conrelid::regclass as object,
                    case when child.oid is null then 'refers to a tenant table from outside'
                         when parent.oid is null then 'leaves schema app for ' || c.confrelid::regclass
                         when c.conkey[1] is distinct from child.att then 'does not start with org_id'
                         when a.attname <> 'org_id' then 'org_id is paired with ' || a.attname
                         when parent.short <> 'clients' and cardinality(c.conkey) < 2 then 'names nothing but the organization'
                         end as fault
             from pg_constraint c
             left join tenant child on child.oid = c.conrelid
             left join tenant parent on parent.oid = c.confrelid
             join pg_attribute a on a.attrelid = c.confrelid and a.attnum = c.confkey[1]
             where c.contype = 'f' and (child.oid is not null or parent.oid is not null)"
        ),
    ),
    rule(
        "foreign-key-queue",
        "Does no foreign key lead into a queue or out of it?",
        "A queue is claimed across organizations, so it stays on one server; a foreign key would need the rows of all the others there.",
        catalog!(
            "select t.name as object,
                    (select 'has ' || min(c.conname) || ' from ' || min(c.conrelid::regclass::text) || ' to ' || min(c.confrelid::regclass::text)
                     from pg_constraint c where c.contype = 'f' and t.oid in (c.conrelid, c.confrelid) having count(*) > 0) as fault
             from tenant t where t.queue"
        ),
    ),
    rule(
        "foreign-key-action",
        "Does no foreign key change a row when the row it names goes or changes?",
        "A row would leave its organization by itself, past every policy. Emptying the other columns is refused too where the key is what rows are spread by: the program does it, before it deletes.",
        catalog!(
            "select c.conname || ' on ' || c.conrelid::regclass as object,
                    case when c.confupdtype not in ('a', 'r') then 'changes the row when what it names changes'
                         when c.confdeltype in ('n', 'd') then 'changes the row when what it names goes' end as fault
             from pg_constraint c join tenant t on t.oid = c.conrelid where c.contype = 'f'"
        ),
    ),
    rule(
        "index-key",
        "Does every index of a tenant table start with org_id?",
        "An index over all organizations helps nobody who asks for one of them, and no server could keep a part of it.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when i.indkey[0] is distinct from t.att then 'does not start with org_id' end as fault
             from tenant t join pg_index i on i.indrelid = t.oid where not t.queue"
        ),
    ),
    rule(
        "policy-plain",
        "Does no policy of a tenant table contain a select?",
        "A select in a policy is refused where the table is spread over several servers, even one that reads no table.",
        catalog!(
            r"select p.polname || ' on ' || t.name as object,
                    case when p.polqual::text ~ '\{SUBLINK' or p.polwithcheck::text ~ '\{SUBLINK' then 'contains a select' end as fault
             from pg_policy p join tenant t on t.oid = p.polrelid"
        ),
    ),
    rule(
        "policy-caller",
        "Does no policy of a tenant table call a function that reads a table?",
        "One server would have to ask the others about each of its own rows, and Postgres asks once for a row what it could know once for a statement.",
        catalog!(
            r"select p.polname || ' on ' || t.name as object,
                    (select 'calls ' || min(f.oid::regprocedure::text) from pg_depend d
                     join pg_proc f on f.oid = d.refobjid and d.refclassid = 'pg_proc'::regclass
                     where d.classid = 'pg_policy'::regclass and d.objid = p.oid
                       and (f.prosrc ~* '\m(from|join|execute|perform|into)\M' or f.prosqlbody is not null) having count(*) > 0) as fault
             from pg_policy p join tenant t on t.oid = p.polrelid"
        ),
    ),
    rule(
        "trigger-notify",
        "Does no trigger of a tenant table notify?",
        "A notification from a shard reaches nobody, and where several servers take part the write itself fails. OrgTx notifies when it commits.",
        catalog!(
            r"select g.tgname || ' on ' || t.name as object,
                    case when f.prosrc ~* '\m(pg_)?notify\M' then 'runs ' || f.oid::regprocedure || ', which notifies' end as fault
             from pg_trigger g join tenant t on t.oid = g.tgrelid join pg_proc f on f.oid = g.tgfoid where not g.tgisinternal"
        ),
    ),
    rule(
        "constraint-named",
        "Has every constraint a name that somebody gave it?",
        "A column that comes with a constraint is refused without one where the table is spread; and a name that Postgres makes up depends on what was there before.",
        // A primary key is called by everybody what Postgres would call it.
        catalog!(
            r"select c.conname || ' on ' || c.conrelid::regclass as object,
                    case when c.conname ~ '_(check|key|fkey|excl)\d*$' then 'has a name that Postgres made up' end as fault
             from pg_constraint c join ours n on n.oid = c.connamespace
             where c.conrelid <> 0 and c.contype in ('c', 'u', 'f', 'x') and n.name <> 'migrations'"
        ),
    ),
];
