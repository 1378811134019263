--- Faults that the program's own logins run into, in a database with two organizations.
--- Each is `-- rule: what somebody did` and the statements that do it, run as the superuser.
-- probe-blind: row security switched off
alter table app.calls disable row level security;
-- probe-blind: an organization to fall back on
create or replace function app.current_org() returns text language sql stable as $$ select coalesce(nullif(current_setting('app.org_id', true), ''), 'org_bob') $$;
-- probe-own: one more door and no wall
drop policy org_wall on app.calls;
create policy support on app.calls to switchboard_app using (true);
-- probe-own: rows that are hidden
create policy hide on app.agents as restrictive using (name <> 'Bob');
-- probe-write: a door and a wall that write anything
alter policy org_isolation on app.calls with check (true);
alter policy org_wall on app.calls with check (true);
-- probe-write: a door that is shut
alter policy org_isolation on app.agents with check (false);
-- probe-reach: a door and a wall that show anything
alter policy org_isolation on app.call_messages using (true);
alter policy org_wall on app.call_messages using (true);
-- probe-move: UPDATE of the key
grant update (org_id) on app.agents to switchboard_app;
-- probe-move: UPDATE of whole rows
grant update on app.api_keys to switchboard_worker;
