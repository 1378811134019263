-- Tests of agents: a scripted caller, what makes the talk a success, what tools answer meanwhile, and how each run went.

create table app.agent_tests (
  org_id text collate "C" not null,
  id uuid not null,
  agent_id uuid not null,
  name text not null,
  -- Who calls and what they want, for the language model that speaks for them.
  caller text not null,
  max_turns smallint not null,
  -- In the form of the REST API.
  criteria jsonb not null,
  mocks jsonb not null default '[]',
  variables jsonb not null default '{}',
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint agent_tests_pkey primary key (org_id, id),
  constraint agent_tests_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id) on delete cascade,
  constraint agent_tests_name_length check (length(name) between 1 and 80),
  constraint agent_tests_caller_length check (length(caller) between 1 and 4000),
  constraint agent_tests_turns_range check (max_turns between 2 and 20),
  constraint agent_tests_criteria_form check (jsonb_typeof(criteria) = 'array'),
  constraint agent_tests_mocks_form check (jsonb_typeof(mocks) = 'array'),
  constraint agent_tests_variables_form check (jsonb_typeof(variables) = 'object')
);
create unique index agent_tests_name_unique on app.agent_tests (org_id, agent_id, lower(name));
call ops.protect('app.agent_tests', array['name', 'caller', 'max_turns', 'criteria', 'mocks', 'variables', 'revision', 'updated_at']);

create table app.agent_test_runs (
  org_id text collate "C" not null,
  id uuid not null,
  test_id uuid not null,
  agent_id uuid not null,
  state text collate "C" not null default 'waiting',
  -- Why it came to nothing or is tried again, in words.
  note text not null default '',
  criteria jsonb not null default '[]',
  said jsonb not null default '[]',
  -- Of the draft and the test that ran: another draft, and this run says nothing of it.
  fingerprint text collate "C" not null default '',
  model text not null default '',
  tokens_read bigint not null default 0,
  tokens_written bigint not null default 0,
  asked_by text collate "C" not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint agent_test_runs_pkey primary key (org_id, id),
  constraint agent_test_runs_test_fk foreign key (org_id, test_id) references app.agent_tests (org_id, id) on delete cascade,
  constraint agent_test_runs_state_known check (state in ('waiting', 'passed', 'failed', 'stopped')),
  constraint agent_test_runs_criteria_form check (jsonb_typeof(criteria) = 'array'),
  constraint agent_test_runs_said_form check (jsonb_typeof(said) = 'array')
);
-- Of each test the newest.
create index agent_test_runs_test on app.agent_test_runs (org_id, test_id, created_at desc, id desc);
-- One run of a test at a time.
create unique index agent_test_runs_waiting_unique on app.agent_test_runs (org_id, test_id) where state = 'waiting';
call ops.protect('app.agent_test_runs', array['state', 'note', 'criteria', 'said', 'fingerprint', 'model', 'tokens_read', 'tokens_written', 'ended_at']);

-- Part of the draft: whether publishing waits for the tests.
alter table app.agents add column publish_needs_tests boolean not null default false;
grant update (publish_needs_tests) on app.agents to switchboard_app, switchboard_worker;

call ops.hand_over();
