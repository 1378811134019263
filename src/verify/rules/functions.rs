//! Is every function the one that was reviewed, with no more rights and no other callers?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "functions",
    remedy: "Read the function. If it is meant, list it in src/verify/expected.rs; if it is not, drop it and find out who made it.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "function-known",
        "Is every function on the list of reviewed functions, and every listed one there?",
        "A function nobody reviewed may answer for another organization.",
        catalog!(
            "select coalesce(p.signature, f.signature) as object,
                    case when f.signature is null then 'was not reviewed'
                         when p.signature is null then 'is missing' end as fault
             from (select p.oid::regprocedure::text as signature from pg_proc p
                   where p.pronamespace in (select oid from ours) or p.oid >= 16384) p
             full join reviewed f on f.signature = p.signature"
        ),
    ),
    rule(
        "function-source",
        "Is every function letter for letter as reviewed?",
        "Everything rests on a few lines, such as which organization is the current one.",
        catalog!(
            "select f.signature as object,
                    case when s.fingerprint <> f.fingerprint then 'has the fingerprint ' || s.fingerprint
                           || ', and the reviewed one is ' || f.fingerprint end as fault
             from reviewed f join pg_proc p on p.oid::regprocedure::text = f.signature and p.pronamespace in (select oid from ours)
             join pg_language l on l.oid = p.prolang
             cross join lateral (select md5(concat_ws('|', l.lanname, p.provolatile, p.proparallel, p.prosecdef, p.proleakproof,
               p.proisstrict, p.prokind, p.proconfig, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.prosrc))
               as fingerprint) s"
        ),
    ),
    rule(
        "function-definer",
        "Does every function that runs with its owner's rights stand on the list, search no path and belong to switchboard_owner?",
        "Such a function goes past row security if its owner can, and runs somebody else's code if its path can be changed.",
        catalog!(
            "select p.oid::regprocedure::text as object,
                    nullif(concat_ws(', ', case when f.signature is null then 'is not on the list' end,
                      case when p.proconfig is distinct from array['search_path=\"\"'] then 'has the settings ' || coalesce(p.proconfig::text, 'of its caller') end,
                      case when p.proowner::regrole::text <> 'switchboard_owner' then 'runs as ' || p.proowner::regrole end), '') as fault
             from pg_proc p left join reviewed f on f.signature = p.oid::regprocedure::text and f.definer
             where p.prosecdef and (p.pronamespace in (select oid from ours) or p.oid >= 16384)"
        ),
    ),
    rule(
        "function-caller",
        "May every function be called only by the roles that need it?",
        "What a function answers to one role may be a secret from another.",
        catalog!(
            "select r.name || ' on ' || p.oid::regprocedure as object,
                    case when has_function_privilege(r.name, p.oid, 'EXECUTE') then 'may call it' end as fault
             from pg_proc p join ours n on n.oid = p.pronamespace
             left join reviewed f on f.signature = p.oid::regprocedure::text
             cross join known r
             where r.name not in ('switchboard_owner', 'switchboard_warden') and not r.name = any (coalesce(f.callers, '{}'))"
        ),
    ),
    rule(
        "function-use",
        "Do defaults, checks, generated columns and indexes use only Postgres's own functions?",
        "A function in a default or check runs on every row, as whoever writes it.",
        catalog!(
            "select pg_describe_object(o.class, o.id, 0) as object,
                    (select 'uses ' || min(d.refobjid::regprocedure::text) from pg_depend d
                     where d.classid = o.class and d.objid = o.id and d.refclassid = 'pg_proc'::regclass
                       and (d.refobjid >= 16384 or exists (select from pg_proc p join ours n on n.oid = p.pronamespace where p.oid = d.refobjid))) as fault
             from (
               select 'pg_attrdef'::regclass as class, d.oid as id from pg_attrdef d
                 join pg_class c on c.oid = d.adrelid join ours n on n.oid = c.relnamespace
               union all
               select 'pg_constraint'::regclass, c.oid from pg_constraint c join ours n on n.oid = c.connamespace
               union all
               select 'pg_class'::regclass, c.oid from pg_class c join ours n on n.oid = c.relnamespace where c.relkind = 'i') o"
        ),
    ),
];
