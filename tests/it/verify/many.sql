-- Rows enough for the planner to want an index, beside those of two_organizations.sql. Run as the superuser.
insert into app.agents (org_id, id, name, first_speaker, language, voice_id, join_timeout_s, max_duration_s, turn_delay_ms,
    interruption_ms, recording, provider_id, sync, updated_by, created_at)
  select c.org_id, gen_random_uuid(), 'Agent ' || n, 'agent', 'en', 'voice', 30, 600, 0, 0, false, 'agent', 'synced', 'x',
    now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.contacts (org_id, id, name, updated_by, created_at)
  select c.org_id, gen_random_uuid(), 'Contact ' || n, 'x', now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.contact_folders (org_id, id, name, color, updated_by, created_at)
  select c.org_id, gen_random_uuid(), 'Folder ' || n, 'gray', 'x', now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.tools (org_id, id, name, model_name, description, method, url, timeout_s, provider_id, sync, updated_by, created_at)
  select c.org_id, gen_random_uuid(), 'Tool ' || n, 'tool_' || n, 'Looks something up.', 'GET', 'https://tools.example', 20, 'tool', 'synced', 'x',
    now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.voices (org_id, id, name, description, language, accent, speaker, consent_statement, consent_by, updated_by, created_at)
  select c.org_id, gen_random_uuid(), 'Voice ' || n, '', 'en', '', 'Somebody', 'I agree.', 'x', 'x', now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.knowledge_bases (org_id, id, name, description, updated_by, created_at)
  select c.org_id, gen_random_uuid(), 'Knowledge ' || n, '', 'x', now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.knowledge_sources (org_id, id, base_id, kind, name, created_by, created_at)
  select b.org_id, gen_random_uuid(), b.id, 'text', 'Source', 'x', b.created_at from app.knowledge_bases b;
insert into app.calls (org_id, id, agent_name, medium, status, placed_by, created_at)
  select c.org_id, gen_random_uuid(), 'Agent', 'text', 'completed', 'x', now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.call_messages (org_id, call_id, seq, role, text)
  select c.org_id, c.id, n, 'agent', 'Hello.'
  from (select org_id, id from app.calls order by id limit 100) c, generate_series(2, 61) n;
insert into app.call_events (org_id, call_id, id, kind)
  select c.org_id, c.id, gen_random_uuid(), 'joined' from app.calls c, generate_series(1, 2) n;
insert into app.api_keys (org_id, client_id, id, name, short, scopes, created_at)
  select c.org_id, c.id, gen_random_uuid(), 'Key', 'abcdefgh', '{}', now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
insert into app.audit_log (org_id, client_id, id, actor, actor_kind, action, kind, object_id, at)
  select c.org_id, c.id, gen_random_uuid(), 'system', 'system', 'create', 'agents', 'x', now() - n * interval '1 second'
  from app.clients c, generate_series(1, 3000) n;
analyze;
