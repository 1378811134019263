//! Do the policies of every table say exactly what was reviewed, and nothing more?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "policies",
    remedy: "Drop the policy and call ops.protect for the table in a new migration. Until then treat its rows as readable by every organization.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "policy-door",
        "Does every tenant table let the current organization in, letter for letter as reviewed?",
        "A door worded otherwise, such as org_id = org_id, may let everybody in.",
        catalog!(
            "select t.name as object,
                    case when p.name is null then 'has no policy org_isolation'
                         when not p.permissive or p.command <> '*' then 'org_isolation is not a door for all commands'
                         when p.roles <> 'switchboard_app, switchboard_worker' then 'org_isolation is for ' || p.roles
                         when p.shows is distinct from t.predicate then 'org_isolation shows ' || p.shows
                         when p.accepts is distinct from t.predicate then 'org_isolation accepts ' || p.accepts end as fault
             from tenant t left join policy p on p.relation = t.oid and p.name = 'org_isolation'"
        ),
    ),
    rule(
        "policy-wall",
        "Does every tenant table have the wall that no other policy can open?",
        "Without the wall one careless policy added later shows every organization's rows.",
        catalog!(
            "select t.name as object,
                    case when p.name is null then 'has no policy org_wall'
                         when p.permissive or p.command <> '*' then 'org_wall is not a wall for all commands'
                         when p.roles <> case when t.queue then 'switchboard_app' else 'public' end
                           then 'org_wall is for ' || p.roles
                         when p.shows is distinct from t.predicate then 'org_wall shows ' || p.shows
                         when p.accepts is distinct from t.predicate then 'org_wall accepts ' || p.accepts end as fault
             from tenant t left join policy p on p.relation = t.oid and p.name = 'org_wall'"
        ),
    ),
    rule(
        "policy-queue",
        "Does each queue let the worker, and only the worker, claim across organizations?",
        "A queue open to another role shows what every organization has in hand.",
        catalog!(
            "select t.name as object,
                    case when p.name is null then 'has no policy queue_claim'
                         when not p.permissive or p.command <> '*' then 'queue_claim is not a door for all commands'
                         when p.roles <> 'switchboard_worker' then 'queue_claim is for ' || p.roles
                         when p.shows <> 'true' then 'queue_claim shows ' || p.shows
                         when p.accepts <> 'true' then 'queue_claim accepts ' || p.accepts end as fault
             from tenant t left join policy p on p.relation = t.oid and p.name = 'queue_claim' where t.queue"
        ),
    ),
    rule(
        "policy-extra",
        "Is every policy one of the reviewed ones?",
        "Policies add up: one more door opens the table, however good the others are.",
        catalog!(
            "select p.name || ' on ' || p.relation::regclass as object,
                    case when t.oid is null then 'is on a table of no organization'
                         when p.name = 'queue_claim' and not t.queue then 'opens a table that is not a queue'
                         when p.name not in ('org_isolation', 'org_wall', 'queue_claim') then 'was not reviewed' end as fault
             from policy p left join tenant t on t.oid = p.relation"
        ),
    ),
];
