-- Members, keys, the log and the balance ring too, so that pages that show them keep themselves up to date.
set local role switchboard_owner;

-- A row of a billing table names its client and not its organization; such a trigger says `client` after the topic.
create or replace function app.announce() returns trigger language plpgsql as $$
declare
  org text;
begin
  if tg_argv[1] = 'client' then
    select c.org_id into org from app.clients c
      where c.id = case tg_op when 'DELETE' then old.client_id else new.client_id end;
  else
    org := case tg_op when 'DELETE' then old.org_id else new.org_id end;
  end if;
  -- Nothing where the organization goes together with the row.
  perform pg_notify('switchboard', tg_argv[0] || ':' || encode(sha256(convert_to(org, 'UTF8')), 'hex')) where org is not null;
  return null;
end $$;

-- Every visit notes when a member was last here; that alone is nothing to look again for.
create trigger announce after insert or delete on identity.memberships for each row execute function app.announce('members');
create trigger announce_change after update on identity.memberships for each row
  when ((old.role, old.removed_at) is distinct from (new.role, new.removed_at)) execute function app.announce('members');
create trigger announce after insert or update or delete on identity.invitations for each row execute function app.announce('members');
create trigger announce after insert or update or delete on app.api_keys for each row execute function app.announce('api_keys', 'client');
create trigger announce after insert on app.audit_log for each row execute function app.announce('audit', 'client');
create trigger announce after update on app.clients for each row
  when (old.balance_micros is distinct from new.balance_micros) execute function app.announce('credits');

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 6::bigint $$;

reset role;
