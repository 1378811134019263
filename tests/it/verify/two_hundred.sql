-- Brings schema app to 200 tables, each protected and connected as the product's own are. Run as a superuser.
begin;
set local role switchboard_owner;
do $$
declare
  there integer := (select count(*) from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r');
  n integer;
begin
  for n in there + 1 .. 200 loop
    execute format('create table app.thing_%1$s (
        org_id text collate "C" not null constraint thing_%1$s_org_fk references app.clients (org_id) on delete cascade,
        id uuid not null,
        agent_id uuid,
        name text not null constraint thing_%1$s_name_length check (length(name) <= 80),
        state text collate "C" not null constraint thing_%1$s_state_known check (state in (''draft'', ''live'')),
        amount_micros bigint not null default 0,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint thing_%1$s_pkey primary key (org_id, id),
        constraint thing_%1$s_name_unique unique (org_id, name),
        constraint thing_%1$s_agent_fk foreign key (org_id, agent_id) references app.agents (org_id, id))', n);
    execute format('create index on app.thing_%s (org_id, agent_id)', n);
    call ops.protect(format('app.thing_%s', n), array['agent_id', 'name', 'state', 'amount_micros', 'updated_at']);
  end loop;
end $$;
commit;
