--- Faults that a canary dies of, run as the superuser in a database of their own with two organizations.
-- canary-foreign: a table open to all
alter policy org_isolation on app.agents using (true);
alter policy org_wall on app.agents using (true);
-- canary-foreign: row security switched off
alter table app.audit_log disable row level security;
-- canary-foreign: a billing table open to whoever has the same people
alter policy org_isolation on app.users using (user_id = 'user_canary');
alter policy org_wall on app.users using (user_id = 'user_canary');
-- canary-foreign: a function that answers for everybody
create or replace function identity.pending_invitations()
  returns table (id uuid, email text, role text, invited_by text, created_at timestamptz, expires_at timestamptz,
    mail_sent_at timestamptz, mail_error text)
  language sql stable security definer set search_path = ''
  as $$ select gen_random_uuid(), c.org_id, '', '', now(), now(), now(), '' from app.clients c $$;
alter function identity.pending_invitations() owner to switchboard_warden;
-- canary-own: a door that is shut
alter policy org_isolation on app.call_events using (false);
-- canary-own: a table nobody plants in
create table app.notes (org_id text collate "C" not null, id uuid not null, text text not null, primary key (org_id, id));
call ops.protect('app.notes', array['text']);
-- canary-own: a grant that is gone
revoke select on app.calls from switchboard_app;
