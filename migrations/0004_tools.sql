-- Tools: what an agent may ask of somebody's server while it talks.
create table app.tools (
  org_id text collate "C" not null,
  id uuid not null,
  name text not null,
  name_norm text generated always as (lower(name)) stored,
  -- What the model calls it; two of one agent must differ, so two of an organization do.
  model_name text collate "C" not null,
  model_name_norm text collate "C" generated always as (lower(model_name)) stored,
  description text not null,
  method text collate "C" not null,
  url text not null,
  parameters jsonb not null default '[]',
  secret_header text collate "C" not null default '',
  -- AES-256-GCM, under a key that is not in the database, for this organization and this tool alone.
  secret_sealed bytea,
  secret_ends text not null default '',
  secret_set_at timestamptz,
  timeout_s integer not null,
  tags text[] not null default '{}',
  revision bigint not null default 1,
  provider_id text collate "C" not null,
  sync text collate "C" not null,
  sync_note text not null default '',
  sync_checked_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text collate "C" not null,
  constraint tools_pkey primary key (org_id, id),
  constraint tools_org_fk foreign key (org_id) references app.clients (org_id) on delete cascade,
  constraint tools_name_unique unique (org_id, name_norm),
  constraint tools_model_name_unique unique (org_id, model_name_norm),
  constraint tools_name_length check (length(name) between 1 and 80),
  constraint tools_model_name_form check (model_name ~ '^[a-zA-Z0-9_-]{1,64}$'),
  constraint tools_description_length check (length(description) between 1 and 1000),
  constraint tools_method_known check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  constraint tools_url_length check (length(url) <= 500),
  constraint tools_timeout_range check (timeout_s between 1 and 40),
  constraint tools_sync_known check (sync in ('synced', 'drifted', 'failed')),
  -- A secret is sealed, sent in a header and dated, or not there.
  constraint tools_secret_whole check ((secret_sealed is null) = (secret_set_at is null)
    and (secret_sealed is null) = (secret_header = '') and (secret_ends = '' or secret_sealed is not null))
);

call ops.protect('app.tools', array['name', 'model_name', 'description', 'method', 'url', 'parameters', 'secret_header', 'secret_sealed',
  'secret_ends', 'secret_set_at', 'timeout_s', 'tags', 'revision', 'provider_id', 'sync', 'sync_note', 'sync_checked_at', 'updated_at',
  'updated_by']);

-- Which tools an agent has, in its order. Written with the agent, and published with it.
create table app.agent_tools (
  org_id text collate "C" not null,
  agent_id uuid not null,
  tool_id uuid not null,
  position integer not null,
  constraint agent_tools_pkey primary key (org_id, agent_id, tool_id),
  constraint agent_tools_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id) on delete cascade,
  constraint agent_tools_tool_fk foreign key (org_id, tool_id) references app.tools (org_id, id)
);
create index agent_tools_tool on app.agent_tools (org_id, tool_id);

call ops.protect('app.agent_tools', array['position']);

alter table app.provider_links drop constraint provider_links_kind_known;
alter table app.provider_links add constraint provider_links_kind_known check (kind in ('agent', 'call', 'tool'));

-- Whether what a tool answered is that it failed.
alter table app.call_messages add column failed boolean not null default false;
-- Where a tool was used; ids of calls carry the time they were placed, so the last ones are the newest.
create index call_messages_tool on app.call_messages (org_id, tool, call_id, seq) where role = 'tool_call';
grant update (failed) on app.call_messages to switchboard_app, switchboard_worker;
