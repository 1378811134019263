--- Statements that Citus has refused, each in the form in which it was refused (`docs/scaling.md`).
--- Each is `-- rule: what somebody wrote` and the statement.
-- statement-org: a list of all organizations
select a.id, a.name from app.agents a order by a.created_at desc limit 50;
-- statement-org: a billing row by its client alone
select k.scopes from app.api_keys k where k.client_id = (select c.id from app.clients c where c.id = $1) and k.id = $2;
-- statement-org: a claim over all servers
update app.calls m set status = 'failed' from (select d.org_id, d.id from app.calls d
  where d.status = 'queued' order by d.created_at limit $1 for update skip locked) due where m.org_id = due.org_id and m.id = due.id;
-- statement-org: a row without its organization
insert into app.users (client_id, user_id, email, name) values ($1, $2, $3, $4);
-- statement-mixed: rows and a queue
select count(*) from app.calls c join app.provider_links m on m.org_id = c.org_id and m.object_id = c.id where c.org_id = $1;
-- statement-mixed: rows and people
select m.role from app.agents a join identity.memberships m on m.org_id = a.org_id where a.org_id = $1;
-- statement-move: a row that moves
update app.agents set name = $3, org_id = $4 where org_id = $1 and id = $2;
-- statement-upsert: the time in a conflict
insert into app.users as u (org_id, client_id, user_id, email, name) values ($1, $2, $3, $4, $5)
  on conflict (org_id, user_id) do update set email = excluded.email, name = excluded.name, seen_at = now();
-- statement-coalesce: the time where there was none
update app.api_keys set revoked_at = coalesce(revoked_at, now()) where org_id = $1 and id = $2 returning name;
-- statement-coalesce: the time in a case
update app.calls set ended_at = case when status = 'failed' then clock_timestamp() else ended_at end where org_id = $1 and id = $2;
-- statement-case: a case of values
update app.calls set status = case status when 'queued' then 'ringing' else status end where org_id = $1 and id = $2;
-- statement-returning: what was made, without a name
insert into app.api_keys (org_id, client_id, id, name, short, scopes)
  select c.org_id, c.id, $2, $3, $4, $5 from app.clients c where c.org_id = $1 returning id, name;
-- statement-set: a question in the text of the setting
set local app.org_id = 'org_x'; select c.id, c.balance_micros from app.clients c where c.org_id = $1;
-- statement-set: a migration in the text of the setting
set local lock_timeout = 1000; create table app.notes (org_id text);
-- migration-role: the owner for a while
set local role switchboard_owner;
-- migration-role: and back
reset role;
-- migration-constraint: a check without a name
create table app.notes (org_id text collate "C" not null, text text not null check (length(text) <= 500));
-- migration-constraint: a primary key without a name
create table app.notes (org_id text collate "C" not null, id uuid not null, primary key (org_id, id));
-- migration-constraint: a foreign key without a name
create table app.notes (org_id text collate "C" not null references app.clients (org_id));
-- migration-constraint: a foreign key of two columns without a name
alter table app.calls add foreign key (org_id, agent_id) references app.agents (org_id, id);
-- migration-constraint: a unique key without a name
alter table app.agents add unique (org_id, name_norm);
-- migration-column: a column that comes with a check
alter table app.agents add column mood text constraint agents_mood_known check (mood in ('good', 'bad'));
-- migration-column: a column that comes with a foreign key, among others
alter table app.calls add seen boolean, add folder_id uuid constraint calls_folder_fk references app.folders (id);
