-- A backup holds the journal of migrations too, or what is restored would be migrated from the beginning. Whoever applies these
-- files by hand keeps none.
do $$
begin
  if to_regclass('migrations._sqlx_migrations') is not null then
    grant select on migrations._sqlx_migrations to switchboard_backup;
  end if;
end $$;

set local role switchboard_owner;

grant usage on schema migrations to switchboard_backup;

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 5::bigint $$;

reset role;
