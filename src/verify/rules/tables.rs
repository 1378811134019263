//! Does every table belong where it is, and does every row of it name an organization?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "tables",
    remedy: "List the table in src/verify/expected.rs and call ops.protect for it in its migration, then run this again.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "schema-known",
        "Is every schema one of this program's, and its owner's?",
        "Somebody else's schema may hold copies of rows, or functions that hide ours.",
        catalog!(
            "select coalesce(n.nspname, s.name) as object,
                    case when n.oid is null then 'is missing'
                         when s.name is null then 'is not a schema of this program'
                         when s.name <> 'public' and n.nspowner::regrole::text <> 'switchboard_owner'
                           then 'belongs to ' || n.nspowner::regrole end as fault
             from (select * from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema') n
             full join (values ('app'), ('identity'), ('ops'), ('migrations'), ('public')) as s(name) on s.name = n.nspname"
        ),
    ),
    rule(
        "table-known",
        "Is every table on the list of expected tables, and every listed table there?",
        "A table nobody listed is a table nobody protected on purpose.",
        catalog!(
            "select coalesce(t.schema, l.schema) || '.' || coalesce(t.name, l.name) as object,
                    case when l.name is null then 'is not on the list'
                         when t.name is null then 'is on the list and does not exist' end as fault
             from (select n.name as schema, c.relname::text as name
                   from pg_class c join ours n on n.oid = c.relnamespace where c.relkind in ('r', 'p')) t
             full join listed l on l.schema = t.schema and l.name = t.name"
        ),
    ),
    rule(
        "relation-kind",
        "Is everything that holds or shows rows a plain table?",
        "Views, materialized views, foreign tables and partitions show rows past the policies of the table; sequences count across organizations.",
        catalog!(
            "select c.oid::regclass::text as object,
                    case when c.relkind = 'v' then 'is a view' when c.relkind = 'm' then 'is a materialized view'
                         when c.relkind = 'f' then 'is a foreign table' when c.relkind = 'S' then 'is a sequence'
                         when c.relkind = 'p' then 'is a partitioned table'
                         when c.relispartition or exists (select from pg_inherits i where i.inhrelid = c.oid)
                           then 'is part of another table'
                         when c.relkind = 'c' then 'is a composite type'
                         when c.relpersistence <> 'p' then 'is not kept after a crash' end as fault
             from pg_class c join ours n on n.oid = c.relnamespace where c.relkind not in ('i', 'I', 't')"
        ),
    ),
    rule(
        "row-security",
        "Is row security on, and forced, for every tenant table?",
        "Without it the policies are only words; unforced, they do not bind the owner.",
        catalog!(
            "select t.name as object,
                    nullif(concat_ws(', ', case when not c.relrowsecurity then 'row security is off' end,
                                           case when not c.relforcerowsecurity then 'row security is not forced' end), '') as fault
             from tenant t join pg_class c on c.oid = t.oid"
        ),
    ),
    rule(
        "column-type",
        "Is every column of a tenant table of a type that row security can search quickly?",
        "Enums, numeric and other types compare with functions that may leak, so their indexes are dead under row security; a type of somebody's own runs somebody's code.",
        catalog!(
            "select t.name || '.' || a.attname as object,
                    case when not format_type(a.atttypid, null) = any (array['text', 'text[]', 'uuid', 'uuid[]', 'bigint', 'integer',
                           'smallint', 'boolean', 'timestamp with time zone', 'date', 'jsonb', 'bytea', 'inet',
                           -- Looked at in rows that were found before; an index on one is refused by index-usable.
                           'tsvector'])
                         then 'is ' || format_type(a.atttypid, null) end as fault
             from tenant t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped"
        ),
    ),
];
