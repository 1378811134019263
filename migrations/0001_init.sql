-- The whole schema. Each statement is sent by itself, as the warden, who hands what it has made to switchboard_owner at the
-- end. Nothing in here changes the role, and every constraint has a name: a server that spreads the tables asks for both.

-- Nothing is granted by default: functions are executable by PUBLIC otherwise.
alter default privileges for role switchboard_owner, switchboard_warden revoke execute on functions from public;

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

-- What a starting process compares with its own migrations. The journal is found when it is called: whoever applies these
-- files by hand keeps none.
create function app.schema_version() returns bigint language plpgsql stable security definer set search_path = ''
  as $$ begin return (select max(m.version) from migrations._sqlx_migrations m where m.success); end $$;

------------------------------------------------------------------------------------------------------------------------
-- identity: people, organizations and what lets them in. Only switchboard_identity reads it.
------------------------------------------------------------------------------------------------------------------------

create table identity.users (
  id text collate "C" not null constraint users_id_form check (id ~ '^user_[A-Za-z0-9]{1,64}$'),
  email text not null constraint users_email_length check (length(email) <= 254),
  email_norm text generated always as (lower(email)) stored,
  name text not null constraint users_name_length check (length(name) <= 120),
  -- Null for people another identity provider vouches for.
  password_hash text,
  email_verified_at timestamptz,
  -- Tokens issued before this moment are refused: sign out everywhere, password change. Whole seconds, as `iat` has.
  signed_out_before timestamptz not null default '-infinity',
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  -- When the identity provider last said so; an older word never overrides a newer one.
  stated_at timestamptz not null default '-infinity',
  constraint users_pkey primary key (id)
);
-- Who signs in with a password is found by address; an identity provider may give one address to two people in turn.
create unique index users_email on identity.users (email_norm) where password_hash is not null;

create table identity.organizations (
  id text collate "C" not null constraint organizations_id_form check (id ~ '^(org|user)_[A-Za-z0-9]{1,64}$'),
  name text not null constraint organizations_name_length check (length(name) between 1 and 80),
  color text not null default 'teal' constraint organizations_color_known
    check (color in ('vermilion', 'ochre', 'fern', 'teal', 'cobalt', 'plum', 'crimson', 'slate')),
  -- What the identity provider knows of it besides, the client's number among it.
  metadata jsonb not null default '{}',
  -- The number of its client, which no other organization has: app.clients is kept by organization, and cannot tell.
  client_id uuid,
  created_by text collate "C" constraint organizations_created_by_fk references identity.users (id) on delete set null,
  created_at timestamptz not null default now(),
  stated_at timestamptz not null default '-infinity',
  deleted_at timestamptz,
  constraint organizations_pkey primary key (id),
  constraint organizations_client_unique unique (client_id)
);
create index organizations_created_by on identity.organizations (created_by);

create table identity.memberships (
  org_id text collate "C" not null constraint memberships_org_fk references identity.organizations (id) on delete cascade,
  user_id text collate "C" not null constraint memberships_user_fk references identity.users (id) on delete cascade,
  role text not null constraint memberships_role_known
    check (role in ('owner', 'admin', 'developer', 'operator', 'billing', 'viewer')),
  created_at timestamptz not null default now(),
  -- When the role was last said, by us or by the identity provider; an older word never overrides a newer one.
  stated_at timestamptz not null default now(),
  -- A tombstone: a token issued before the removal must not bring the membership back.
  removed_at timestamptz,
  used_at timestamptz,
  constraint memberships_pkey primary key (org_id, user_id),
  constraint memberships_personal check (org_id not like 'user\_%' or org_id = user_id)
);
create index memberships_user on identity.memberships (user_id) where removed_at is null;

create table identity.invitations (
  org_id text collate "C" not null constraint invitations_org_fk references identity.organizations (id) on delete cascade,
  id uuid not null,
  email text not null constraint invitations_email_length check (length(email) <= 254),
  email_norm text generated always as (lower(email)) stored,
  role text not null constraint invitations_role_known
    check (role in ('owner', 'admin', 'developer', 'operator', 'billing', 'viewer')),
  token_hash bytea not null,
  invited_by text collate "C" constraint invitations_invited_by_fk references identity.users (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  declined_at timestamptz,
  revoked_at timestamptz,
  constraint invitations_pkey primary key (org_id, id),
  constraint invitations_token_unique unique (token_hash),
  constraint invitations_personal check (org_id like 'org\_%')
);
create unique index invitations_pending on identity.invitations (org_id, email_norm)
  where accepted_at is null and declined_at is null and revoked_at is null;
create index invitations_email on identity.invitations (email_norm);
create unique index invitations_id on identity.invitations (id);

create table identity.sessions (
  token_hash bytea not null,
  id uuid not null,
  user_id text collate "C" not null constraint sessions_user_fk references identity.users (id) on delete cascade,
  -- The organization this browser works in; null until one is chosen.
  org_id text collate "C" constraint sessions_org_fk references identity.organizations (id) on delete set null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ip text,
  agent text,
  constraint sessions_pkey primary key (token_hash),
  constraint sessions_id_unique unique (id)
);
create index sessions_user on identity.sessions (user_id);
create index sessions_expiry on identity.sessions (expires_at);

create table identity.email_tokens (
  token_hash bytea not null,
  user_id text collate "C" not null constraint email_tokens_user_fk references identity.users (id) on delete cascade,
  purpose text not null constraint email_tokens_purpose_known check (purpose in ('verify', 'reset')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint email_tokens_pkey primary key (token_hash)
);
create index email_tokens_user on identity.email_tokens (user_id);
create index email_tokens_expiry on identity.email_tokens (expires_at);

-- Attempts by account and by address, so that guessing is slow whichever of them it keeps.
create table identity.throttle (
  key text collate "C" not null,
  attempts integer not null,
  -- The count starts again after this.
  ends_at timestamptz not null,
  constraint throttle_pkey primary key (key)
);

-- A key is found by the whole of it. Found by its short half, one that is there and one that is not would differ by the row
-- that is read, and the clock would tell.
create table identity.api_key_secrets (
  short text collate "C" not null constraint api_key_secrets_short_form check (short ~ '^[A-Za-z0-9]{8,16}$'),
  secret_hash bytea not null,
  org_id text collate "C" not null,
  key_id uuid not null,
  constraint api_key_secrets_pkey primary key (short),
  constraint api_key_secrets_hash_unique unique (secret_hash),
  constraint api_key_secrets_key_unique unique (key_id)
);

-- With an outside identity provider, members and invitations are changed there first. What is about to happen is written
-- down before the provider is asked, so that neither a crash nor a lost answer leaves the two sides apart.
create table identity.member_intents (
  org_id text collate "C" not null constraint member_intents_org_fk references identity.organizations (id) on delete cascade,
  id uuid not null,
  action text collate "C" not null constraint member_intents_action_known check (action in ('update', 'delete', 'leave', 'invite', 'revoke')),
  -- The id of the member, or the address that is invited.
  subject text collate "C" not null,
  -- The role to be given; null for whoever goes.
  role text collate "C" constraint member_intents_role_known check (role in ('owner', 'admin', 'developer', 'operator', 'billing', 'viewer')),
  -- The invitation to be taken back, as the provider names it.
  invitation text collate "C",
  -- What the log will say of it.
  label text not null,
  detail jsonb not null default '{}',
  actor text collate "C" not null,
  actor_kind text collate "C" not null constraint member_intents_actor_kind_known check (actor_kind in ('person', 'api_key', 'system')),
  created_at timestamptz not null default now(),
  -- While this lies ahead, the request that wrote the row is taken to be alive.
  due_at timestamptz not null default now() + interval '2 minutes',
  attempts integer not null default 0,
  constraint member_intents_pkey primary key (org_id, id),
  -- One change of one person or address at a time.
  constraint member_intents_subject_key unique (org_id, subject)
);
create index member_intents_due on identity.member_intents (due_at);

-- Mail waiting to leave; the row is written with the change that caused it.
create table identity.outbox (
  id uuid not null,
  recipient text not null,
  subject text not null,
  body text not null,
  created_at timestamptz not null default now(),
  attempts integer not null default 0,
  next_at timestamptz not null default now(),
  sent_at timestamptz,
  error text,
  constraint outbox_pkey primary key (id)
);
create index outbox_due on identity.outbox (next_at) where sent_at is null;

-- The role the current person holds in the current organization, or null. It answers for nobody else, and not for a
-- credential from before the person signed out everywhere. plpgsql, because its plan is kept: this runs on every request.
create function identity.current_role() returns text language plpgsql stable security definer set search_path = ''
  as $$ begin return (
    select m.role from identity.memberships m
      join identity.users u on u.id = m.user_id
      join identity.organizations o on o.id = m.org_id
    where m.org_id = app.current_org() and m.user_id = app.current_person()
      and m.removed_at is null and u.disabled_at is null and o.deleted_at is null
      and u.signed_out_before <= coalesce(to_timestamp(nullif(current_setting('app.issued_at', true), '')::bigint), 'infinity'));
  end $$;

-- The members of the current organization.
create function identity.org_members()
  returns table (user_id text, name text, email text, role text, joined_at timestamptz, used_at timestamptz)
  language sql stable security definer set search_path = ''
  as $$ select m.user_id, u.name, u.email, m.role, m.created_at, m.used_at
        from identity.memberships m join identity.users u on u.id = m.user_id
        where m.org_id = app.current_org() and m.removed_at is null
        order by m.created_at, m.user_id $$;

-- An owner who is about to be another thing is none to count on.
-- The roles of the current person and of another one, locked: until the transaction ends no role of the organization changes
-- but by it, so what it decides from these stays true. Each statement sees what was committed before it, the lock included.
create function identity.lock_roles(person text) returns table (mine text, theirs text, owners bigint)
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

-- Gives a member of the current organization another role, or none. The program has its own rules about who may; here an
-- organization keeps its owner, if it has one: those of an outside identity provider have admins alone. A change made here
-- is newer than all that was said before, whatever the provider's clock shows.
create function identity.set_role(person text, new_role text) returns void
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

-- The invitations into the current organization that are neither answered nor over.
create function identity.pending_invitations()
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

-- Gives the current organization a client number, unless it has one. Answers the one it has then, or null where the wanted
-- one is another organization's.
create function identity.claim_client_id(wanted uuid) returns uuid
  language plpgsql volatile security definer set search_path = ''
  as $$ begin
    update identity.organizations o set client_id = wanted where o.id = app.current_org() and o.client_id is null;
    return (select o.client_id from identity.organizations o where o.id = app.current_org());
  exception when unique_violation then
    return null;
  end $$;

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

-- Wakes the pages of an organization that show its members. The payload is opaque: LISTEN is open to the whole database.
-- Tables of organizations have no such trigger: `OrgTx` notifies for them, because a shard has nobody who listens.
create function identity.notify_members() returns trigger language plpgsql as $$
declare
  org text := case tg_op when 'DELETE' then old.org_id else new.org_id end;
begin
  perform pg_notify('switchboard', 'members:' || encode(sha256(convert_to(org, 'UTF8')), 'hex'));
  return null;
end $$;

-- Every visit notes when a member was last here; that alone is nothing to look again for.
create trigger notify_members after insert or delete on identity.memberships
  for each row execute function identity.notify_members();
create trigger notify_members_changed after update on identity.memberships for each row
  when ((old.role, old.removed_at) is distinct from (new.role, new.removed_at)) execute function identity.notify_members();
create trigger notify_members after insert or update or delete on identity.invitations
  for each row execute function identity.notify_members();

------------------------------------------------------------------------------------------------------------------------
-- Billing: the client of an organization and what belongs to it. client_id is the client's number, which an older system's
-- rows are known by; whose a row is, is said by org_id, here as everywhere.
------------------------------------------------------------------------------------------------------------------------

create table app.clients (
  org_id text collate "C" not null constraint clients_org_form check (org_id ~ '^(org|user)_[A-Za-z0-9]{1,64}$'),
  -- Unique among all organizations by identity.claim_client_id.
  id uuid not null,
  name text not null constraint clients_name_length check (length(name) <= 120),
  -- Millionths of a US dollar: a voice minute is billed in steps of half a cent.
  balance_micros bigint not null default 0,
  created_at timestamptz not null default now(),
  constraint clients_pkey primary key (org_id),
  constraint clients_id_unique unique (org_id, id)
);

create table app.users (
  org_id text collate "C" not null,
  client_id uuid not null,
  user_id text collate "C" not null,
  email text not null,
  name text not null,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  constraint users_pkey primary key (org_id, user_id),
  constraint users_client_fk foreign key (org_id, client_id) references app.clients (org_id, id) on delete cascade
);

create table app.api_keys (
  org_id text collate "C" not null,
  client_id uuid not null,
  id uuid not null,
  name text not null constraint api_keys_name_length check (length(name) between 1 and 80),
  short text collate "C" not null,
  scopes text[] not null,
  created_by text collate "C",
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  used_at timestamptz,
  constraint api_keys_pkey primary key (org_id, id),
  constraint api_keys_client_fk foreign key (org_id, client_id) references app.clients (org_id, id) on delete cascade
);

create table app.credit_transactions (
  org_id text collate "C" not null,
  client_id uuid not null,
  id uuid not null,
  kind text collate "C" not null constraint credit_transactions_kind_known check (kind in ('grant', 'call')),
  amount_micros bigint not null,
  call_id uuid,
  note text not null default '',
  created_at timestamptz not null default now(),
  constraint credit_transactions_pkey primary key (org_id, id),
  constraint credit_transactions_client_fk foreign key (org_id, client_id) references app.clients (org_id, id) on delete cascade
);
-- One call is charged once, whichever worker hears of it, however often.
create unique index credit_transactions_call on app.credit_transactions (org_id, call_id);

create table app.audit_log (
  org_id text collate "C" not null,
  client_id uuid not null,
  id uuid not null,
  at timestamptz not null default now(),
  actor text collate "C" not null,
  actor_kind text collate "C" not null constraint audit_log_actor_kind_known
    check (actor_kind in ('person', 'api_key', 'system')),
  action text collate "C" not null,
  kind text collate "C" not null,
  object_id text collate "C" not null,
  object_name text not null default '',
  detail jsonb not null default '{}',
  constraint audit_log_pkey primary key (org_id, id),
  constraint audit_log_client_fk foreign key (org_id, client_id) references app.clients (org_id, id) on delete cascade
);
create index audit_log_page on app.audit_log (org_id, at desc, id desc);
create index audit_log_object on app.audit_log (org_id, kind, object_id, at desc);

create table app.idempotency_keys (
  org_id text collate "C" not null,
  client_id uuid not null,
  route text collate "C" not null,
  key text collate "C" not null constraint idempotency_keys_key_length check (length(key) between 1 and 255),
  body_hash bytea not null,
  -- Null while the first request is still running.
  status smallint,
  response bytea,
  created_at timestamptz not null default now(),
  constraint idempotency_keys_pkey primary key (org_id, route, key),
  constraint idempotency_keys_client_fk foreign key (org_id, client_id) references app.clients (org_id, id) on delete cascade
);

------------------------------------------------------------------------------------------------------------------------
-- What an organization builds and does
------------------------------------------------------------------------------------------------------------------------

create table app.agents (
  org_id text collate "C" not null constraint agents_org_fk references app.clients (org_id) on delete cascade,
  id uuid not null,
  name text not null constraint agents_name_length check (length(name) between 1 and 80),
  name_norm text generated always as (lower(name)) stored,
  description text not null default '' constraint agents_description_length check (length(description) <= 500),
  prompt text not null default '' constraint agents_prompt_length check (length(prompt) <= 40000),
  first_speaker text collate "C" not null constraint agents_first_speaker_known check (first_speaker in ('agent', 'person')),
  first_message text not null default '' constraint agents_first_message_length check (length(first_message) <= 1000),
  language text collate "C" not null constraint agents_language_length check (length(language) between 2 and 16),
  voice_id text collate "C" not null,
  voice_name text not null default '',
  temperature_percent smallint not null default 0 constraint agents_temperature_range
    check (temperature_percent between 0 and 100),
  variables jsonb not null default '[]',
  join_timeout_s integer not null constraint agents_join_timeout_range check (join_timeout_s between 5 and 300),
  max_duration_s integer not null constraint agents_max_duration_range check (max_duration_s between 30 and 14400),
  time_exceeded_message text not null default '' constraint agents_time_exceeded_message_length
    check (length(time_exceeded_message) <= 500),
  silence jsonb not null default '[]',
  turn_delay_ms integer not null constraint agents_turn_delay_range check (turn_delay_ms between 0 and 5000),
  interruption_ms integer not null constraint agents_interruption_range check (interruption_ms between 0 and 2000),
  recording boolean not null,
  tags text[] not null default '{}',
  -- Raised by every save; a save that started from an older one is refused.
  revision bigint not null default 1,
  provider_id text collate "C" not null,
  sync text collate "C" not null constraint agents_sync_known check (sync in ('synced', 'drifted', 'failed')),
  sync_note text not null default '',
  sync_checked_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text collate "C" not null,
  constraint agents_pkey primary key (org_id, id),
  constraint agents_name_unique unique (org_id, name_norm)
);
create index agents_provider on app.agents (org_id, provider_id);

create table app.calls (
  org_id text collate "C" not null constraint calls_org_fk references app.clients (org_id) on delete cascade,
  id uuid not null,
  -- Emptied by whoever deletes the agent, in the same transaction; agent_name stays.
  agent_id uuid,
  agent_name text not null,
  medium text collate "C" not null constraint calls_medium_known check (medium in ('phone', 'text')),
  status text collate "C" not null constraint calls_status_known check (status in
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
  billing text collate "C" not null default 'pending' constraint calls_billing_known
    check (billing in ('pending', 'billed', 'free', 'none')),
  recording text collate "C" not null default 'none' constraint calls_recording_known
    check (recording in ('none', 'pending', 'ready', 'failed')),
  summary text not null default '',
  updated_at timestamptz not null default now(),
  constraint calls_pkey primary key (org_id, id),
  constraint calls_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id)
);
create index calls_status on app.calls (org_id, status, created_at desc, id desc);
create index calls_agent on app.calls (org_id, agent_id, created_at desc, id desc);

create table app.call_messages (
  org_id text collate "C" not null,
  call_id uuid not null,
  seq integer not null,
  role text collate "C" not null constraint call_messages_role_known
    check (role in ('agent', 'person', 'tool_call', 'tool_result')),
  text text not null,
  tool text not null default '',
  start_ms integer,
  end_ms integer,
  constraint call_messages_pkey primary key (org_id, call_id, seq),
  constraint call_messages_call_fk foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade
);

create table app.call_events (
  org_id text collate "C" not null,
  call_id uuid not null,
  id uuid not null,
  at timestamptz not null default now(),
  kind text collate "C" not null,
  note text not null default '',
  constraint call_events_pkey primary key (org_id, call_id, id),
  constraint call_events_call_fk foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade
);

-- What a run of `verify` or of the warden found, kept for the organization it is about, and the runs that are still to come.
create table app.reports (
  org_id text collate "C" not null constraint reports_org_fk references app.clients (org_id) on delete cascade,
  id uuid not null,
  kind text collate "C" not null constraint reports_kind_known check (kind in ('isolation', 'warden')),
  state text collate "C" not null constraint reports_state_known check (state in ('waiting', 'running', 'done', 'failed')),
  -- What is being asked at this moment; why it failed.
  note text not null default '' constraint reports_note_length check (length(note) <= 1000),
  asked_by text collate "C" not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  clean boolean,
  questions integer not null default 0,
  broken integer not null default 0,
  body jsonb,
  constraint reports_pkey primary key (org_id, id),
  constraint reports_body check ((state = 'done') = (body is not null and clean is not null))
);
-- Whoever asks again while a run is under way is shown that one.
create unique index reports_pending on app.reports (org_id, kind) where state in ('waiting', 'running');

------------------------------------------------------------------------------------------------------------------------
-- Queues: claimed by the worker across organizations. They stay on one server, so no foreign key leads out of them.
------------------------------------------------------------------------------------------------------------------------

-- What of ours exists at a provider. Written before the provider is called, so that after a crash the reconciler knows
-- where to look; also how a provider's event finds its organization, which is never read from the event itself.
create table app.provider_links (
  org_id text collate "C" not null,
  kind text collate "C" not null constraint provider_links_kind_known check (kind in ('agent', 'call')),
  object_id uuid not null,
  provider_id text collate "C",
  state text collate "C" not null constraint provider_links_state_known check (state in ('creating', 'live', 'deleting')),
  attempts integer not null default 0,
  -- While this lies ahead, the request that wrote the row is taken to be alive.
  due_at timestamptz not null,
  note text not null default '',
  created_at timestamptz not null default now(),
  constraint provider_links_pkey primary key (org_id, kind, object_id)
);
create index provider_links_due on app.provider_links (due_at);
-- Where a provider's object belongs. Only the worker looks for it; ids are the provider's own, unguessable ones.
create index provider_links_provider on app.provider_links (provider_id);

-- The queue of runs. What a report says is not in it: the worker, who claims across organizations, sees no more than
-- whose turn it is.
create table app.report_runs (
  org_id text collate "C" not null,
  report_id uuid not null,
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  constraint report_runs_pkey primary key (org_id, report_id)
);
create index report_runs_due on app.report_runs (due_at);

-- Events as providers sent them, before and until they are applied.
create table ops.inbox (
  id uuid not null,
  provider text collate "C" not null constraint inbox_provider_known check (provider in ('ultravox', 'clerk')),
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
  constraint inbox_pkey primary key (id),
  constraint inbox_event_unique unique (provider, dedupe_key)
);
create index inbox_due on ops.inbox (next_at) where done_at is null;

------------------------------------------------------------------------------------------------------------------------
-- Protection
------------------------------------------------------------------------------------------------------------------------

-- All that a table of organizations needs: its owner, one organization per row said three times (a policy that lets the
-- current organization in, a wall that no later careless policy can open, a trigger that keeps a row where it was born), the
-- grants, and the index of its list. A policy asks a function and no inner select, which a server that spreads the table refuses.
create procedure ops.protect(tenant regclass, writable text[])
language plpgsql as $$
declare
  predicate constant text := 'org_id = app.current_org()';
begin
  execute format('alter table %s owner to switchboard_owner', tenant);
  execute format('alter table %s enable row level security, force row level security', tenant);
  execute format('create policy org_isolation on %s as permissive for all to switchboard_app, switchboard_worker using (%s) with check (%s)', tenant, predicate, predicate);
  execute format('create policy org_wall on %s as restrictive for all to public using (%s) with check (%s)', tenant, predicate, predicate);
  execute format('create trigger org_immutable before update of org_id on %s for each row when (old.org_id is distinct from new.org_id) execute function app.forbid_org_change()', tenant);
  execute format('alter table %s enable always trigger org_immutable', tenant);
  execute format('grant select, insert, delete on %s to switchboard_app, switchboard_worker', tenant);
  execute format('grant select on %s to switchboard_backup', tenant);
  if cardinality(writable) > 0 then
    execute format('grant update (%s) on %s to switchboard_app, switchboard_worker',
      (select string_agg(quote_ident(c), ', ') from unnest(writable) c), tenant);
  end if;
  -- A list goes from the newest to the oldest.
  if exists (select from pg_index i
      join pg_attribute id on id.attrelid = i.indrelid and id.attname = 'id' and id.attnum = any (i.indkey::int2[])
      join pg_attribute made on made.attrelid = i.indrelid and made.attname = 'created_at' and not made.attisdropped
      where i.indrelid = tenant and i.indisprimary) then
    execute format('create index %I on %s (org_id, created_at desc, id desc)',
      (select c.relname || '_page' from pg_class c where c.oid = tenant), tenant);
  end if;
end $$;

-- Makes a queue of a protected table: the wall is for the app alone, and the worker claims rows of every organization.
create procedure ops.open_queue(queue regclass)
language plpgsql as $$
declare
  predicate constant text := 'org_id = app.current_org()';
begin
  execute format('drop policy org_wall on %s', queue);
  execute format('create policy org_wall on %s as restrictive for all to switchboard_app using (%s) with check (%s)', queue, predicate, predicate);
  execute format('create policy queue_claim on %s as permissive for all to switchboard_worker using (true) with check (true)', queue);
end $$;

-- Hands everything that has been made to switchboard_owner, which cannot log in. Every migration that makes something ends with it.
create procedure ops.hand_over()
language plpgsql as $$
declare
  made record;
begin
  for made in
    select 'table' as kind, c.oid::regclass::text as name from pg_class c
    where c.relnamespace::regnamespace::text in ('app', 'identity', 'ops', 'migrations') and c.relkind in ('r', 'p')
      and c.relowner::regrole::text <> 'switchboard_owner'
    union all
    select 'routine', p.oid::regprocedure::text from pg_proc p
    where p.pronamespace::regnamespace::text in ('app', 'identity', 'ops') and p.proowner::regrole::text <> 'switchboard_owner'
  loop
    execute format('alter %s %s owner to switchboard_owner', made.kind, made.name);
  end loop;
end $$;

call ops.protect('app.clients', array['name', 'balance_micros']);
call ops.protect('app.users', array['email', 'name', 'seen_at']);
call ops.protect('app.api_keys', array['name', 'revoked_at', 'used_at']);
call ops.protect('app.credit_transactions', array[]::text[]);
call ops.protect('app.audit_log', array[]::text[]);
call ops.protect('app.idempotency_keys', array['status', 'response']);
call ops.protect('app.agents', array['name', 'description', 'prompt', 'first_speaker', 'first_message', 'language',
  'voice_id', 'voice_name', 'temperature_percent', 'variables', 'join_timeout_s', 'max_duration_s', 'time_exceeded_message',
  'silence', 'turn_delay_ms', 'interruption_ms', 'recording', 'tags', 'revision', 'provider_id', 'sync', 'sync_note', 'sync_checked_at',
  'updated_at', 'updated_by']);
call ops.protect('app.calls', array['agent_id', 'status', 'end_reason', 'end_detail', 'stop_asked_at', 'provider_id', 'joined_at', 'ended_at',
  'billed_ms', 'price_micros', 'billing', 'recording', 'summary', 'updated_at']);
call ops.protect('app.call_messages', array['role', 'text', 'tool', 'start_ms', 'end_ms']);
call ops.protect('app.call_events', array[]::text[]);
call ops.protect('app.reports', array['state', 'note', 'ended_at', 'clean', 'questions', 'broken', 'body']);
call ops.protect('app.provider_links', array['provider_id', 'state', 'attempts', 'due_at', 'note']);
call ops.open_queue('app.provider_links');
call ops.protect('app.report_runs', array['due_at', 'attempts']);
call ops.open_queue('app.report_runs');

-- Ledger and log are written once, and a client stays.
revoke delete on app.credit_transactions, app.audit_log, app.clients from switchboard_app, switchboard_worker;

grant usage on schema app to switchboard_app, switchboard_worker, switchboard_identity, switchboard_backup;
grant execute on function app.current_org(), app.current_person(), app.forbid_org_change()
  to switchboard_app, switchboard_worker, switchboard_backup;
grant execute on function app.schema_version() to switchboard_app, switchboard_worker;

grant usage on schema identity to switchboard_app, switchboard_worker, switchboard_identity, switchboard_backup;
grant execute on function identity.current_role(), identity.org_members(), identity.lock_roles(text), identity.set_role(text, text),
  identity.pending_invitations(), identity.invite(uuid, text, text, bytea, uuid, text, text), identity.revoke_invitation(uuid),
  identity.keep_api_key(uuid, text, bytea), identity.drop_api_key(uuid),
  identity.begin_member_intent(uuid, text, text, text, text, text, jsonb, text, text) to switchboard_app;
-- The worker opens the books of a new organization, and revokes the keys of one that was deleted at the identity provider.
grant execute on function identity.claim_client_id(uuid), identity.drop_api_key(uuid), identity.finish_member_intent(uuid)
  to switchboard_worker;
grant select, insert, update, delete on all tables in schema identity to switchboard_identity;
grant select on all tables in schema identity to switchboard_backup;

grant usage on schema ops to switchboard_worker, switchboard_backup;
grant select, insert, update, delete on ops.inbox to switchboard_worker;
grant select on ops.inbox to switchboard_backup;

-- A backup holds the journal of migrations too, or what is restored would be migrated from the beginning.
grant usage on schema migrations to switchboard_backup;
do $$
begin
  if to_regclass('migrations._sqlx_migrations') is not null then
    grant select on migrations._sqlx_migrations to switchboard_backup;
  end if;
end $$;

call ops.hand_over();
