-- What agents want to know of their calls, what analysis made of each, and what organizations call their ends.

-- Part of the draft, in the form of the REST API.
alter table app.agents add column analysis jsonb not null default '{}';
alter table app.agents add constraint agents_analysis_form check (jsonb_typeof(analysis) = 'object');
grant update (analysis) on app.agents to switchboard_app, switchboard_worker;

create table app.call_analyses (
  org_id text collate "C" not null,
  call_id uuid not null,
  state text collate "C" not null default 'waiting',
  verdict text collate "C",
  sentiment text collate "C",
  summary text not null default '',
  criteria jsonb not null default '[]',
  fields jsonb not null default '[]',
  -- Why it failed or is tried again, in words.
  note text not null default '',
  model text not null default '',
  -- What was asked for, in the form of the REST API, and of which version of the agent.
  settings jsonb not null,
  agent_version integer,
  shortened boolean not null default false,
  attempts integer not null default 0,
  -- What it cost, all attempts together.
  tokens_read bigint not null default 0,
  tokens_written bigint not null default 0,
  -- When the call was placed, so that the newest with a verdict are found first.
  at timestamptz not null,
  asked_at timestamptz not null default now(),
  analyzed_at timestamptz,
  constraint call_analyses_pkey primary key (org_id, call_id),
  constraint call_analyses_call_fk foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade,
  constraint call_analyses_state_known check (state in ('waiting', 'done', 'failed')),
  constraint call_analyses_verdict_known check (verdict in ('success', 'partly', 'failure', 'unknown')),
  constraint call_analyses_sentiment_known check (sentiment in ('positive', 'neutral', 'negative', 'mixed')),
  constraint call_analyses_criteria_form check (jsonb_typeof(criteria) = 'array'),
  constraint call_analyses_fields_form check (jsonb_typeof(fields) = 'array'),
  constraint call_analyses_settings_form check (jsonb_typeof(settings) = 'object'),
  constraint call_analyses_version_range check (agent_version > 0)
);
create index call_analyses_verdict on app.call_analyses (org_id, verdict, at desc, call_id desc) where verdict is not null;
create index call_analyses_sentiment on app.call_analyses (org_id, sentiment, at desc, call_id desc) where sentiment is not null;
call ops.protect('app.call_analyses', array['state', 'verdict', 'sentiment', 'summary', 'criteria', 'fields', 'note', 'model', 'settings',
  'agent_version', 'shortened', 'attempts', 'tokens_read', 'tokens_written', 'asked_at', 'analyzed_at']);

-- The values that were found, to find calls by them: in small letters, yes and no, and numbers as they are written.
create table app.call_fields (
  org_id text collate "C" not null,
  call_id uuid not null,
  name text collate "C" not null,
  value text collate "C" not null,
  at timestamptz not null,
  constraint call_fields_pkey primary key (org_id, call_id, name),
  constraint call_fields_analysis_fk foreign key (org_id, call_id) references app.call_analyses (org_id, call_id) on delete cascade,
  constraint call_fields_name_length check (length(name) between 1 and 40),
  constraint call_fields_value_length check (length(value) between 1 and 200)
);
create index call_fields_value on app.call_fields (org_id, name, value, at desc, call_id desc);
call ops.protect('app.call_fields', array[]::text[]);

-- What an organization calls the reasons why calls end.
create table app.dispositions (
  org_id text collate "C" not null constraint dispositions_org_fk references app.clients (org_id) on delete cascade,
  end_reason text collate "C" not null,
  name text not null,
  constraint dispositions_pkey primary key (org_id, end_reason),
  constraint dispositions_name_length check (length(name) between 1 and 40)
);
call ops.protect('app.dispositions', array[]::text[]);

call ops.hand_over();
