-- An organization keeps its owner, if it has one: those of an outside identity provider have admins alone. And a change
-- made here is newer than all that was said before, whatever the provider's clock shows.
set local role switchboard_owner;

create or replace function identity.set_role(person text, new_role text) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$
  declare
    owned boolean;
  begin
    perform from identity.organizations o where o.id = app.current_org() for update;
    owned := exists (select from identity.memberships m
      where m.org_id = app.current_org() and m.role = 'owner' and m.removed_at is null);
    update identity.memberships m set stated_at = greatest(now(), m.stated_at + interval '1 millisecond'),
        role = coalesce(new_role, m.role), removed_at = case when new_role is null then now() end
      where m.org_id = app.current_org() and m.user_id = person and m.removed_at is null;
    if owned and not exists (select from identity.memberships m
        where m.org_id = app.current_org() and m.role = 'owner' and m.removed_at is null) then
      raise exception 'an organization keeps an owner' using errcode = '23514', constraint = 'memberships_last_owner';
    end if;
    if new_role is null then
      update identity.sessions s set org_id = null where s.org_id = app.current_org() and s.user_id = person;
    end if;
  end $$;

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 2::bigint $$;

reset role;
