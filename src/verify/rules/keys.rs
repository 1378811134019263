//! Do foreign keys and indexes do what they seem to do, and can they be used under row security?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "keys",
    remedy: "Write a migration that makes the key or the index as the other tables have it, then run this again.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "foreign-key-enforced",
        "Are the triggers behind every foreign key switched on?",
        "A foreign key whose triggers sleep accepts everything and still looks valid.",
        catalog!(
            "select c.conname || ' on ' || g.tgrelid::regclass as object,
                    case when g.tgenabled not in ('O', 'A') then 'is not enforced' end as fault
             from pg_trigger g join pg_constraint c on c.oid = g.tgconstraint
             join pg_class r on r.oid = g.tgrelid join ours n on n.oid = r.relnamespace where g.tgisinternal"
        ),
    ),
    rule(
        "constraint-valid",
        "Has every constraint been checked against every row?",
        "A constraint that is not validated says nothing about the rows from before it.",
        catalog!(
            "select c.conname || ' on ' || c.conrelid::regclass as object,
                    case when not c.convalidated then 'was never validated' end as fault
             from pg_constraint c join ours n on n.oid = c.connamespace where c.conrelid <> 0"
        ),
    ),
    rule(
        "index-valid",
        "Is every index complete?",
        "What CREATE INDEX CONCURRENTLY left half done enforces nothing and is not used.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when not (i.indisvalid and i.indisready and i.indislive) then 'is not valid' end as fault
             from pg_index i join pg_class c on c.oid = i.indrelid join ours n on n.oid = c.relnamespace"
        ),
    ),
    rule(
        "index-usable",
        "Can every index column be searched under row security?",
        "Postgres will not show rows to a function that might leak before the policy has been asked, so such an index is dead.",
        catalog!(
            "select distinct i.indexrelid::regclass || ' (' || a.attname || ')' as object,
                    case when not p.proleakproof then o.oprname || ' of ' || format_type(a.atttypid, null) || ' may leak' end as fault
             from tenant t join pg_index i on i.indrelid = t.oid
             join pg_attribute a on a.attrelid = i.indexrelid and a.attnum between 1 and i.indnkeyatts
             join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
             join pg_opclass oc on oc.oid = (i.indclass::oid[])[a.attnum - 1]
             join pg_amop ao on ao.amopfamily = oc.opcfamily and ao.amoplefttype = oc.opcintype and ao.amoprighttype = oc.opcintype
               and (m.amname not in ('btree', 'hash') or ao.amopstrategy = case m.amname when 'btree' then 3 else 1 end)
             join pg_operator o on o.oid = ao.amopopr join pg_proc p on p.oid = o.oprcode"
        ),
    ),
    rule(
        "index-plain",
        "Is every index of a tenant table on columns, not on expressions?",
        "lower() and its like may leak, so an index on them is dead under row security: keep the value in a generated column.",
        catalog!(
            "select i.indexrelid::regclass::text as object,
                    case when i.indexprs is not null then 'is on ' || pg_get_expr(i.indexprs, i.indrelid) end as fault
             from tenant t join pg_index i on i.indrelid = t.oid"
        ),
    ),
];
