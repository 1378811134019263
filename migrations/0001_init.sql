-- Everything is created by and belongs to switchboard_owner, which cannot log in.
set local role switchboard_owner;

-- Nothing is granted by default: functions are executable by PUBLIC otherwise.
alter default privileges revoke execute on functions from public;

------------------------------------------------------------------------------------------------------------------------
-- Who is asking, as Postgres sees it
------------------------------------------------------------------------------------------------------------------------

-- A setting that was local to a finished transaction reads as '', not null.
create function app.current_org() returns text language sql stable parallel safe
  as $$ select nullif(current_setting('app.org_id', true), '') $$;

create function app.current_person() returns text language sql stable parallel safe
  as $$ select nullif(current_setting('app.user_id', true), '') $$;

create function app.forbid_org_change() returns trigger language plpgsql as $$
begin
  raise exception 'org_id is immutable' using errcode = '23514', constraint = 'org_id_immutable', table = tg_table_name;
end $$;

create function app.forbid_client_change() returns trigger language plpgsql as $$
begin
  raise exception 'client_id is immutable' using errcode = '23514', constraint = 'client_id_immutable', table = tg_table_name;
end $$;

-- Wakes the browsers of one organization. The payload is opaque: LISTEN is open to the whole database.
create function app.announce() returns trigger language plpgsql as $$
declare
  org text := case tg_op when 'DELETE' then old.org_id else new.org_id end;
begin
  perform pg_notify('switchboard', tg_argv[0] || ':' || encode(sha256(convert_to(org, 'UTF8')), 'hex'));
  return null;
end $$;

------------------------------------------------------------------------------------------------------------------------
-- identity: people, organizations and what lets them in. Only switchboard_identity reads it.
------------------------------------------------------------------------------------------------------------------------

create table identity.users (
  id text collate "C" primary key check (id ~ '^user_[A-Za-z0-9]{1,64}$'),
  email text not null check (length(email) <= 254),
  email_norm text generated always as (lower(email)) stored,
  name text not null check (length(name) <= 120),
  -- Null for people another identity provider vouches for.
  password_hash text,
  email_verified_at timestamptz,
  -- Tokens issued before this moment are refused: sign out everywhere, password change. Whole seconds, as `iat` has.
  signed_out_before timestamptz not null default '-infinity',
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  -- When the identity provider last said so; an older word never overrides a newer one.
  stated_at timestamptz not null default '-infinity'
);
-- Who signs in with a password is found by address; an identity provider may give one address to two people in turn.
create unique index users_email on identity.users (email_norm) where password_hash is not null;

create table identity.organizations (
  id text collate "C" primary key check (id ~ '^(org|user)_[A-Za-z0-9]{1,64}$'),
  name text not null check (length(name) between 1 and 80),
  cord text not null default 'teal'
    check (cord in ('vermilion', 'ochre', 'fern', 'teal', 'cobalt', 'plum', 'crimson', 'slate')),
  metadata jsonb not null default '{}',
  created_by text collate "C" references identity.users (id) on delete set null,
  created_at timestamptz not null default now(),
  stated_at timestamptz not null default '-infinity',
  deleted_at timestamptz
);
create index organizations_created_by on identity.organizations (created_by);

create table identity.memberships (
  org_id text collate "C" not null references identity.organizations (id) on delete cascade,
  user_id text collate "C" not null references identity.users (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'developer', 'operator', 'billing', 'viewer')),
  created_at timestamptz not null default now(),
  -- When the role was last said, by us or by the identity provider; an older word never overrides a newer one.
  stated_at timestamptz not null default now(),
  -- A tombstone: a token issued before the removal must not bring the membership back.
  removed_at timestamptz,
  used_at timestamptz,
  primary key (org_id, user_id),
  constraint memberships_personal check (org_id not like 'user\_%' or org_id = user_id)
);
create index memberships_user on identity.memberships (user_id) where removed_at is null;

create table identity.invitations (
  org_id text collate "C" not null references identity.organizations (id) on delete cascade,
  id uuid not null,
  email text not null check (length(email) <= 254),
  email_norm text generated always as (lower(email)) stored,
  role text not null check (role in ('owner', 'admin', 'developer', 'operator', 'billing', 'viewer')),
  token_hash bytea not null unique,
  invited_by text collate "C" references identity.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  declined_at timestamptz,
  revoked_at timestamptz,
  primary key (org_id, id),
  constraint invitations_personal check (org_id like 'org\_%')
);
create unique index invitations_pending on identity.invitations (org_id, email_norm)
  where accepted_at is null and declined_at is null and revoked_at is null;
create index invitations_email on identity.invitations (email_norm);
create unique index invitations_id on identity.invitations (id);

create table identity.sessions (
  token_hash bytea primary key,
  id uuid not null unique,
  user_id text collate "C" not null references identity.users (id) on delete cascade,
  -- The organization this browser works in; null until one is chosen.
  org_id text collate "C" references identity.organizations (id) on delete set null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ip text,
  agent text
);
create index sessions_user on identity.sessions (user_id);
create index sessions_end on identity.sessions (expires_at);

create table identity.email_tokens (
  token_hash bytea primary key,
  user_id text collate "C" not null references identity.users (id) on delete cascade,
  purpose text not null check (purpose in ('verify', 'reset')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index email_tokens_user on identity.email_tokens (user_id);
create index email_tokens_end on identity.email_tokens (expires_at);

-- Attempts by account and by address, so that guessing is slow whichever of them it keeps.
create table identity.throttle (
  key text collate "C" primary key,
  attempts integer not null,
  -- The count starts again after this.
  ends_at timestamptz not null
);

create table identity.api_key_secrets (
  short text collate "C" primary key check (short ~ '^[A-Za-z0-9]{8,16}$'),
  secret_hash bytea not null,
  org_id text collate "C" not null,
  key_id uuid not null unique
);

-- Mail waiting to leave; the row is written with the change that caused it.
create table identity.outbox (
  id uuid primary key,
  recipient text not null,
  subject text not null,
  body text not null,
  created_at timestamptz not null default now(),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  sent_at timestamptz,
  error text
);
create index outbox_due on identity.outbox (next_at) where sent_at is null;

-- The role the current person holds in the current organization, or null. It answers for nobody else, and not for a
-- credential from before the person signed out everywhere. plpgsql, because its plan is kept: this runs on every request.
create function identity.standing() returns text language plpgsql stable security definer set search_path = ''
  as $$ begin return (
    select m.role from identity.memberships m
      join identity.users u on u.id = m.user_id
      join identity.organizations o on o.id = m.org_id
    where m.org_id = app.current_org() and m.user_id = app.current_person()
      and m.removed_at is null and u.disabled_at is null and o.deleted_at is null
      and u.signed_out_before <= coalesce(to_timestamp(nullif(current_setting('app.issued_at', true), '')::bigint), 'infinity'));
  end $$;

-- The colleagues of the current person in the current organization.
create function identity.colleagues()
  returns table (user_id text, name text, email text, role text, joined_at timestamptz, used_at timestamptz)
  language sql stable security definer set search_path = ''
  as $$ select m.user_id, u.name, u.email, m.role, m.created_at, m.used_at
        from identity.memberships m join identity.users u on u.id = m.user_id
        where m.org_id = app.current_org() and m.removed_at is null
        order by m.created_at, m.user_id $$;

-- The current person and another one, with the organization held still: until the transaction ends no role changes but
-- by it, so what it decides from these stays true. Each statement sees what was committed before it, the lock included.
create function identity.facing(person text) returns table (mine text, theirs text, owners bigint)
  language plpgsql volatile security definer set search_path = ''
  as $$ begin
    perform from identity.organizations o where o.id = app.current_org() for update;
    return query select
      (select m.role from identity.memberships m
        where m.org_id = app.current_org() and m.user_id = app.current_person() and m.removed_at is null),
      (select m.role from identity.memberships m
        where m.org_id = app.current_org() and m.user_id = person and m.removed_at is null),
      (select count(*) from identity.memberships m
        where m.org_id = app.current_org() and m.role = 'owner' and m.removed_at is null);
  end $$;

-- Gives a member of the current organization another role, or none. The program has its own rules about who may; here an
-- organization keeps an owner, whatever the program thinks.
create function identity.set_role(person text, new_role text) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$ begin
    perform from identity.organizations o where o.id = app.current_org() for update;
    update identity.memberships m set stated_at = now(), role = coalesce(new_role, m.role),
        removed_at = case when new_role is null then now() end
      where m.org_id = app.current_org() and m.user_id = person and m.removed_at is null;
    if not exists (select from identity.memberships m
        where m.org_id = app.current_org() and m.role = 'owner' and m.removed_at is null) then
      raise exception 'an organization keeps an owner' using errcode = '23514', constraint = 'memberships_last_owner';
    end if;
    if new_role is null then
      update identity.sessions s set org_id = null where s.org_id = app.current_org() and s.user_id = person;
    end if;
  end $$;

-- The invitations into the current organization that still stand.
create function identity.invited()
  returns table (id uuid, email text, role text, invited_by text, created_at timestamptz, expires_at timestamptz)
  language sql stable security definer set search_path = ''
  as $$ select i.id, i.email, i.role, u.name, i.created_at, i.expires_at
        from identity.invitations i left join identity.users u on u.id = i.invited_by
        where i.org_id = app.current_org() and i.accepted_at is null and i.declined_at is null and i.revoked_at is null
          and i.expires_at > now()
        order by i.created_at, i.id $$;

-- Invites into the current organization for seven days, with the mail that says so. An earlier invitation to the same
-- address ends: only the newest link works.
create function identity.invite(invitation uuid, address text, as_role text, link_hash bytea, mail uuid, mail_subject text, mail_body text)
  returns void language plpgsql volatile security definer set search_path = ''
  as $$ begin
    update identity.invitations i set revoked_at = now()
      where i.org_id = app.current_org() and i.email_norm = lower(address)
        and i.accepted_at is null and i.declined_at is null and i.revoked_at is null;
    insert into identity.invitations (org_id, id, email, role, token_hash, invited_by, expires_at)
      values (app.current_org(), invitation, address, as_role, link_hash, app.current_person(), now() + interval '7 days');
    insert into identity.outbox (id, recipient, subject, body) values (mail, address, mail_subject, mail_body);
  end $$;

-- Ends an invitation into the current organization; answers whom it was for, or null.
create function identity.revoke_invitation(invitation uuid) returns text
  language sql volatile security definer set search_path = ''
  as $$ update identity.invitations i set revoked_at = now()
        where i.org_id = app.current_org() and i.id = invitation
          and i.accepted_at is null and i.declined_at is null and i.revoked_at is null
        returning i.email $$;

-- Keeps the secret half of an API key of the current organization, whose row is written in the same transaction.
create function identity.keep_api_key(key uuid, short text, secret_hash bytea) returns void
  language sql volatile security definer set search_path = ''
  as $$ insert into identity.api_key_secrets (short, secret_hash, org_id, key_id)
        values (short, secret_hash, app.current_org(), key) $$;

-- Forgets the secret half of a revoked key of the current organization.
create function identity.drop_api_key(key uuid) returns void
  language sql volatile security definer set search_path = ''
  as $$ delete from identity.api_key_secrets s where s.org_id = app.current_org() and s.key_id = key $$;

------------------------------------------------------------------------------------------------------------------------
-- Billing: the client of an organization, and what is kept by client
------------------------------------------------------------------------------------------------------------------------

create table app.clients (
  org_id text collate "C" primary key check (org_id ~ '^(org|user)_[A-Za-z0-9]{1,64}$'),
  id uuid not null unique,
  name text not null check (length(name) <= 120),
  -- Millionths of a US dollar: a voice minute is billed in steps of half a cent.
  balance_micros bigint not null default 0,
  created_at timestamptz not null default now()
);

create function app.current_client() returns uuid language sql stable parallel safe
  as $$ select c.id from app.clients c where c.org_id = app.current_org() $$;

create table app.users (
  client_id uuid not null references app.clients (id) on delete cascade,
  user_id text collate "C" not null,
  email text not null,
  name text not null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  primary key (client_id, user_id)
);

create table app.api_keys (
  client_id uuid not null references app.clients (id) on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 80),
  short text collate "C" not null,
  scopes text[] not null,
  created_by text collate "C",
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  used_at timestamptz,
  primary key (client_id, id)
);
create index api_keys_page on app.api_keys (client_id, created_at desc, id desc);

create table app.credit_transactions (
  client_id uuid not null references app.clients (id) on delete cascade,
  id uuid not null,
  kind text collate "C" not null check (kind in ('grant', 'call')),
  amount_micros bigint not null,
  call_id uuid,
  note text not null default '',
  created_at timestamptz not null default now(),
  primary key (client_id, id)
);
-- One call is charged once, whichever worker hears of it, however often.
create unique index credit_transactions_call on app.credit_transactions (client_id, call_id);
create index credit_transactions_page on app.credit_transactions (client_id, created_at desc, id desc);

create table app.audit_log (
  client_id uuid not null references app.clients (id) on delete cascade,
  id uuid not null,
  at timestamptz not null default now(),
  actor text collate "C" not null,
  actor_kind text collate "C" not null check (actor_kind in ('person', 'api_key', 'system')),
  action text collate "C" not null,
  kind text collate "C" not null,
  object_id text collate "C" not null,
  object_name text not null default '',
  detail jsonb not null default '{}',
  primary key (client_id, id)
);
create index audit_log_page on app.audit_log (client_id, at desc, id desc);
create index audit_log_object on app.audit_log (client_id, kind, object_id, at desc);

create table app.idempotency_keys (
  client_id uuid not null references app.clients (id) on delete cascade,
  route text collate "C" not null,
  key text collate "C" not null check (length(key) between 1 and 255),
  body_hash bytea not null,
  -- Null while the first request is still running.
  status smallint,
  response bytea,
  created_at timestamptz not null default now(),
  primary key (client_id, route, key)
);

------------------------------------------------------------------------------------------------------------------------
-- What an organization builds and does
------------------------------------------------------------------------------------------------------------------------

create table app.agents (
  org_id text collate "C" not null references app.clients (org_id) on delete cascade,
  id uuid not null,
  name text not null check (length(name) between 1 and 80),
  name_norm text generated always as (lower(name)) stored,
  description text not null default '' check (length(description) <= 500),
  prompt text not null default '' check (length(prompt) <= 40000),
  first_speaker text collate "C" not null check (first_speaker in ('agent', 'person')),
  first_message text not null default '' check (length(first_message) <= 1000),
  language text collate "C" not null check (length(language) between 2 and 16),
  voice_id text collate "C" not null,
  voice_name text not null default '',
  temperature_percent smallint not null default 0 check (temperature_percent between 0 and 100),
  variables jsonb not null default '[]',
  join_timeout_s integer not null check (join_timeout_s between 5 and 300),
  max_duration_s integer not null check (max_duration_s between 30 and 14400),
  time_exceeded_message text not null default '' check (length(time_exceeded_message) <= 500),
  silence jsonb not null default '[]',
  turn_delay_ms integer not null check (turn_delay_ms between 0 and 5000),
  interruption_ms integer not null check (interruption_ms between 0 and 2000),
  recording boolean not null,
  tags text[] not null default '{}',
  -- Raised by every save; a save that started from an older one is refused.
  revision bigint not null default 1,
  provider_id text collate "C" not null,
  sync text collate "C" not null check (sync in ('synced', 'drifted', 'failed')),
  sync_note text not null default '',
  sync_checked_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text collate "C" not null,
  primary key (org_id, id),
  unique (org_id, name_norm)
);
create index agents_page on app.agents (org_id, created_at desc, id desc);
create index agents_provider on app.agents (org_id, provider_id);

create table app.calls (
  org_id text collate "C" not null references app.clients (org_id) on delete cascade,
  id uuid not null,
  agent_id uuid,
  agent_name text not null,
  medium text collate "C" not null check (medium in ('phone', 'text')),
  status text collate "C" not null check (status in
    ('queued', 'ringing', 'in_progress', 'processing', 'completed', 'not_connected', 'failed', 'canceled')),
  end_reason text collate "C",
  end_detail text not null default '',
  to_number text collate "C",
  from_number text collate "C",
  variables jsonb not null default '{}',
  placed_by text collate "C" not null,
  -- When somebody asked to end it: a call that is not answered yet takes no message, and is ended once it is.
  stop_asked_at timestamptz,
  provider_id text collate "C",
  created_at timestamptz not null default now(),
  joined_at timestamptz,
  ended_at timestamptz,
  billed_ms bigint,
  price_micros bigint,
  billing text collate "C" not null default 'pending' check (billing in ('pending', 'billed', 'free', 'none')),
  recording text collate "C" not null default 'none' check (recording in ('none', 'pending', 'ready', 'failed')),
  summary text not null default '',
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, agent_id) references app.agents (org_id, id) on delete set null (agent_id)
);
create index calls_page on app.calls (org_id, created_at desc, id desc);
create index calls_status on app.calls (org_id, status, created_at desc, id desc);
create index calls_agent on app.calls (org_id, agent_id, created_at desc, id desc);

create table app.call_messages (
  org_id text collate "C" not null,
  call_id uuid not null,
  seq integer not null,
  role text collate "C" not null check (role in ('agent', 'person', 'tool_call', 'tool_result')),
  text text not null,
  tool text not null default '',
  start_ms integer,
  end_ms integer,
  primary key (org_id, call_id, seq),
  foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade
);

create table app.call_events (
  org_id text collate "C" not null,
  call_id uuid not null,
  id uuid not null,
  at timestamptz not null default now(),
  kind text collate "C" not null,
  note text not null default '',
  primary key (org_id, call_id, id),
  foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade
);

-- What of ours exists at a provider. Written before the provider is called, so that after a crash the reconciler knows
-- where to look; also how a provider's event finds its organization, which is never read from the event itself.
create table app.mirrors (
  org_id text collate "C" not null references app.clients (org_id) on delete cascade,
  kind text collate "C" not null check (kind in ('agent', 'call')),
  object_id uuid not null,
  provider_id text collate "C",
  state text collate "C" not null check (state in ('creating', 'live', 'deleting')),
  attempts integer not null default 0,
  -- While this lies ahead, the request that wrote the row is taken to be alive.
  due_at timestamptz not null,
  note text not null default '',
  created_at timestamptz not null default now(),
  primary key (org_id, kind, object_id)
);
create index mirrors_due on app.mirrors (due_at);

------------------------------------------------------------------------------------------------------------------------
-- ops: what the worker needs before it knows an organization
------------------------------------------------------------------------------------------------------------------------

-- Events as providers sent them, before and until they are applied.
create table ops.inbox (
  id uuid primary key,
  provider text collate "C" not null check (provider in ('ultravox', 'clerk')),
  -- Duplicates of one event share it.
  dedupe_key text collate "C" not null,
  event text collate "C" not null,
  subject text collate "C" not null,
  body jsonb not null,
  received_at timestamptz not null default now(),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  done_at timestamptz,
  error text,
  unique (provider, dedupe_key)
);
create index inbox_due on ops.inbox (next_at) where done_at is null;

-- Where a provider's object belongs. Only the worker reads it; ids are the provider's own, unguessable ones.
create index mirrors_provider on app.mirrors (provider_id);

------------------------------------------------------------------------------------------------------------------------
-- Protection
------------------------------------------------------------------------------------------------------------------------

-- One organization per row, said three times: a policy that lets the current organization in, a wall that no later
-- careless policy can open, and a trigger that keeps a row where it was born.
create procedure ops.protect(tenant regclass, key text, writable text[])
language plpgsql as $$
declare
  current text := case key when 'org_id' then 'app.current_org()' else 'app.current_client()' end;
  guard text := case key when 'org_id' then 'app.forbid_org_change()' else 'app.forbid_client_change()' end;
  predicate text := format('%I = (select %s)', key, current);
begin
  execute format('alter table %s enable row level security, force row level security', tenant);
  execute format('create policy org_isolation on %s as permissive for all to switchboard_app, switchboard_worker using (%s) with check (%s)', tenant, predicate, predicate);
  execute format('create policy org_wall on %s as restrictive for all to public using (%s) with check (%s)', tenant, predicate, predicate);
  execute format('create trigger org_immutable before update of %I on %s for each row when (old.%I is distinct from new.%I) execute function %s', key, tenant, key, key, guard);
  execute format('alter table %s enable always trigger org_immutable', tenant);
  execute format('grant select, insert, delete on %s to switchboard_app, switchboard_worker', tenant);
  execute format('grant select on %s to switchboard_backup', tenant);
  if cardinality(writable) > 0 then
    execute format('grant update (%s) on %s to switchboard_app, switchboard_worker',
      (select string_agg(quote_ident(c), ', ') from unnest(writable) c), tenant);
  end if;
end $$;

call ops.protect('app.clients', 'org_id', array['name', 'balance_micros']);
call ops.protect('app.users', 'client_id', array['email', 'name', 'seen_at']);
call ops.protect('app.api_keys', 'client_id', array['name', 'revoked_at', 'used_at']);
call ops.protect('app.credit_transactions', 'client_id', array[]::text[]);
call ops.protect('app.audit_log', 'client_id', array[]::text[]);
call ops.protect('app.idempotency_keys', 'client_id', array['status', 'response']);
call ops.protect('app.agents', 'org_id', array['name', 'description', 'prompt', 'first_speaker', 'first_message', 'language',
  'voice_id', 'voice_name', 'temperature_percent', 'variables', 'join_timeout_s', 'max_duration_s', 'time_exceeded_message',
  'silence', 'turn_delay_ms', 'interruption_ms', 'recording', 'tags', 'revision', 'provider_id', 'sync', 'sync_note', 'sync_checked_at',
  'updated_at', 'updated_by']);
call ops.protect('app.calls', 'org_id', array['agent_id', 'status', 'end_reason', 'end_detail', 'stop_asked_at', 'provider_id', 'joined_at', 'ended_at',
  'billed_ms', 'price_micros', 'billing', 'recording', 'summary', 'updated_at']);
call ops.protect('app.call_messages', 'org_id', array['role', 'text', 'tool', 'start_ms', 'end_ms']);
call ops.protect('app.call_events', 'org_id', array[]::text[]);
call ops.protect('app.mirrors', 'org_id', array['provider_id', 'state', 'attempts', 'due_at', 'note']);

-- Ledger and log are written once.
revoke delete on app.credit_transactions, app.audit_log, app.clients from switchboard_app, switchboard_worker;

-- The one queue among tenant tables: the worker claims across organizations, then acts inside one.
drop policy org_wall on app.mirrors;
create policy org_wall on app.mirrors as restrictive for all to switchboard_app
  using (org_id = (select app.current_org())) with check (org_id = (select app.current_org()));
create policy queue_claim on app.mirrors as permissive for all to switchboard_worker using (true) with check (true);

create trigger announce after insert or update or delete on app.agents for each row execute function app.announce('agents');
create trigger announce after insert or update or delete on app.calls for each row execute function app.announce('calls');
create trigger announce after insert or update on app.call_messages for each row execute function app.announce('calls');

-- What a starting process compares with its own migrations; every migration replaces it.
create function app.schema_version() returns bigint language sql immutable as $$ select 1::bigint $$;
grant execute on function app.schema_version() to switchboard_app, switchboard_worker;

grant usage on schema app to switchboard_app, switchboard_worker, switchboard_identity, switchboard_backup;
grant execute on function app.current_org(), app.current_person(), app.current_client(),
  app.forbid_org_change(), app.forbid_client_change(), app.announce() to switchboard_app, switchboard_worker, switchboard_backup;

grant usage on schema identity to switchboard_app, switchboard_worker, switchboard_identity, switchboard_backup;
grant execute on function identity.standing(), identity.colleagues(), identity.facing(text), identity.set_role(text, text),
  identity.invited(), identity.invite(uuid, text, text, bytea, uuid, text, text), identity.revoke_invitation(uuid),
  identity.keep_api_key(uuid, text, bytea), identity.drop_api_key(uuid) to switchboard_app;
-- The worker revokes the keys of an organization that was deleted at the identity provider.
grant execute on function identity.drop_api_key(uuid) to switchboard_worker;
grant select, insert, update, delete on all tables in schema identity to switchboard_identity;
grant select on all tables in schema identity to switchboard_backup;

grant usage on schema ops to switchboard_worker, switchboard_backup;
grant select, insert, update, delete on ops.inbox to switchboard_worker;
grant select on ops.inbox to switchboard_backup;

-- The journal of migrations, written next in this transaction, is the warden's.
reset role;
