-- A key is found by the whole of it. Found by its short half, one that is there and one that is not would differ by the row
-- that is read, and the clock would tell.
set local role switchboard_owner;

alter table identity.api_key_secrets add constraint api_key_secrets_secret_hash_key unique (secret_hash);

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 4::bigint $$;

reset role;
