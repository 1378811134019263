-- One queue: whatever outlives a request is a job in ops.jobs until it is done. The table is no tenant's: the worker claims
-- from it across organizations and then acts inside one. The app cannot read it; it enqueues through a function.
set local role switchboard_owner;

create table ops.jobs (
  id uuid not null,
  kind text collate "C" not null,
  -- Whose work it is; empty for the installation's own.
  org_id text collate "C" not null,
  -- Ids. Content stays where it is protected.
  payload jsonb not null,
  -- Of jobs with the same key there is one at a time.
  dedup_key text collate "C",
  state text collate "C" not null default 'ready',
  -- Ready: when it is due. Leased: when the lease ends. Parked: since when.
  run_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- The fencing token: each claim raises it, and only the newest holder may settle the job.
  lease bigint not null default 0,
  -- It was enqueued once more while it ran.
  again boolean not null default false,
  error text,
  created_at timestamptz not null default now(),
  constraint jobs_pkey primary key (id),
  constraint jobs_kind_check check (kind ~ '^[a-z_]{1,40}$'),
  constraint jobs_org_id_check check (org_id ~ '^((org|user)_[A-Za-z0-9]{1,64})?$'),
  constraint jobs_state_check check (state in ('ready', 'leased', 'parked')),
  constraint jobs_error_check check (length(error) <= 500)
  -- Rows come and go: the index of what is due must not drag dead entries along.
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create unique index jobs_kind_org_id_dedup_key_key on ops.jobs (kind, org_id, dedup_key);

create index jobs_claim on ops.jobs (kind, org_id, run_at) where state <> 'parked';

create index jobs_due on ops.jobs (kind, run_at) where state <> 'parked';

-- The last slot of each schedule that was enqueued, so that of many processes one enqueues the next.
create table ops.schedules (
  kind text collate "C" not null,
  slot timestamptz not null,
  constraint schedules_pkey primary key (kind)
);

-- Adds a job and wakes the workers when the transaction commits. A job that waits under the same key is due at the earlier
-- of the two times; one that runs is run once more afterwards; one that is parked begins anew.
create function ops.enqueue(job uuid, job_kind text, org text, job_payload jsonb, job_key text, delay_s double precision) returns void
  language plpgsql volatile set search_path = ''
  as $$ begin
    insert into ops.jobs as j (id, kind, org_id, payload, dedup_key, run_at)
      values (job, job_kind, org, job_payload, job_key, now() + make_interval(secs => delay_s))
      on conflict (kind, org_id, dedup_key) do update set
        payload = excluded.payload,
        again = j.state = 'leased',
        run_at = case j.state when 'ready' then least(j.run_at, excluded.run_at)
                              when 'leased' then j.run_at else excluded.run_at end,
        attempts = case j.state when 'parked' then 0 else j.attempts end,
        state = case j.state when 'parked' then 'ready' else j.state end;
    perform pg_notify('switchboard_jobs', job_kind);
  end $$;

-- A job of the current organization, from whoever has entered it.
create function app.enqueue(job uuid, job_kind text, job_payload jsonb, job_key text, delay_s double precision) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$ begin
    if app.current_org() is null then
      raise exception 'a job needs an organization' using errcode = '42501';
    end if;
    perform ops.enqueue(job, job_kind, app.current_org(), job_payload, job_key, delay_s);
  end $$;

-- What is in a mail stays in the outbox, which only switchboard_identity reads; the job knows its id.
create function identity.enqueue_mail(mail uuid, recipient text, mail_subject text, mail_body text) returns void
  language plpgsql volatile security definer set search_path = ''
  as $$ begin
    insert into identity.outbox (id, recipient, subject, body) values (mail, recipient, mail_subject, mail_body);
    perform ops.enqueue(gen_random_uuid(), 'mail', coalesce(app.current_org(), ''), jsonb_build_object('mail', mail), null, 0);
  end $$;

create or replace function identity.invite(invitation uuid, address text, as_role text, link_hash bytea, mail uuid, mail_subject text, mail_body text)
  returns void language plpgsql volatile security definer set search_path = ''
  as $$ begin
    update identity.invitations i set revoked_at = now()
      where i.org_id = app.current_org() and i.email_norm = lower(address)
        and i.accepted_at is null and i.declined_at is null and i.revoked_at is null;
    insert into identity.invitations (org_id, id, email, role, token_hash, invited_by, expires_at)
      values (app.current_org(), invitation, address, as_role, link_hash, app.current_person(), now() + interval '7 days');
    perform identity.enqueue_mail(mail, address, mail_subject, mail_body);
  end $$;

-- The outbox holds mails and the inbox events; when each is next attended to is a job's business.
drop index identity.outbox_due;

alter table identity.outbox drop column attempts, drop column next_at;

drop index ops.inbox_due;

alter table ops.inbox drop column attempts, drop column next_at;

-- When it was applied; with an error beside it, when it was given up.
alter table ops.inbox rename column done_at to settled_at;

drop table app.report_runs;

-- Links to a provider's objects keep when they are due beside what is intended; workers claim them like jobs.
alter table app.mirrors add column lease bigint not null default 0;

grant update (lease) on app.mirrors to switchboard_worker;

drop index app.mirrors_due;

create index mirrors_claim on app.mirrors (kind, org_id, due_at) where due_at < 'infinity';

create index mirrors_due on app.mirrors (kind, due_at) where due_at < 'infinity';

grant select, insert, update, delete on ops.jobs, ops.schedules to switchboard_worker;

grant select on ops.jobs, ops.schedules to switchboard_backup;

grant execute on function ops.enqueue(uuid, text, text, jsonb, text, double precision) to switchboard_worker;

grant execute on function app.enqueue(uuid, text, jsonb, text, double precision) to switchboard_app, switchboard_worker;

grant execute on function identity.enqueue_mail(uuid, text, text, text) to switchboard_identity;

create or replace function app.schema_version() returns bigint language sql immutable as $$ select 7::bigint $$;

reset role;
