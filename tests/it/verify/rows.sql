--- Faults of the rows, in a database with two organizations.
--- Each is `-- rule: what somebody did` and the statements that do it, run as the superuser.
-- data-key: a row of an organization that never was
set local session_replication_role = replica;
insert into app.call_events (org_id, call_id, id, kind) values ('org_ghost', gen_random_uuid(), gen_random_uuid(), 'x');
-- data-key: rows left behind by their client
set local session_replication_role = replica;
delete from app.clients where org_id = 'org_bob';
-- data-key: a row of nobody
alter table app.call_events drop constraint call_events_pkey;
alter table app.call_events alter org_id drop not null;
set local session_replication_role = replica;
insert into app.call_events (call_id, id, kind) values (gen_random_uuid(), gen_random_uuid(), 'x');
-- data-sum: a row nobody accounts for
set local session_replication_role = replica;
insert into app.audit_log (org_id, client_id, id, actor, actor_kind, action, kind, object_id) values ('org_ghost', gen_random_uuid(), gen_random_uuid(), 'x', 'system', 'x', 'x', 'x');
-- data-parent: a call of another organization's agent
set local session_replication_role = replica;
delete from app.agents where org_id = 'org_ada';
-- data-parent: a message of a call that is gone
set local session_replication_role = replica;
delete from app.calls where org_id = 'org_bob';
-- data-link: a charge for another organization's call
delete from app.calls where org_id = 'org_ada';
-- data-link: a secret of another organization's key
delete from app.api_keys where org_id = 'org_ada';
-- data-client: a number of another organization
set local session_replication_role = replica;
update app.clients set id = '0b000000-0000-7000-8000-000000000000' where org_id = 'org_ada';
-- data-client: a number that nobody claimed
update identity.organizations set client_id = null where id = 'org_bob';
-- data-balance: money that no entry tells of
update app.clients set balance_micros = balance_micros + 1 where org_id = 'org_ada';
-- data-balance: an entry that moved nothing
insert into app.credit_transactions (org_id, client_id, id, kind, amount_micros, note) select org_id, id, gen_random_uuid(), 'grant', 5, 'x' from app.clients where org_id = 'org_bob';
