//! Can each role do what it needs, and nothing more?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "grants",
    remedy: "Revoke it: what each login may do is in the migrations and in src/db/roles.sql. Find out who granted it.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "grant-tenant",
        "May the app and the worker do no more with a tenant table than read, add, delete and change some columns?",
        "TRUNCATE and foreign keys go past row security; changing whole rows includes changing whose they are.",
        catalog!(
            "select r.name || ' on ' || t.name as object,
                    (select 'may ' || string_agg(p.name, ', ') from unnest(array['UPDATE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p(name)
                     where has_table_privilege(r.name, t.oid, p.name)
                        or p.name = 'REFERENCES' and has_any_column_privilege(r.name, t.oid, p.name)) as fault
             from tenant t cross join known r where r.name in ('switchboard_app', 'switchboard_worker')"
        ),
    ),
    rule(
        "grant-key",
        "May nobody change the columns that say which row it is and whose?",
        "The key and the ids of a row are what everything else trusts.",
        catalog!(
            "select r.name || ' on ' || t.name || '.' || a.attname as object,
                    case when has_column_privilege(r.name, t.oid, a.attnum, 'UPDATE') then 'may change it' end as fault
             from tenant t
             join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
             left join pg_index i on i.indrelid = t.oid and i.indisprimary
             cross join known r
             where r.name in ('switchboard_app', 'switchboard_worker')
               and (a.attnum = t.att or a.attnum = any (i.indkey::int2[]) or a.attname in ('id', 'org_id', 'client_id'))"
        ),
    ),
    rule(
        "grant-once",
        "Are ledgers and logs written once, and clients never deleted?",
        "Whoever can change the ledger or the log can hide what they did.",
        catalog!(
            "select r.name || ' on ' || t.name as object,
                    nullif(concat_ws(', ',
                      case when has_table_privilege(r.name, t.oid, 'DELETE') then 'may delete' end,
                      case when t.mutability = 'append_only' and has_any_column_privilege(r.name, t.oid, 'UPDATE') then 'may change' end), '') as fault
             from tenant t cross join known r
             where t.mutability <> 'mutable' and r.name in ('switchboard_app', 'switchboard_worker')"
        ),
    ),
    rule(
        "grant-elsewhere",
        "Does each role reach only the tables that are its business?",
        "The app role serves everyone's requests: what it can read, one injected statement can read.",
        catalog!(
            "select r.name || ' on ' || c.oid::regclass as object,
                    (select 'may ' || string_agg(p.name, ', ')
                     from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p(name)
                     where case when p.name in ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                             then has_any_column_privilege(r.name, c.oid, p.name)
                             else has_table_privilege(r.name, c.oid, p.name) end
                       and not case r.name
                             when 'switchboard_backup' then p.name = 'SELECT'
                             when 'switchboard_identity' then n.name = 'identity' and p.name in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
                             when 'switchboard_worker' then n.name = 'app' and l.name is not null
                               or n.name = 'ops' and c.relname in ('inbox', 'jobs', 'schedules') and p.name in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
                             when 'switchboard_app' then n.name = 'app' and l.name is not null
                             else false end) as fault
             from pg_class c join ours n on n.oid = c.relnamespace
             left join listed l on l.schema = n.name and l.name = c.relname
             cross join known r
             where c.relkind in ('r', 'p', 'v', 'm', 'f') and r.name not in ('switchboard_owner', 'switchboard_warden')"
        ),
    ),
    rule(
        "grant-stranger",
        "Is every grant in our schemas to a role of this program, and not to be passed on?",
        "A grant to PUBLIC is a grant to every role there will ever be.",
        catalog!(
            "select g.object || ' to ' || case g.grantee when 0 then 'PUBLIC' else g.grantee::regrole::text end || ': ' || g.privilege_type as object,
                    case when g.grantee = 0 then 'is for everyone'
                         when k.name is null then 'is for a stranger'
                         when g.is_grantable and k.name not in ('switchboard_owner', 'switchboard_warden') then 'may be passed on'
                         when g.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE', 'EXECUTE')
                           and k.name not in ('switchboard_owner', 'switchboard_warden', 'pg_database_owner') then 'is never needed' end as fault
             from (
               select c.oid::regclass::text as object, x.* from pg_class c join ours n on n.oid = c.relnamespace
                 cross join lateral aclexplode(c.relacl) x
               union all
               select c.oid::regclass || '.' || a.attname, x.* from pg_class c join ours n on n.oid = c.relnamespace
                 join pg_attribute a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) x
               union all
               select p.oid::regprocedure::text, x.* from pg_proc p join ours n on n.oid = p.pronamespace
                 cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
               union all
               select 'schema ' || n.name, x.* from ours n cross join lateral aclexplode(n.nspacl) x) g
             left join (select name from known union all select 'pg_database_owner') k on k.name = g.grantee::regrole::text"
        ),
    ),
    rule(
        "grant-schema",
        "Does each role see only its schemas, and create in none?",
        "Whoever creates in a schema can put a function or table of their own in the way of ours.",
        catalog!(
            "select r.name || ' on schema ' || n.name as object,
                    nullif(concat_ws(', ',
                      case when has_schema_privilege(r.name, n.oid, 'CREATE') then 'may create' end,
                      case when n.name <> all (r.schemas) and has_schema_privilege(r.name, n.oid, 'USAGE') then 'may look inside' end), '') as fault
             from ours n cross join known r where r.name not in ('switchboard_owner', 'switchboard_warden')"
        ),
    ),
    rule(
        "grant-database",
        "May roles only connect to the database, and strangers not even that?",
        "Temporary tables, and schemas of one's own, are places to prepare an attack; a stranger's connection is its beginning.",
        catalog!(
            "select case x.grantee when 0 then 'PUBLIC' else x.grantee::regrole::text end || ': ' || x.privilege_type as object,
                    case when x.grantee = d.datdba and d.datdba::regrole::text in ('switchboard_app', 'switchboard_worker',
                           'switchboard_identity', 'switchboard_backup') then 'owns the database'
                         when x.grantee = d.datdba then null
                         when k.name is null then 'is for somebody else'
                         when x.privilege_type = 'CONNECT' then null
                         when x.privilege_type = 'CREATE' and k.name = 'switchboard_owner' then null
                         else 'is too much' end as fault
             from pg_database d cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
             left join known k on k.name = x.grantee::regrole::text
             where d.datname = current_database()"
        ),
    ),
    rule(
        "grant-default",
        "Will what is created next be granted to nobody by itself?",
        "A default grant opens tables nobody has written yet; by Postgres's own default everyone may run every new function.",
        catalog!(
            "select 'functions of ' || k.name as object,
                    case when not exists (select from pg_default_acl d where d.defaclrole::regrole::text = k.name
                           and d.defaclobjtype = 'f' and d.defaclnamespace = 0)
                         then 'are born with EXECUTE for everyone' end as fault
             from known k where k.name in ('switchboard_owner', 'switchboard_warden')
             union all
             select 'default for ' || case x.grantee when 0 then 'PUBLIC' else x.grantee::regrole::text end,
                    case when x.grantee <> d.defaclrole then 'grants ' || x.privilege_type end
             from pg_default_acl d cross join lateral aclexplode(d.defaclacl) x"
        ),
    ),
    rule(
        "grant-parameter",
        "May no role of the program change settings of the server?",
        "With session_replication_role a role switches triggers and foreign keys off for itself.",
        catalog!(
            "select r.name || ' on ' || p.name as object,
                    case when has_parameter_privilege(r.name, p.name, 'SET, ALTER SYSTEM') then 'may set it' end as fault
             from (select 'session_replication_role' as name union select parname from pg_parameter_acl) p
             cross join known r where r.name <> 'switchboard_owner'"
        ),
    ),
    rule(
        "peek-relation",
        "Do the catalogs that show other sessions and their data stay closed?",
        "All organizations share one role, and a role may see the SQL text of its own other sessions, values and all.",
        catalog!(
            "select r.name || ' on ' || c.relname as object,
                    case when has_any_column_privilege(r.name, c.oid, 'SELECT') then 'may read it' end as fault
             from pg_class c cross join known r
             where c.relnamespace = 'pg_catalog'::regnamespace
               and c.relname in ('pg_stat_activity', 'pg_authid', 'pg_shadow', 'pg_statistic', 'pg_statistic_ext_data',
                                 'pg_largeobject', 'pg_user_mapping', 'pg_hba_file_rules', 'pg_file_settings')
               and r.name in ('switchboard_app', 'switchboard_worker', 'switchboard_identity')"
        ),
    ),
    rule(
        "peek-function",
        "Do the functions that show other sessions, keep rows outside tables or read files stay closed?",
        "A view that is closed is no use while the function behind it is open; a large object has no organization.",
        catalog!(
            "select r.name || ' on ' || p.oid::regprocedure as object,
                    case when has_function_privilege(r.name, p.oid, 'EXECUTE') then 'may call it' end as fault
             from pg_proc p cross join known r
             where p.pronamespace = 'pg_catalog'::regnamespace
               and p.proname in ('pg_stat_get_activity', 'pg_stat_get_backend_activity', 'lo_create', 'lo_creat', 'lo_from_bytea',
                                 'lo_import', 'lo_export', 'pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file',
                                 'pg_show_all_file_settings', 'pg_reload_conf', 'set_config')
               and r.name in ('switchboard_app', 'switchboard_worker', 'switchboard_identity')"
        ),
    ),
    rule(
        "large-object",
        "Are there no large objects?",
        "A large object belongs to a role, not to an organization.",
        catalog!(
            "select 'large object ' || m.oid as object, 'belongs to ' || m.lomowner::regrole as fault
             from pg_largeobject_metadata m"
        ),
    )
    .optional(),
];
