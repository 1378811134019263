-- Where this side and the provider's differ, since when and in what, and what has mended itself.

alter table app.provider_links add column differs_since timestamptz;
-- What the last comparison found, in words; empty where nothing was compared.
alter table app.provider_links add column difference text not null default '';
alter table app.provider_links add constraint provider_links_difference_length check (length(difference) <= 1000);
-- Why the last look failed, in words.
alter table app.provider_links add column failure text not null default '';
alter table app.provider_links add constraint provider_links_failure_length check (length(failure) <= 1000);
grant update (differs_since, difference, failure) on app.provider_links to switchboard_app, switchboard_worker;
create index provider_links_differs on app.provider_links (org_id, differs_since desc, object_id desc) where differs_since is not null;

create table app.reconciliations (
  org_id text collate "C" not null constraint reconciliations_org_fk references app.clients (org_id) on delete cascade,
  id uuid not null,
  kind text collate "C" not null,
  -- It may be gone, and its name with it.
  object_id uuid not null,
  name text not null,
  outcome text collate "C" not null,
  differed_since timestamptz not null,
  created_at timestamptz not null default now(),
  constraint reconciliations_pkey primary key (org_id, id),
  constraint reconciliations_kind_known check (kind in ('agent', 'call', 'tool')),
  constraint reconciliations_name_length check (length(name) <= 200),
  constraint reconciliations_outcome_known check (outcome in ('removed', 'deleted', 'published', 'agreed', 'found', 'nothing_there'))
);
call ops.protect('app.reconciliations', array[]::text[]);

call ops.hand_over();
