-- What people save of an agent is its draft. What answers the phone is a version of it: numbered, and never changed.
create table app.agent_versions (
  org_id text collate "C" not null,
  agent_id uuid not null,
  number integer not null,
  -- The whole draft as it was published, in the form of the REST API.
  draft jsonb not null,
  note text not null default '',
  published_by text collate "C" not null,
  published_at timestamptz not null default now(),
  constraint agent_versions_pkey primary key (org_id, agent_id, number),
  constraint agent_versions_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id) on delete cascade,
  constraint agent_versions_number_range check (number > 0),
  constraint agent_versions_draft_form check (jsonb_typeof(draft) = 'object'),
  constraint agent_versions_note_length check (length(note) <= 500)
);
call ops.protect('app.agent_versions', array[]::text[]);
-- They go with their agent, and not otherwise.
revoke delete on app.agent_versions from switchboard_app, switchboard_worker;

alter table app.agents add column live_version integer not null default 1;
alter table app.agents add column published_at timestamptz not null default now();
-- Whether callers would notice a difference between the draft and the live version.
alter table app.agents add column unpublished boolean not null default false;
grant update (live_version, published_at, unpublished) on app.agents to switchboard_app, switchboard_worker;

-- The tools of the draft, and those of the live version: neither can be deleted.
alter table app.agent_tools add column live boolean not null default false;
alter table app.agent_tools drop constraint agent_tools_pkey;
alter table app.agent_tools add constraint agent_tools_pkey primary key (org_id, agent_id, live, tool_id);

-- Which version it ran; none where it tried the draft.
alter table app.calls add column agent_version integer;
alter table app.calls add constraint calls_agent_version_range check (agent_version > 0);
-- Earlier ones ran what is version 1 now, or what that was before.
update app.calls c set agent_version = 1;
create index calls_agent_version on app.calls (org_id, agent_id, agent_version, created_at desc, id desc);

-- What was saved until now was published.
insert into app.agent_versions (org_id, agent_id, number, draft, published_by, published_at)
  select a.org_id, a.id, 1, jsonb_build_object('name', a.name, 'description', a.description, 'prompt', a.prompt,
      'first_speaker', a.first_speaker, 'first_message', a.first_message, 'language', a.language, 'voice_id', a.voice_id,
      'voice_name', a.voice_name, 'temperature_percent', a.temperature_percent, 'variables', a.variables,
      'join_timeout_s', a.join_timeout_s, 'max_duration_s', a.max_duration_s, 'time_exceeded_message', a.time_exceeded_message,
      'silence', a.silence, 'turn_delay_ms', a.turn_delay_ms, 'interruption_ms', a.interruption_ms, 'recording', a.recording,
      'tool_ids', array(select b.tool_id from app.agent_tools b where b.org_id = a.org_id and b.agent_id = a.id order by b.position),
      'tags', a.tags, 'metadata', a.metadata), a.updated_by, a.updated_at
  from app.agents a;
update app.agents a set published_at = a.updated_at;
insert into app.agent_tools (org_id, agent_id, tool_id, position, live)
  select b.org_id, b.agent_id, b.tool_id, b.position, true from app.agent_tools b;

call ops.hand_over();
