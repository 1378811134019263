-- Reports: what a run of `verify` or of the warden found, kept for the organization it is about, and the runs that are
-- still to come.
set local role switchboard_owner;

create table app.reports (
  org_id text collate "C" not null references app.clients (org_id) on delete cascade,
  id uuid not null,
  kind text collate "C" not null check (kind in ('isolation', 'warden')),
  state text collate "C" not null check (state in ('waiting', 'running', 'done', 'failed')),
  -- What is being asked at this moment; why it failed.
  note text not null default '' check (length(note) <= 1000),
  asked_by text collate "C" not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  clean boolean,
  questions integer not null default 0,
  broken integer not null default 0,
  body jsonb,
  primary key (org_id, id),
  constraint reports_body check ((state = 'done') = (body is not null and clean is not null))
);
create index reports_page on app.reports (org_id, kind, created_at desc, id desc);
-- Whoever asks again while a run is under way is shown that one.
create unique index reports_pending on app.reports (org_id, kind) where state in ('waiting', 'running');

-- The queue of runs. What a report says is not in it: the worker, who claims across organizations, sees no more than
-- whose turn it is.
create table app.report_runs (
  org_id text collate "C" not null,
  report_id uuid not null,
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  primary key (org_id, report_id),
  foreign key (org_id, report_id) references app.reports (org_id, id) on delete cascade
);
create index report_runs_due on app.report_runs (due_at);

call ops.protect('app.reports', 'org_id', array['state', 'note', 'ended_at', 'clean', 'questions', 'broken', 'body']);
call ops.protect('app.report_runs', 'org_id', array['due_at', 'attempts']);

drop policy org_wall on app.report_runs;
create policy org_wall on app.report_runs as restrictive for all to switchboard_app
  using (org_id = (select app.current_org())) with check (org_id = (select app.current_org()));
create policy queue_claim on app.report_runs as permissive for all to switchboard_worker using (true) with check (true);

create trigger announce after insert or update or delete on app.reports for each row execute function app.announce('reports');

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 3::bigint $$;

reset role;
