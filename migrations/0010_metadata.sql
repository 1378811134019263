-- What programs write beside agents and calls, to find them again by names of their own.
alter table app.agents add column metadata jsonb not null default '{}';
-- Sixteen names of 40 characters with values of 500, each of which may take two when it is written.
alter table app.agents add constraint agents_metadata_form check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 17000);
grant update (metadata) on app.agents to switchboard_app, switchboard_worker;

alter table app.calls add column metadata jsonb not null default '{}';
alter table app.calls add constraint calls_metadata_form check (jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 17000);
