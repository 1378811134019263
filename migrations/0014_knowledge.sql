-- Knowledge bases: what agents look up while they talk, made of sources that are read into passages.
create table app.knowledge_bases (
  org_id text collate "C" not null,
  id uuid not null,
  name text not null,
  name_norm text not null generated always as (lower(name)) stored,
  description text not null,
  revision bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  updated_by text collate "C" not null,
  constraint knowledge_bases_pkey primary key (org_id, id),
  constraint knowledge_bases_org_fk foreign key (org_id) references app.clients (org_id) on delete cascade,
  constraint knowledge_bases_name_unique unique (org_id, name_norm),
  constraint knowledge_bases_name_length check (length(name) between 1 and 80),
  constraint knowledge_bases_description_length check (length(description) <= 500)
);
call ops.protect('app.knowledge_bases', array['name', 'description', 'revision', 'updated_at', 'updated_by']);

create table app.knowledge_sources (
  org_id text collate "C" not null,
  id uuid not null,
  base_id uuid not null,
  kind text collate "C" not null,
  name text not null,
  -- Searched only while it is on.
  enabled boolean not null default true,
  state text collate "C" not null default 'waiting',
  -- Why it failed or what is missing, in words.
  note text not null default '',
  content_type text collate "C" not null default '',
  bytes integer not null default 0,
  -- Of the content that is stored, so that a reading of an earlier one is not taken for it.
  sha256 text collate "C" not null default '',
  -- Pages of a file, or of a website.
  pages integer,
  passages integer not null default 0,
  -- Where it is fetched from, and how much of it.
  url text not null default '',
  depth integer not null default 0,
  page_limit integer not null default 1,
  -- Days between two readings; 0 reads it when somebody asks.
  every_days integer not null default 0,
  due_at timestamptz,
  -- The pages of a website, each with what became of it.
  fetched jsonb not null default '[]',
  created_at timestamptz not null default now(),
  created_by text collate "C" not null,
  read_at timestamptz,
  constraint knowledge_sources_pkey primary key (org_id, id),
  constraint knowledge_sources_base_fk foreign key (org_id, base_id) references app.knowledge_bases (org_id, id) on delete cascade,
  constraint knowledge_sources_kind_known check (kind in ('file', 'text', 'address', 'sitemap')),
  constraint knowledge_sources_state_known check (state in ('waiting', 'reading', 'ready', 'empty', 'failed')),
  constraint knowledge_sources_name_length check (length(name) between 1 and 200),
  constraint knowledge_sources_passages_range check (passages >= 0),
  -- What nothing is found in is never ready.
  constraint knowledge_sources_ready_whole check (state <> 'ready' or passages > 0),
  constraint knowledge_sources_depth_range check (depth between 0 and 3),
  constraint knowledge_sources_page_limit_range check (page_limit between 1 and 200),
  constraint knowledge_sources_every_days_range check (every_days between 0 and 90)
);
create index knowledge_sources_base on app.knowledge_sources (org_id, base_id, created_at desc, id desc);
call ops.protect('app.knowledge_sources', array['name', 'enabled', 'state', 'note', 'content_type', 'bytes', 'sha256', 'pages', 'passages',
  'url', 'depth', 'page_limit', 'every_days', 'due_at', 'fetched', 'read_at']);

-- A file or a text as it was given.
create table app.knowledge_files (
  org_id text collate "C" not null,
  source_id uuid not null,
  content bytea not null,
  constraint knowledge_files_pkey primary key (org_id, source_id),
  constraint knowledge_files_source_fk foreign key (org_id, source_id) references app.knowledge_sources (org_id, id) on delete cascade,
  constraint knowledge_files_content_length check (length(content) <= 20971520)
);
call ops.protect('app.knowledge_files', array['content']);

-- What a search finds. No index on the words: one that is shared by all organizations would tell by its time what others have,
-- and the passages of a base are few enough to be looked through.
create table app.knowledge_passages (
  org_id text collate "C" not null,
  base_id uuid not null,
  source_id uuid not null,
  position integer not null,
  heading text not null,
  page integer,
  url text not null default '',
  body text not null,
  -- The words as src/knowledge/words.rs tells them apart.
  words tsvector not null,
  constraint knowledge_passages_pkey primary key (org_id, source_id, position),
  constraint knowledge_passages_source_fk foreign key (org_id, source_id) references app.knowledge_sources (org_id, id) on delete cascade,
  constraint knowledge_passages_base_fk foreign key (org_id, base_id) references app.knowledge_bases (org_id, id) on delete cascade,
  constraint knowledge_passages_position_range check (position >= 0),
  constraint knowledge_passages_body_length check (length(body) between 1 and 8000)
);
create index knowledge_passages_base on app.knowledge_passages (org_id, base_id);
call ops.protect('app.knowledge_passages', array[]::text[]);

-- A question, and what has to be found by it.
create table app.knowledge_checks (
  org_id text collate "C" not null,
  id uuid not null,
  base_id uuid not null,
  query text not null,
  -- Words of the passage; empty where nothing shall be found.
  expected text not null,
  -- It has to be among so many.
  within integer not null,
  created_at timestamptz not null default now(),
  created_by text collate "C" not null,
  constraint knowledge_checks_pkey primary key (org_id, id),
  constraint knowledge_checks_base_fk foreign key (org_id, base_id) references app.knowledge_bases (org_id, id) on delete cascade,
  constraint knowledge_checks_query_length check (length(query) between 1 and 500),
  constraint knowledge_checks_expected_length check (length(expected) <= 500),
  constraint knowledge_checks_within_range check (within between 1 and 10)
);
create index knowledge_checks_base on app.knowledge_checks (org_id, base_id, created_at, id);
call ops.protect('app.knowledge_checks', array[]::text[]);

-- Which bases an agent looks things up in, in its order: those of its draft, and those of its live version.
create table app.agent_knowledge (
  org_id text collate "C" not null,
  agent_id uuid not null,
  base_id uuid not null,
  position integer not null,
  live boolean not null default false,
  constraint agent_knowledge_pkey primary key (org_id, agent_id, live, base_id),
  constraint agent_knowledge_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id) on delete cascade,
  constraint agent_knowledge_base_fk foreign key (org_id, base_id) references app.knowledge_bases (org_id, id)
);
create index agent_knowledge_base on app.agent_knowledge (org_id, base_id);
call ops.protect('app.agent_knowledge', array['position']);

-- A call is found by its provider's id when its agent looks something up.
create index calls_provider_id on app.calls (org_id, provider_id) where provider_id is not null;

call ops.hand_over();
