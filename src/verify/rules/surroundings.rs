//! Does nothing around the tables carry rows out of them, and is the server one that keeps its word?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "surroundings",
    remedy: "Remove it, or move it into a database of its own.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "extension",
        "Are there no extensions but plpgsql?",
        "An extension brings functions, some of which read files, other databases or other sessions' statements.",
        catalog!(
            "select e.extname::text as object, case when e.extname <> 'plpgsql' then 'is installed' end as fault from pg_extension e"
        ),
    ),
    rule(
        "language",
        "Are functions written in SQL and PL/pgSQL only?",
        "An untrusted language does whatever the server process may.",
        catalog!(
            "select l.lanname::text as object,
                    case when l.lanname not in ('internal', 'c', 'sql', 'plpgsql') then 'is installed'
                         when l.lanname in ('internal', 'c') and l.lanpltrusted then 'is open to everyone' end as fault
             from pg_language l"
        ),
    ),
    rule(
        "definition",
        "Does nobody define types, casts or operators of their own?",
        "An operator found first on somebody's search path decides what = means.",
        catalog!(
            "select pg_describe_object(o.class, o.id, 0) as object, 'is not Postgres''s own' as fault
             from (
               select 'pg_operator'::regclass as class, oid as id from pg_operator
               union all select 'pg_cast'::regclass, oid from pg_cast
               union all select 'pg_opclass'::regclass, oid from pg_opclass
               union all select 'pg_collation'::regclass, oid from pg_collation where collnamespace <> 'pg_catalog'::regnamespace
               union all select 'pg_type'::regclass, oid from pg_type where typtype in ('b', 'd', 'e', 'r', 'm') and typcategory <> 'A') o
             where o.id >= 16384"
        ),
    )
    .optional(),
    rule(
        "publication",
        "Does nothing stream changes out of the database?",
        "Logical replication sends the rows of every organization, whatever the policies say.",
        catalog!(
            "select 'publication ' || p.pubname as object, 'streams changes' as fault from pg_publication p
             union all
             select 'slot ' || s.slot_name, 'keeps changes to be streamed' from pg_replication_slots s where s.database = current_database()
             union all
             select 'subscription ' || s.subname, 'writes past row security' from pg_subscription s
             where s.subdbid = (select oid from pg_database where datname = current_database())"
        ),
    )
    .optional(),
    rule(
        "foreign-server",
        "Does no foreign data wrapper lead to another server?",
        "Another server does not know our policies, and may be our own under another role.",
        catalog!(
            "select 'wrapper ' || w.fdwname as object, 'is installed' as fault from pg_foreign_data_wrapper w
             union all select 'server ' || s.srvname, 'is defined' from pg_foreign_server s"
        ),
    )
    .optional(),
    rule(
        "event-trigger",
        "Does nothing run when the schema changes?",
        "An event trigger runs with the rights of whoever migrates.",
        catalog!("select e.evtname::text as object, 'runs ' || e.evtfoid::regprocedure as fault from pg_event_trigger e"),
    )
    .optional(),
    rule(
        "server-setting",
        "Do the server's settings leave triggers, privileges and strings as they should be?",
        "With session_replication_role = replica foreign keys sleep; with lo_compat_privileges large objects are open.",
        catalog!(
            "select w.name as object,
                    case when s.setting is null then 'is unknown'
                         when s.setting <> w.value then 'is ' || s.setting || ' instead of ' || w.value end as fault
             from (values ('session_replication_role', 'origin'), ('lo_compat_privileges', 'off'), ('allow_system_table_mods', 'off'),
                          ('standard_conforming_strings', 'on'), ('transform_null_equals', 'off'), ('ignore_system_indexes', 'off'))
               as w(name, value) left join pg_settings s on s.name = w.name
             union all
             select 'app.org_id', case when coalesce(current_setting('app.org_id', true), '') <> ''
               then 'is ' || current_setting('app.org_id', true) || ' before anyone has set it' end
             union all
             select 'app.user_id', case when coalesce(current_setting('app.user_id', true), '') <> ''
               then 'is ' || current_setting('app.user_id', true) || ' before anyone has set it' end"
        ),
    ),
    rule(
        "server-version",
        "Has the server the known fixes of row security?",
        "Before 15.14, 16.10 and 17.6 planner statistics could show values of hidden rows (CVE-2025-8713), and earlier ones reused plans across roles.",
        catalog!(
            "select 'PostgreSQL ' || current_setting('server_version') as object,
                    case when v.number < 150000 then 'is too old: ON DELETE SET NULL with columns needs 15'
                         when v.number < 150014 or v.number between 160000 and 160009 or v.number between 170000 and 170005
                         then 'lacks fixes: bring it to the newest minor version' end as fault
             from (select current_setting('server_version_num')::int as number) v"
        ),
    )
    .advice(),
];
