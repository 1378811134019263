-- Recordings and transcripts are kept as long as the agent says, and deleted then; null keeps them for good.

alter table app.agents add column recording_days smallint;
alter table app.agents add constraint agents_recording_days_range check (recording_days between 1 and 3650);
alter table app.agents add column transcript_days smallint;
alter table app.agents add constraint agents_transcript_days_range check (transcript_days between 1 and 3650);
grant update (recording_days, transcript_days) on app.agents to switchboard_app, switchboard_worker;

-- As the version said that the call ran. Deleted at the first midnight, UTC, after so many whole days.
alter table app.calls add column recording_days smallint;
alter table app.calls add column transcript_days smallint;
alter table app.calls add column recording_until timestamptz generated always as
  (((ended_at at time zone 'UTC')::date + recording_days + 1)::timestamp at time zone 'UTC') stored;
alter table app.calls add column transcript_until timestamptz generated always as
  (((ended_at at time zone 'UTC')::date + transcript_days + 1)::timestamp at time zone 'UTC') stored;
alter table app.calls add column transcript_deleted_at timestamptz;
grant update (transcript_deleted_at) on app.calls to switchboard_app, switchboard_worker;

alter table app.calls drop constraint calls_recording_known;
alter table app.calls add constraint calls_recording_known check (recording in ('none', 'pending', 'ready', 'failed', 'deleted'));

create index calls_recording_until on app.calls (org_id, recording_until) where recording in ('pending', 'ready', 'failed');
create index calls_transcript_until on app.calls (org_id, transcript_until) where transcript_deleted_at is null and joined_at is not null;
