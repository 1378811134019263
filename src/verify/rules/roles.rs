//! Is every role what it should be, and can none become more?

use super::{Group, Rule, catalog, rule};

pub(super) const GROUP: Group = Group {
    name: "roles",
    remedy: "Run `switchboard migrate`, which makes the roles as they should be; take away by hand what was added.",
};

pub(super) const RULES: &[Rule] = &[
    rule(
        "role-attributes",
        "Has every role exactly its attributes?",
        "Row security does not bind a superuser or a role that bypasses it; a role that makes roles can make one of those.",
        catalog!(
            "select k.name as object,
                    case when r.oid is null then 'is missing'
                         when a.actual <> k.attributes then 'is ' || a.actual || ' instead of ' || k.attributes end as fault
             from due k left join pg_roles r on r.rolname = k.name
             cross join lateral (select concat_ws(', ',
               case when r.rolcanlogin then 'login' end, case when r.rolinherit then 'inherit' end,
               case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypassrls' end,
               case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end,
               case when r.rolreplication then 'replication' end) as actual) a"
        ),
    ),
    rule(
        "role-member",
        "Is no role a member of another, but the warden of the owner?",
        "A role is everything it can become.",
        // Who may become one of ours: superusers can anyway, and from Postgres 16 on whoever made a role holds it for
        // administration only.
        catalog!(
            "select k.name as object,
                    (select string_agg(case when m.member = r.oid then 'is a member of ' || m.roleid::regrole
                                            else 'can be assumed by ' || m.member::regrole end, ', ')
                     from pg_auth_members m
                     where (m.member = r.oid or m.roleid = r.oid
                              and not (select s.rolsuper from pg_roles s where s.oid = m.member)
                              and not (to_jsonb(m) ->> 'set_option' is not distinct from 'false'
                                       and to_jsonb(m) ->> 'inherit_option' is not distinct from 'false'))
                       and not (m.roleid::regrole::text = 'switchboard_owner' and m.member::regrole::text = 'switchboard_warden')) as fault
             from known k join pg_roles r on r.rolname = k.name"
        ),
    ),
    rule(
        "role-setting",
        "Does no setting follow a role into its sessions, but what it should?",
        "A default organization, search path or row_security would hold for every session that forgets to set its own; the warden without row_security = off would check nothing and find nothing.",
        catalog!(
            "select k.name || ': ' || s.setting as object,
                    case when not exists (select from pg_db_role_setting d where d.setrole::regrole::text = k.name
                           and d.setdatabase = 0 and s.setting = any (d.setconfig)) then 'is missing' end as fault
             from known k cross join lateral unnest(k.settings) as s(setting)
             union all
             select case d.setrole when 0 then 'every role' else d.setrole::regrole::text end || ': ' || s.setting,
                    case when k.name is not null and s.setting = any (k.settings) then null
                         when split_part(s.setting, '=', 1) ~ '^(app\\..*|row_security|session_replication_role|role|search_path|session_authorization|transform_null_equals|standard_conforming_strings|lo_compat_privileges|default_transaction_read_only|(local|session)_preload_libraries)$'
                         then 'should not be set' end
             from pg_db_role_setting d cross join lateral unnest(d.setconfig) as s(setting)
             left join known k on k.name = d.setrole::regrole::text
             where d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
               and (d.setrole = 0 or k.name is not null)"
        ),
    ),
    rule(
        "owner-object",
        "Does everything in our schemas belong to switchboard_owner, which cannot log in?",
        "An owner may switch row security off for its table; a function runs with its owner's rights.",
        catalog!(
            "select o.object, case when o.owner <> 'switchboard_owner' then 'belongs to ' || o.owner end as fault
             from (
               select n.name as schema, c.oid::regclass::text as object, c.relowner::regrole::text as owner
                 from pg_class c join ours n on n.oid = c.relnamespace
               union all
               select n.name, p.oid::regprocedure::text, p.proowner::regrole::text
                 from pg_proc p join ours n on n.oid = p.pronamespace
               union all
               select n.name, format_type(t.oid, null), t.typowner::regrole::text
                 from pg_type t join ours n on n.oid = t.typnamespace) o"
        ),
    ),
    rule(
        "owner-login",
        "Does no role that requests or jobs use own anything at all?",
        "What a role owns it may grant, alter and drop.",
        catalog!(
            "select k.name as object,
                    (select 'owns ' || count(*) || ' things, such as one in ' || min(d.classid::regclass::text)
                     from pg_shdepend d
                     where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o'
                       and d.dbid in (0, (select oid from pg_database where datname = current_database()))
                     having count(*) > 0) as fault
             from known k join pg_roles r on r.rolname = k.name
             where k.name not in ('switchboard_owner', 'switchboard_warden')"
        ),
    ),
];
