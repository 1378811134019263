-- A backup holds the journal of migrations too, or what is restored would be migrated from the beginning.
grant select on migrations._sqlx_migrations to switchboard_backup;

set local role switchboard_owner;

grant usage on schema migrations to switchboard_backup;

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 5::bigint $$;

reset role;
