-- Voices of an organization's own: cloned from a sample, with the consent of whoever is heard in it.
create table app.voices (
  org_id text collate "C" not null,
  id uuid not null,
  name text not null,
  name_norm text not null generated always as (lower(name)) stored,
  description text not null,
  language text collate "C" not null,
  gender text collate "C",
  accent text not null,
  -- Whose voice it is, and who said for them, in which words and when, that it may be cloned.
  speaker text not null,
  consent_statement text not null,
  consent_by text collate "C" not null,
  consent_at timestamptz not null default now(),
  state text collate "C" not null default 'waiting',
  -- Why it failed, in words.
  note text not null default '',
  -- The provider's id of the clone; what an agent with this voice has.
  provider_id text collate "C",
  sample_type text collate "C",
  sample_bytes integer,
  sample_sha256 text collate "C",
  sample_ms integer,
  -- Tenths of a LUFS, below zero.
  sample_loudness integer,
  sample_at timestamptz,
  sample_by text collate "C",
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text collate "C" not null,
  constraint voices_pkey primary key (org_id, id),
  constraint voices_org_fk foreign key (org_id) references app.clients (org_id) on delete cascade,
  constraint voices_name_unique unique (org_id, name_norm),
  constraint voices_name_length check (length(name) between 1 and 80),
  constraint voices_description_length check (length(description) <= 200),
  constraint voices_speaker_length check (length(speaker) between 1 and 120),
  constraint voices_gender_known check (gender in ('female', 'male', 'neutral')),
  constraint voices_state_known check (state in ('waiting', 'cloning', 'ready', 'failed')),
  constraint voices_sample_whole check ((state = 'waiting') = (sample_sha256 is null) and (sample_sha256 is null) = (sample_type is null)
    and (sample_sha256 is null) = (sample_bytes is null) and (sample_sha256 is null) = (sample_ms is null)
    and (sample_sha256 is null) = (sample_loudness is null) and (sample_sha256 is null) = (sample_at is null)
    and (sample_sha256 is null) = (sample_by is null)),
  constraint voices_ready_whole check ((state = 'ready') = (provider_id is not null))
);
create unique index voices_provider_id on app.voices (org_id, provider_id);
call ops.protect('app.voices', array['name', 'description', 'language', 'gender', 'accent', 'speaker', 'consent_statement', 'consent_by',
  'consent_at', 'state', 'note', 'provider_id', 'sample_type',
  'sample_bytes', 'sample_sha256', 'sample_ms', 'sample_loudness', 'sample_at', 'sample_by', 'revision', 'updated_at', 'updated_by']);

-- The sound of the sample, as it was sent: the evidence of what was consented to.
create table app.voice_samples (
  org_id text collate "C" not null,
  voice_id uuid not null,
  content bytea not null,
  constraint voice_samples_pkey primary key (org_id, voice_id),
  constraint voice_samples_voice_fk foreign key (org_id, voice_id) references app.voices (org_id, id) on delete cascade,
  constraint voice_samples_content_length check (length(content) between 1 and 10485760)
);
call ops.protect('app.voice_samples', array['content']);

-- Which voice answers the phone: neither it nor that of the draft can be deleted.
alter table app.agents add column live_voice_id text collate "C" not null default '';
update app.agents a set live_voice_id = n.draft ->> 'voice_id'
  from app.agent_versions n
  where n.org_id = a.org_id and n.agent_id = a.id and n.number = a.live_version;
grant update (live_voice_id) on app.agents to switchboard_app, switchboard_worker;
create index agents_voice on app.agents (org_id, voice_id);
create index agents_live_voice on app.agents (org_id, live_voice_id);

call ops.hand_over();
