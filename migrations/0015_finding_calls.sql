-- Calls are found again by how they ended, how long they were, what they cost, what was said, and by what people put on them.

-- Whose matter the end was; the same as `EndReason::at_fault`, which a test compares.
alter table app.calls add column at_fault text collate "C" generated always as (case
  when end_reason in ('invalid_number', 'unreachable') then 'number'
  when end_reason in ('concurrency_limit', 'provider_refused') then 'account'
  when end_reason = 'agent_missing' then 'agent'
  when end_reason = 'telephony_failed' then 'telephony'
  when end_reason in ('provider_error', 'provider_silent') then 'provider'
  when end_reason = 'platform_error' then 'platform'
  when end_reason = 'unknown' then 'unknown'
  when end_reason is not null then 'nobody' end) stored;
-- Whole seconds between answer and end.
alter table app.calls add column talk_s integer generated always as (case
  when ended_at >= joined_at then floor(extract(epoch from ended_at - joined_at))::integer
  when ended_at < joined_at then 0 end) stored;

grant update (metadata) on app.calls to switchboard_app, switchboard_worker;

-- The draft that a call tried, in the form of the REST API; what ran a version has that.
alter table app.calls add column tried_draft jsonb;
alter table app.calls add constraint calls_tried_draft_form check (jsonb_typeof(tried_draft) = 'object');

-- Of the recording, once it is in our own storage.
alter table app.calls add column recording_type text collate "C";
alter table app.calls add column recording_bytes bigint;
alter table app.calls add constraint calls_recording_stored check ((recording_type is null) = (recording_bytes is null));
grant update (recording_type, recording_bytes) on app.calls to switchboard_app, switchboard_worker;

-- Each filter finds its newest rows without looking at others. An index in the order of its own values serves a range.
create index calls_end_reason on app.calls (org_id, end_reason, created_at desc, id desc) where end_reason is not null;
create index calls_at_fault on app.calls (org_id, at_fault, created_at desc, id desc) where at_fault is not null;
create index calls_medium on app.calls (org_id, medium, created_at desc, id desc);
create index calls_placed_by on app.calls (org_id, placed_by, created_at desc, id desc);
create index calls_number on app.calls (org_id, to_number, created_at desc, id desc) where to_number is not null;
create index calls_talk on app.calls (org_id, talk_s) where talk_s is not null;
create index calls_price on app.calls (org_id, price_micros) where price_micros is not null;
-- The new one finds them, too.
drop index app.calls_to_number;

-- Words that people put on calls. `at` is when the call was placed, so that the newest with a tag are found first.
create table app.call_tags (
  org_id text collate "C" not null,
  call_id uuid not null,
  tag text collate "C" not null,
  at timestamptz not null,
  constraint call_tags_pkey primary key (org_id, call_id, tag),
  constraint call_tags_call_fk foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade,
  constraint call_tags_tag_length check (length(tag) between 1 and 40)
);
create index call_tags_tag on app.call_tags (org_id, tag, at desc, call_id desc);
call ops.protect('app.call_tags', array[]::text[]);

-- What colleagues write beside a call.
create table app.call_notes (
  org_id text collate "C" not null,
  call_id uuid not null,
  id uuid not null,
  text text not null,
  written_by text collate "C" not null,
  written_at timestamptz not null default now(),
  constraint call_notes_pkey primary key (org_id, call_id, id),
  constraint call_notes_call_fk foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade,
  constraint call_notes_text_length check (length(text) between 1 and 4000)
);
call ops.protect('app.call_notes', array[]::text[]);

-- The words of a whole conversation, to search for; written once its transcript is complete.
create table app.call_texts (
  org_id text collate "C" not null,
  call_id uuid not null,
  -- When the call was placed, in UTC.
  day date not null,
  words tsvector not null,
  -- Whether `call_words` has them.
  indexed boolean not null default false,
  constraint call_texts_pkey primary key (org_id, call_id),
  constraint call_texts_call_fk foreign key (org_id, call_id) references app.calls (org_id, id) on delete cascade
);
create index call_texts_due on app.call_texts (org_id, call_id) where not indexed;
call ops.protect('app.call_texts', array['indexed']);

-- Which calls of a day have a word. What is searched for is looked up here first: under row security Postgres uses no GIN index.
create table app.call_words (
  org_id text collate "C" not null constraint call_words_org_fk references app.clients (org_id) on delete cascade,
  word text collate "C" not null,
  day date not null,
  calls uuid[] not null,
  constraint call_words_pkey primary key (org_id, word, day),
  constraint call_words_word_length check (length(word) between 1 and 60)
);
call ops.protect('app.call_words', array['calls']);

insert into app.call_texts (org_id, call_id, day, words, indexed)
  select m.org_id, m.call_id, (c.created_at at time zone 'UTC')::date,
    to_tsvector('simple', left(string_agg(m.text, ' ' order by m.seq), 500000)), true
  from app.call_messages m join app.calls c on c.org_id = m.org_id and c.id = m.call_id
  where m.role in ('agent', 'person') and c.status in ('completed', 'not_connected', 'failed', 'canceled')
  group by m.org_id, m.call_id, c.created_at;
insert into app.call_words (org_id, word, day, calls)
  select t.org_id, u.word, t.day, array_agg(t.call_id)
  from app.call_texts t cross join lateral (select distinct left(x.lexeme, 60) as word from unnest(t.words) x) u
  group by t.org_id, u.word, t.day;

-- Filters under a name: of the person who saved them, or of everybody.
create table app.call_views (
  org_id text collate "C" not null constraint call_views_org_fk references app.clients (org_id) on delete cascade,
  id uuid not null,
  name text not null,
  -- A filter in the form of the REST API.
  filter jsonb not null,
  shared boolean not null,
  saved_by text collate "C" not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint call_views_pkey primary key (org_id, id),
  constraint call_views_name_length check (length(name) between 1 and 60),
  constraint call_views_filter_form check (jsonb_typeof(filter) = 'object' and length(filter::text) <= 8000)
);
call ops.protect('app.call_views', array['name', 'filter', 'shared', 'updated_at']);

call ops.hand_over();
