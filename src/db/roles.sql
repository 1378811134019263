-- The roles and schemas of one Switchboard database. Run by whoever administers the server, before every migration;
-- repeating it changes nothing. What each role may do on each table is in the migrations.
--
--   switchboard_owner     owns every object, cannot log in
--   switchboard_app       requests of people and keys, inside one organization
--   switchboard_worker    queues across organizations, tenant rows inside one
--   switchboard_identity  people, sessions, memberships: who is asking, before an organization is known
--   switchboard_warden    migrations and verification, sees through row security
--   switchboard_backup    reads everything, writes nothing
do $$
declare
  login record;
begin
  if not exists (select from pg_roles where rolname = 'switchboard_owner') then
    create role switchboard_owner nologin nosuperuser nobypassrls nocreaterole nocreatedb noreplication;
  end if;
  for login in select * from (values
    ('switchboard_app', 'noinherit nobypassrls'), ('switchboard_worker', 'noinherit nobypassrls'),
    ('switchboard_identity', 'noinherit nobypassrls'), ('switchboard_warden', 'inherit bypassrls'),
    ('switchboard_backup', 'noinherit bypassrls')) as r(name, rights)
  loop
    if not exists (select from pg_roles where rolname = login.name) then
      execute format('create role %I login nosuperuser nocreaterole nocreatedb noreplication %s', login.name, login.rights);
    end if;
  end loop;
end $$;
-- Under forced row security an owner's migration matches no rows and reports success; the warden sees them all,
-- and with row_security off anything that would filter is an error instead.
grant switchboard_owner to switchboard_warden;
alter role switchboard_warden set row_security = off;
alter role switchboard_backup set row_security = off;
alter role switchboard_backup set default_transaction_read_only = on;
-- Of the roles, not asked for by their connections: a pooler passes on no settings of a session.
alter role switchboard_app set statement_timeout = '10s';
alter role switchboard_worker set statement_timeout = '60s';
alter role switchboard_identity set statement_timeout = '10s';
alter role switchboard_app set idle_in_transaction_session_timeout = '30s';
alter role switchboard_worker set idle_in_transaction_session_timeout = '30s';
alter role switchboard_identity set idle_in_transaction_session_timeout = '30s';
-- Where Postgres is spread over several servers, each of them notices at every request that it has begun already.
alter role switchboard_app set client_min_messages = error;
alter role switchboard_worker set client_min_messages = error;
alter role switchboard_identity set client_min_messages = error;

do $$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to switchboard_app, switchboard_worker, switchboard_identity, switchboard_warden, switchboard_backup', current_database());
  execute format('grant create on database %I to switchboard_owner', current_database());
end $$;

create schema if not exists app authorization switchboard_owner;
create schema if not exists identity authorization switchboard_owner;
create schema if not exists ops authorization switchboard_owner;
-- Where sqlx keeps its journal of migrations.
create schema if not exists migrations authorization switchboard_owner;
revoke all on schema public from public;

-- Every session of one role may otherwise read the SQL text of its peers, which serve other organizations.
revoke all on pg_catalog.pg_stat_activity from public;
revoke execute on function pg_catalog.pg_stat_get_activity(integer), pg_catalog.pg_stat_get_backend_activity(integer) from public;
revoke execute on function pg_catalog.lo_create(oid), pg_catalog.lo_creat(integer), pg_catalog.lo_from_bytea(oid, bytea) from public;

-- Which organization it is, is said by SET alone, which is a statement of its own: what gets into a statement of the program
-- by a mistake of ours can only be an expression, and must not be able to say it.
revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
grant execute on function pg_catalog.set_config(text, text, boolean) to switchboard_owner, switchboard_warden, switchboard_backup;
