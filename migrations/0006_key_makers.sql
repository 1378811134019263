-- Somebody who is or was a member of the current organization: what keys are said to be made by, and what they may do. The role
-- is null for whoever is in it no longer. plpgsql, because its plan is kept: it runs with every request of a key.
create function identity.member(person text) returns table (name text, role text)
  language plpgsql stable security definer rows 1 set search_path = ''
  as $$ begin return query
    select coalesce(nullif(u.name, ''), u.email),
           case when m.removed_at is null and u.disabled_at is null and o.deleted_at is null then m.role end
    from identity.memberships m
      join identity.users u on u.id = m.user_id
      join identity.organizations o on o.id = m.org_id
    where m.org_id = app.current_org() and m.user_id = person;
  end $$;

revoke execute on function identity.member(text) from public;
grant execute on function identity.member(text) to switchboard_app;

call ops.hand_over();
