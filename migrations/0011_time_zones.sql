-- The zone that times are written in: the organization's, unless a person has one of their own. Names are IANA's; '' is none.
alter table identity.organizations add column time_zone text collate "C" not null default 'UTC';
alter table identity.organizations add constraint organizations_time_zone_length check (length(time_zone) between 1 and 64);
alter table identity.users add column time_zone text collate "C" not null default '';
alter table identity.users add constraint users_time_zone_length check (length(time_zone) <= 64);

-- Raised by every change of what people decide about an organization: a save that started from an older one is refused.
alter table identity.organizations add column revision bigint not null default 1;

-- The current organization, as its members see it.
create function identity.organization()
  returns table (name text, color text, time_zone text, revision bigint, created_at timestamptz)
  language sql stable security definer rows 1 set search_path = ''
  as $$ select o.name, o.color, o.time_zone, o.revision, o.created_at
        from identity.organizations o where o.id = app.current_org() and o.deleted_at is null $$;

-- Changes the current organization if it is still what the change started from, and answers what it was before.
create function identity.update_organization(started_from bigint, new_name text, new_color text, new_time_zone text)
  returns table (name text, color text, time_zone text, revision bigint)
  language plpgsql volatile security definer set search_path = ''
  as $$
  declare
    before identity.organizations;
  begin
    select o.* into before from identity.organizations o
      where o.id = app.current_org() and o.deleted_at is null for update;
    if not found then
      return;
    end if;
    if before.revision = started_from then
      update identity.organizations o
        set name = new_name, color = new_color, time_zone = new_time_zone, revision = o.revision + 1
        where o.id = before.id;
    end if;
    return query select before.name, before.color, before.time_zone, before.revision;
  end $$;

revoke execute on function identity.organization(), identity.update_organization(bigint, text, text, text) from public;
grant execute on function identity.organization(), identity.update_organization(bigint, text, text, text) to switchboard_app;

call ops.hand_over();
