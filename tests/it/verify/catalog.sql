--- Faults of the catalog.
--- Each is `-- rule: what somebody did` and the statements that do it, run as the superuser.
-- schema-known: a schema of somebody else's
create schema backstage;
-- schema-known: a schema of a login's
alter schema ops owner to switchboard_worker;
-- schema-known: a schema gone
drop schema ops cascade;
-- table-known: a table nobody listed
create table identity.stash (it text);
-- table-known: a table in public
create table public.scratch as select * from app.agents;
-- table-known: a table gone
drop table app.call_events;
-- relation-kind: a view
create view app.everyone as select * from app.agents;
-- relation-kind: a view that asks as its caller
create view app.everyone with (security_invoker) as select * from app.agents;
-- relation-kind: a materialized view
create materialized view ops.everyone as select * from app.agents;
-- relation-kind: a table that inherits
create table app.old_calls () inherits (app.calls);
-- relation-kind: a partitioned table
create table app.days (org_id text not null, day date not null) partition by range (day);
-- relation-kind: a sequence
create sequence app.count;
-- relation-kind: a table forgotten in a crash
alter table app.call_events set unlogged;
-- key-column: a table without a key
create table app.notes (id uuid primary key);
-- key-column: a key that may be null
alter table app.call_events drop constraint call_events_pkey;
alter table app.call_events alter org_id drop not null;
-- key-column: a billing table by its client alone
alter table app.audit_log drop column org_id cascade;
-- key-column: a key of another type
create table app.notes (org_id uuid not null, id uuid, primary key (org_id, id));
-- key-column: a key in another collation
create table app.notes (org_id text not null, id uuid, primary key (org_id, id));
-- key-column: a key that fills itself in
alter table app.agents alter org_id set default 'org_first';
-- row-security: a new table without protection
create table app.notes (org_id text collate "C" not null references app.clients (org_id), id uuid, primary key (org_id, id));
-- row-security: row security switched off
alter table app.calls disable row level security;
-- row-security: row security that spares the owner
alter table app.users no force row level security;
-- column-type: an enum
create type app.mood as enum ('good', 'bad');
alter table app.calls add mood app.mood;
-- column-type: money as numeric
alter table app.calls add price numeric;
-- policy-door: no door
drop policy org_isolation on app.agents;
-- policy-door: a look-alike
alter policy org_isolation on app.agents using (org_id = org_id) with check (org_id = org_id);
-- policy-door: a door open to all
alter policy org_isolation on app.call_messages using (true);
-- policy-door: a door that writes anything
alter policy org_isolation on app.call_messages with check (true);
-- policy-door: a door that asks in a select
alter policy org_isolation on app.calls using (org_id = (select app.current_org()));
-- policy-door: a door with a back door
alter policy org_isolation on app.calls using (org_id = app.current_org() or current_setting('app.bypass', true) = 'on');
-- policy-door: a door for reading only
drop policy org_isolation on app.calls;
create policy org_isolation on app.calls for select to switchboard_app, switchboard_worker using (org_id = app.current_org());
-- policy-door: a door for everyone
alter policy org_isolation on app.audit_log to public;
-- policy-door: the client where the organization belongs
alter policy org_isolation on app.audit_log using (client_id::text = app.current_org());
-- policy-wall: no wall
drop policy org_wall on app.api_keys;
-- policy-wall: a wall for some
alter policy org_wall on app.calls to switchboard_app;
-- policy-wall: a wall with a hole
alter policy org_wall on app.calls using (true);
-- policy-wall: a wall that lets writes through
alter policy org_wall on app.calls with check (true);
-- policy-wall: a wall that is a door
drop policy org_wall on app.calls;
create policy org_wall on app.calls using (org_id = app.current_org()) with check (org_id = app.current_org());
-- policy-wall: a queue without its wall
drop policy org_wall on app.provider_links;
-- policy-queue: a queue open to the app
alter policy queue_claim on app.provider_links to switchboard_app, switchboard_worker;
-- policy-queue: a queue nobody can claim
drop policy queue_claim on app.provider_links;
-- policy-extra: one more policy
create policy support on app.calls to switchboard_app using (true);
-- policy-extra: a queue of something else
create policy queue_claim on app.calls to switchboard_worker using (true) with check (true);
-- policy-extra: a policy where there is no organization
create policy org_isolation on identity.users using (true);
-- key-primary: an id unique for all
alter table app.call_events drop constraint call_events_pkey, add primary key (id);
-- key-primary: the key in second place
alter table app.call_events drop constraint call_events_pkey, add primary key (id, org_id);
-- key-primary: no primary key
alter table app.audit_log drop constraint audit_log_pkey;
-- key-unique: a value unique for all
create unique index on app.agents (provider_id);
-- key-unique: a value unique for all where not null
create unique index on app.calls (provider_id) where provider_id is not null;
-- key-unique: an exclusion for all
alter table app.agents add exclude using btree (provider_id with =);
-- key-unique: a client's number kept where the others' are not seen
alter table app.clients add constraint clients_number unique (id);
-- client-one: a number of two organizations
alter table identity.organizations drop constraint organizations_client_unique;
-- client-one: two clients of an organization
alter table app.clients drop constraint clients_pkey cascade, add constraint clients_pkey primary key (org_id, id);
-- key-anchored: an organization that need not exist
alter table app.reports drop constraint reports_org_fk;
-- key-anchored: a client that need not exist
alter table app.audit_log drop constraint audit_log_client_fk;
-- key-random: a counter
alter table app.agents add number bigint generated always as identity;
-- key-random: a serial
alter table app.calls add number bigserial;
-- foreign-key-inside: a foreign key without the organization
create unique index agents_id on app.agents (id);
alter table app.call_events add foreign key (id) references app.agents (id);
-- foreign-key-inside: a foreign key that leaves
alter table app.agents add foreign key (updated_by) references identity.users (id);
-- foreign-key-inside: a foreign key from outside
alter table identity.sessions add foreign key (org_id) references app.clients (org_id);
-- foreign-key-inside: a foreign key by the client's number
create unique index clients_number on app.clients (id);
alter table app.users add constraint users_number_fk foreign key (client_id) references app.clients (id);
-- foreign-key-queue: a queue whose organization must be there
alter table app.provider_links add constraint provider_links_org_fk foreign key (org_id) references app.clients (org_id) on delete cascade;
-- foreign-key-queue: a row that names a place in a queue
alter table app.agents add column link_kind text collate "C" not null default 'agent',
  add constraint agents_link_fk foreign key (org_id, link_kind, id) references app.provider_links (org_id, kind, object_id);
-- foreign-key-inside: a foreign key with the organization last
alter table app.calls drop constraint calls_agent_fk, add foreign key (agent_id, org_id) references app.agents (id, org_id);
-- foreign-key-action: a row left without an organization
alter table app.calls drop constraint calls_agent_fk, add foreign key (org_id, agent_id) references app.agents (org_id, id) on delete set null;
-- foreign-key-action: a row that loses one column by itself
alter table app.calls drop constraint calls_agent_fk, add constraint calls_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id) on delete set null (agent_id);
-- foreign-key-action: a row that falls back
alter table app.calls drop constraint calls_agent_fk, add constraint calls_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id) on delete set default (agent_id);
-- foreign-key-action: a row that follows into another organization
alter table app.reports drop constraint reports_org_fk, add constraint reports_org_fk foreign key (org_id) references app.clients (org_id) on update cascade;
-- foreign-key-enforced: triggers asleep
alter table app.call_messages disable trigger all;
-- constraint-valid: a foreign key never checked
alter table app.calls drop constraint calls_agent_fk, add foreign key (org_id, agent_id) references app.agents (org_id, id) not valid;
-- constraint-valid: a check never checked
alter table app.clients add check (name <> 'x') not valid;
-- index-valid: an index left half done
update pg_index set indisvalid = false where indexrelid = 'app.calls_page'::regclass;
-- index-usable: an index on jsonb
create index on app.agents (org_id, variables);
-- index-usable: an index on tags
create index on app.agents using gin (tags);
-- index-plain: an index on lower()
create index on app.agents (org_id, lower(description));
-- trigger-immutable: no trigger
drop trigger org_immutable on app.agents;
-- trigger-immutable: a trigger asleep
alter table app.agents disable trigger org_immutable;
-- trigger-immutable: a trigger that replicas skip
alter table app.agents enable trigger org_immutable;
-- trigger-immutable: a trigger on another column
drop trigger org_immutable on app.agents;
create trigger org_immutable before update of id on app.agents for each row execute function app.forbid_org_change();
alter table app.agents enable always trigger org_immutable;
-- trigger-immutable: a trigger with an exception
drop trigger org_immutable on app.agents;
create trigger org_immutable before update of org_id on app.agents for each row when (old.org_id is distinct from new.org_id and new.org_id <> 'org_x') execute function app.forbid_org_change();
alter table app.agents enable always trigger org_immutable;
-- trigger-immutable: a trigger after the fact
drop trigger org_immutable on app.agents;
create trigger org_immutable after update of org_id on app.agents for each row when (old.org_id is distinct from new.org_id) execute function identity.notify_members();
alter table app.agents enable always trigger org_immutable;
-- trigger-extra: a trigger that writes the key
create function app.adopt() returns trigger language plpgsql as 'begin new.org_id := ''org_x''; return new; end'; create trigger adopt before insert on app.agents for each row execute function app.adopt();
-- trigger-extra: a trigger that tells somebody else
create function app.tell() returns trigger language plpgsql as 'begin return null; end'; create trigger tell after insert on app.agents for each row execute function app.tell();
-- trigger-extra: a trigger that rings for a table of organizations
create trigger notify after insert on app.agents for each row execute function identity.notify_members();
-- trigger-extra: a trigger before a change of members
create trigger early before insert on identity.memberships for each row execute function identity.notify_members();
-- trigger-notify: a bell on a table of organizations
create trigger notify after insert on app.agents for each row execute function identity.notify_members();
-- trigger-notify: a bell of one's own
create function app.tell() returns trigger language plpgsql as 'begin notify switchboard; return null; end'; create trigger tell after insert on app.calls for each row execute function app.tell();
-- trigger-extra: a trigger on a person
create trigger announce after insert on identity.users for each row execute function identity.notify_members();
-- rewrite-rule: a rule
create rule copy as on insert to app.agents do also notify copied;
-- grant-tenant: TRUNCATE
grant truncate on app.calls to switchboard_app;
-- grant-tenant: UPDATE of whole rows
grant update on app.calls to switchboard_worker;
-- grant-tenant: REFERENCES of one column
grant references (org_id) on app.clients to switchboard_app;
-- grant-tenant: TRIGGER
grant trigger on app.agents to switchboard_app;
-- grant-key: UPDATE of the key
grant update (org_id) on app.agents to switchboard_app;
-- grant-key: UPDATE of the client
grant update (client_id) on app.api_keys to switchboard_worker;
-- grant-key: UPDATE of an id
grant update (id) on app.clients to switchboard_app;
-- grant-once: a ledger that can be corrected
grant update (amount_micros) on app.credit_transactions to switchboard_worker;
-- grant-once: a log that can be emptied
grant delete on app.audit_log to switchboard_app;
-- grant-once: clients that can go
grant delete on app.clients to switchboard_app;
-- grant-elsewhere: the app among people
grant select on identity.users to switchboard_app;
-- grant-elsewhere: the app at one column of people
grant select (email) on identity.users to switchboard_app;
-- grant-elsewhere: the app in the inbox
grant usage on schema ops to switchboard_app;
grant select on ops.inbox to switchboard_app;
-- grant-elsewhere: the app among jobs
grant select on ops.jobs to switchboard_app;
-- grant-elsewhere: identity among jobs
grant insert on ops.jobs to switchboard_identity;
-- function-caller: the app for whom it likes
grant execute on function ops.enqueue(uuid, text, text, jsonb, text, double precision) to switchboard_app;
-- grant-elsewhere: the worker among secrets
grant select on identity.api_key_secrets to switchboard_worker;
-- grant-elsewhere: identity among rows
grant select on app.calls to switchboard_identity;
-- grant-elsewhere: the backup with a pen
grant insert on app.calls to switchboard_backup;
-- grant-elsewhere: everyone among people
grant select on identity.users to public;
-- grant-stranger: rows for everyone
grant select on app.agents to public;
-- grant-stranger: a column for a stranger
create role stranger;
grant select (name) on app.agents to stranger;
-- grant-stranger: a grant to be passed on
grant select on app.agents to switchboard_app with grant option;
-- grant-stranger: a function for everyone
grant execute on function identity.current_role() to public;
-- grant-stranger: a schema for everyone
grant usage on schema identity to public;
-- grant-schema: a place to create
grant create on schema app to switchboard_app;
-- grant-schema: the app in ops
grant usage on schema ops to switchboard_app;
-- grant-schema: public as it used to be
grant all on schema public to public;
-- grant-database: temporary tables
do $$ begin execute format('grant temp on database %I to public', current_database()); end $$;
-- grant-database: schemas of one's own
do $$ begin execute format('grant create on database %I to switchboard_app', current_database()); end $$;
-- grant-database: a database of the worker's
do $$ begin execute format('alter database %I owner to switchboard_worker', current_database()); end $$;
-- grant-default: tables born open
alter default privileges for role switchboard_owner in schema app grant select on tables to switchboard_app;
-- grant-default: functions born open
alter default privileges for role switchboard_owner grant execute on functions to public;
-- grant-default: the warden's functions born open
alter default privileges for role switchboard_warden grant execute on functions to public;
-- grant-parameter: triggers that can be put to sleep
grant set on parameter session_replication_role to switchboard_app;
-- peek-relation: other sessions' statements
grant select on pg_stat_activity to public;
-- peek-relation: password hashes
grant select on pg_authid to switchboard_identity;
-- peek-function: the function behind the view
grant execute on function pg_stat_get_activity(integer) to public;
-- peek-function: the other function behind the view
grant execute on function pg_stat_get_backend_activity(integer) to switchboard_app;
-- peek-function: large objects
grant execute on function lo_create(oid) to switchboard_worker;
-- peek-function: files of the server
grant execute on function pg_read_file(text) to switchboard_app;
-- peek-function: an expression that says which organization it is
grant execute on function set_config(text, text, boolean) to public;
-- large-object: a large object
select lo_create(0);
-- role-attributes: the app as superuser
alter role switchboard_app superuser;
-- role-attributes: the worker past row security
alter role switchboard_worker bypassrls;
-- role-attributes: an app that makes roles
alter role switchboard_app createrole;
-- role-attributes: an owner that logs in
alter role switchboard_owner login;
-- role-attributes: an identity that replicates
alter role switchboard_identity replication;
-- role-attributes: an app that inherits
alter role switchboard_app inherit;
-- role-attributes: a warden that row security binds
alter role switchboard_warden nobypassrls;
-- role-attributes: a role gone
alter role switchboard_backup rename to somebody;
-- role-member: the app in the owner's place
grant switchboard_owner to switchboard_app;
-- role-member: the app through another role
create role middle;
grant switchboard_owner to middle;
grant middle to switchboard_app;
-- role-member: the worker as a reader of everything
grant pg_read_all_data to switchboard_worker;
-- role-member: a stranger as the warden
create role stranger login;
grant switchboard_warden to stranger;
-- role-setting: an organization by default
do $$ begin execute format('alter role switchboard_app in database %I set app.org_id = ''org_x''', current_database()); end $$;
-- role-setting: another search path
do $$ begin execute format('alter database %I set search_path = public', current_database()); end $$;
-- role-setting: triggers asleep for everyone
alter role switchboard_worker set session_replication_role = replica;
-- role-setting: a warden whose checks may be vacuous
alter role switchboard_warden reset row_security;
-- owner-object: a table of the warden's
alter table app.agents owner to switchboard_warden;
-- owner-object: a journal of the warden's
alter table migrations._sqlx_migrations owner to switchboard_warden;
-- owner-object: a function of the superuser's
alter function identity.current_role() owner to current_user;
-- owner-login: a table of the app's
alter table app.agents owner to switchboard_app;
-- owner-login: a schema of identity's
create schema mine authorization switchboard_identity;
-- function-known: a function nobody reviewed
create function app.total() returns bigint language sql as 'select 1::bigint';
-- function-known: the same name with another argument
create function app.current_org(hint text) returns text language sql as 'select hint';
-- function-known: a function among Postgres's own
create function pg_catalog.visible(text) returns boolean language sql as 'select true';
-- function-known: a function gone
drop function identity.notify_members() cascade;
-- function-source: an organization to fall back on
create or replace function app.current_org() returns text language sql stable parallel safe as $$ select coalesce(nullif(current_setting('app.org_id', true), ''), 'org_x') $$;
-- function-source: an organization read past row security
alter function app.current_org() security definer;
-- function-source: a refusal that only warns
create or replace function app.forbid_org_change() returns trigger language plpgsql as $$ begin raise warning 'org_id is immutable'; return new; end $$;
-- function-source: standing for anybody
create or replace function identity.current_role() returns text language sql stable security definer set search_path = '' as $$ select 'owner' $$;
-- function-source: a version that is more than a number
create or replace function app.schema_version() returns bigint language plpgsql stable security definer set search_path = '' as $$ begin return (select count(*) from app.agents); end $$;
-- function-source: a function that may not leak, it says
alter function app.current_person() leakproof;
-- function-definer: a function with its owner's rights
create function app.peek() returns bigint language sql security definer set search_path = '' as 'select count(*) from app.agents';
-- function-definer: a function that searches its caller's path
alter function identity.current_role() reset search_path;
-- function-definer: a function with the warden's rights
alter function identity.org_members() owner to switchboard_warden;
-- function-caller: the worker among colleagues
grant execute on function identity.org_members() to switchboard_worker;
-- function-caller: an app that protects
grant execute on procedure ops.protect(regclass, text[]) to switchboard_app;
-- function-use: a default with code in it
create function app.hint() returns text language sql as 'select current_query()'; alter table app.agents alter description set default app.hint();
-- function-use: a check with code in it
create function app.fine(text) returns boolean language sql immutable as 'select true'; alter table app.agents add check (app.fine(name));
-- extension: an extension
update pg_extension set extname = 'dblink';
-- language: another language
create trusted language another handler plpgsql_call_handler;
-- language: a language open to everyone
update pg_language set lanpltrusted = true where lanname = 'c';
-- definition: a domain
create domain app.words as text;
-- definition: an operator
create function public.same(text, text) returns boolean language sql as 'select true'; create operator public.= (leftarg = text, rightarg = text, function = public.same);
-- definition: a cast
create cast (text as uuid) with inout as implicit;
-- publication: a stream of changes
create publication everything for all tables;
-- foreign-server: a way to another server
create foreign data wrapper tunnel;
create server far foreign data wrapper tunnel;
-- foreign-server: a foreign table
create foreign data wrapper tunnel;
create server far foreign data wrapper tunnel;
create foreign table app.elsewhere (org_id text) server far;
-- event-trigger: something that runs on DDL
create function public.watch() returns event_trigger language plpgsql as 'begin end'; create event trigger watch on ddl_command_end execute function public.watch();
-- server-setting: triggers asleep
set local session_replication_role = replica;
-- server-setting: an organization before anyone asks
set local app.org_id = 'org_x';
-- server-setting: null equal to null
set local transform_null_equals = on;
-- index-key: an index over all organizations
create index calls_recent on app.calls (created_at);
-- policy-plain: a select in the door
alter policy org_isolation on app.calls using (org_id = (select app.current_org())) with check (org_id = (select app.current_org()));
-- policy-plain: a select in what a wall accepts
alter policy org_wall on app.users with check (org_id = (select app.current_org()));
-- policy-plain: a select in a queue
alter policy queue_claim on app.provider_links using ((select true));
-- policy-caller: a function that reads a table for each row
create function app.current_client() returns uuid language sql stable as 'select c.id from app.clients c where c.org_id = app.current_org()';
alter policy org_isolation on app.audit_log using (client_id = app.current_client());
-- constraint-named: a column that comes with a check
alter table app.agents add mood text check (mood <> '');
-- constraint-named: a column that comes with a foreign key
alter table app.call_events add agent_id uuid, add foreign key (org_id, agent_id) references app.agents (org_id, id);
-- constraint-named: two of a kind without names
alter table app.agents add unique (org_id, language, id), add unique (org_id, id, language);
