-- How long a call may last at most, its ringing included, by what its agent said when it was placed. Calls of before get the
-- longest that any agent could ask for.
alter table app.calls add column longest_s integer not null default 14700;

-- The call that a request has placed, written with the call: what a repeat is led to when the answer was lost.
alter table app.idempotency_keys add column call_id uuid;
grant update (call_id) on app.idempotency_keys to switchboard_app, switchboard_worker;
