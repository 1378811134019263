-- With an outside identity provider, members and invitations are changed there first. What is about to happen is written
-- down before the provider is asked, so that neither a crash nor a lost answer leaves the two sides apart.
set local role switchboard_owner;

create table identity.member_intents (
  org_id text collate "C" not null references identity.organizations (id) on delete cascade,
  id uuid not null,
  action text collate "C" not null check (action in ('update', 'delete', 'leave', 'invite', 'revoke')),
  -- The id of the member, or the address that is invited.
  subject text collate "C" not null,
  -- The role to be given; null for whoever goes.
  role text collate "C" check (role in ('owner', 'admin', 'developer', 'operator', 'billing', 'viewer')),
  -- The invitation to be taken back, as the provider names it.
  invitation text collate "C",
  -- What the log will say of it.
  label text not null,
  detail jsonb not null default '{}',
  actor text collate "C" not null,
  actor_kind text collate "C" not null check (actor_kind in ('person', 'api_key', 'system')),
  created_at timestamptz not null default now(),
  -- While this lies ahead, the request that wrote the row is taken to be alive.
  due_at timestamptz not null default now() + interval '2 minutes',
  attempts integer not null default 0,
  constraint member_intents_pkey primary key (org_id, id),
  -- One change of one person or address at a time.
  constraint member_intents_subject_key unique (org_id, subject)
);
create index member_intents_due on identity.member_intents (due_at);

grant select, insert, update, delete on identity.member_intents to switchboard_identity;
grant select on identity.member_intents to switchboard_backup;

-- Writes down a change of the current organization's members that the identity provider is about to be asked for.
create function identity.begin_member_intent(intent uuid, action text, subject text, role text, invitation text, label text,
    detail jsonb, actor text, actor_kind text)
  returns void language sql volatile security definer set search_path = ''
  as $$ insert into identity.member_intents (org_id, id, action, subject, role, invitation, label, detail, actor, actor_kind)
        values (app.current_org(), intent, action, subject, role, invitation, label, detail, actor, actor_kind) $$;

-- Takes over a change that the identity provider has made, and answers what the log has to say of it; nothing, if somebody
-- else has done so. That an organization keeps an owner was seen to before the provider was asked; now it is done there.
create function identity.finish_member_intent(intent uuid)
  returns table (action text, subject text, label text, detail jsonb, actor text, actor_kind text)
  language plpgsql volatile security definer set search_path = ''
  as $$
  declare
    done identity.member_intents;
  begin
    perform from identity.organizations o where o.id = app.current_org() for update;
    delete from identity.member_intents i where i.org_id = app.current_org() and i.id = intent returning i.* into done;
    if not found then
      return;
    end if;
    if done.action in ('update', 'delete', 'leave') then
      update identity.memberships m set stated_at = greatest(done.created_at, m.stated_at + interval '1 millisecond'),
          role = coalesce(done.role, m.role), removed_at = case when done.role is null then now() end
        where m.org_id = done.org_id and m.user_id = done.subject and m.removed_at is null;
    end if;
    if done.action in ('delete', 'leave') then
      update identity.sessions s set org_id = null where s.org_id = done.org_id and s.user_id = done.subject;
    end if;
    return query select done.action, done.subject, done.label, done.detail, done.actor, done.actor_kind;
  end $$;

-- An owner who is about to be another thing is none to count on.
create or replace function identity.facing(person text) returns table (mine text, theirs text, owners bigint)
  language plpgsql volatile security definer set search_path = ''
  as $$ begin
    perform from identity.organizations o where o.id = app.current_org() for update;
    return query select
      (select m.role from identity.memberships m
        where m.org_id = app.current_org() and m.user_id = app.current_person() and m.removed_at is null),
      (select m.role from identity.memberships m
        where m.org_id = app.current_org() and m.user_id = person and m.removed_at is null),
      (select count(*) from identity.memberships m
        where m.org_id = app.current_org() and m.role = 'owner' and m.removed_at is null
          and not exists (select from identity.member_intents i where i.org_id = m.org_id and i.subject = m.user_id));
  end $$;

revoke execute on function identity.begin_member_intent(uuid, text, text, text, text, text, jsonb, text, text),
  identity.finish_member_intent(uuid) from public;
grant execute on function identity.begin_member_intent(uuid, text, text, text, text, text, jsonb, text, text) to switchboard_app;
grant execute on function identity.finish_member_intent(uuid) to switchboard_worker;

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 8::bigint $$;

reset role;
