--- Faults that statements slow down for, run as the superuser in a database of their own with many rows.
-- plan-index: an index that is gone
drop index app.calls_page;
-- plan-index: a key that begins with something else
alter table app.call_events drop constraint call_events_pkey;
create index call_events_id on app.call_events (id);
-- plan-reads: a door that is asked for every row
create function app.is_ours(org text) returns boolean language sql stable
  as $$ select exists (select from app.clients c where c.org_id = org and c.org_id = app.current_org()) $$;
grant execute on function app.is_ours(text) to public;
alter policy org_isolation on app.agents using (app.is_ours(org_id));
-- plan-reads: a wall that is asked for every row
create function app.is_ours(org text) returns boolean language sql stable
  as $$ select exists (select from app.clients c where c.org_id = org and c.org_id = app.current_org()) $$;
grant execute on function app.is_ours(text) to public;
alter policy org_wall on app.call_messages using (app.is_ours(org_id));
