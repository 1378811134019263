-- Two organizations with a row in every tenant table, under the same ids in both. Run as the superuser, in two parts.
insert into identity.users (id, email, name) values
  ('user_ada', 'ada@ada.example', 'Ada'), ('user_bob', 'bob@bob.example', 'Bob');
insert into identity.organizations (id, name, client_id) values
  ('org_ada', 'Ada', '0a000000-0000-7000-8000-000000000000'), ('org_bob', 'Bob', '0b000000-0000-7000-8000-000000000000');
insert into identity.memberships (org_id, user_id, role) values
  ('org_ada', 'user_ada', 'owner'), ('org_bob', 'user_bob', 'owner');

insert into app.clients (org_id, id, name, balance_micros) values
  ('org_ada', '0a000000-0000-7000-8000-000000000000', 'Ada', -1), ('org_bob', '0b000000-0000-7000-8000-000000000000', 'Bob', -1);
insert into app.users (org_id, client_id, user_id, email, name) select org_id, id, 'user_ada', 'ada@ada.example', name from app.clients;
insert into app.api_keys (org_id, client_id, id, name, short, scopes)
  select org_id, id, '00000000-0000-7000-8000-000000000001', name, 'abcdefgh', '{}' from app.clients;
insert into identity.api_key_secrets (short, secret_hash, org_id, key_id)
  values ('abcdefgh', 'x', 'org_ada', '00000000-0000-7000-8000-000000000001');
insert into app.credit_transactions (org_id, client_id, id, kind, amount_micros, call_id)
  select org_id, id, '00000000-0000-7000-8000-000000000002', 'call', -1, '00000000-0000-7000-8000-000000000004' from app.clients;
insert into app.audit_log (org_id, client_id, id, actor, actor_kind, action, kind, object_id)
  select org_id, id, '00000000-0000-7000-8000-000000000005', 'system', 'system', 'create', 'agent', 'x' from app.clients;
insert into app.idempotency_keys (org_id, client_id, route, key, body_hash) select org_id, id, '/api/v1/agents', 'once', 'x' from app.clients;

-- Here the test plants a row of every registered resource.
insert into app.agent_tools (org_id, agent_id, tool_id, position)
  select org_id, '00000000-0000-7000-8000-00000000ca02', '00000000-0000-7000-8000-00000000ca01', 0 from app.clients;
insert into app.agent_knowledge (org_id, agent_id, base_id, position)
  select org_id, '00000000-0000-7000-8000-00000000ca02', id, 0 from app.knowledge_bases;
insert into app.voice_samples (org_id, voice_id, content) select org_id, id, 'sound' from app.voices;
insert into app.knowledge_sources (org_id, id, base_id, kind, name, created_by)
  select org_id, '00000000-0000-7000-8000-00000000ca08', id, 'text', 'Plans', 'x' from app.knowledge_bases;
insert into app.knowledge_files (org_id, source_id, content) select org_id, id, 'text' from app.knowledge_sources;
insert into app.knowledge_passages (org_id, base_id, source_id, position, heading, body, words)
  select org_id, base_id, id, 0, '', 'A crown.', 'crown' from app.knowledge_sources;
insert into app.knowledge_checks (org_id, id, base_id, query, expected, within, created_by)
  select org_id, '00000000-0000-7000-8000-00000000ca09', id, 'A crown?', 'crown', 1, 'x' from app.knowledge_bases;
insert into app.calls (org_id, id, agent_id, agent_name, medium, status, placed_by)
  select org_id, '00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-00000000ca02', name, 'text', 'completed', 'x'
  from app.clients;
insert into app.call_messages (org_id, call_id, seq, role, text)
  select org_id, '00000000-0000-7000-8000-000000000004', 1, 'agent', 'Hello.' from app.clients;
insert into app.call_events (org_id, call_id, id, kind)
  select org_id, '00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000006', 'joined' from app.clients;
insert into app.call_tags (org_id, call_id, tag, at) select org_id, '00000000-0000-7000-8000-000000000004', 'vip', now() from app.clients;
insert into app.call_notes (org_id, call_id, id, text, written_by)
  select org_id, '00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000008', 'Asked twice.', 'x' from app.clients;
insert into app.call_texts (org_id, call_id, day, words)
  select org_id, '00000000-0000-7000-8000-000000000004', '2026-11-30', to_tsvector('simple', 'Hello.') from app.clients;
insert into app.call_words (org_id, word, day, calls) select org_id, 'hello', '2026-11-30', '{}' from app.clients;
insert into app.call_views (org_id, id, name, filter, shared, saved_by)
  select org_id, '00000000-0000-7000-8000-000000000009', 'Failed', '{}', true, 'x' from app.clients;
insert into app.call_analyses (org_id, call_id, settings, at)
  select org_id, '00000000-0000-7000-8000-000000000004', '{}', now() from app.clients;
insert into app.call_fields (org_id, call_id, name, value, at)
  select org_id, '00000000-0000-7000-8000-000000000004', 'booked', 'yes', now() from app.clients;
insert into app.dispositions (org_id, end_reason, name) select org_id, 'busy', 'Try again' from app.clients;
insert into app.agent_tests (org_id, id, agent_id, name, caller, max_turns, criteria)
  select a.org_id, '00000000-0000-7000-8000-000000000011', a.id, 'Books', 'Ann', 8, '[]' from app.agents a;
insert into app.agent_test_runs (org_id, id, test_id, agent_id, asked_by)
  select t.org_id, '00000000-0000-7000-8000-000000000012', t.id, t.agent_id, 'x' from app.agent_tests t;
insert into app.provider_links (org_id, kind, object_id, state, due_at)
  select org_id, 'agent', '00000000-0000-7000-8000-00000000ca02', 'live', now() from app.clients;
insert into app.reconciliations (org_id, id, kind, object_id, name, outcome, differed_since)
  select org_id, '00000000-0000-7000-8000-000000000010', 'agent', '00000000-0000-7000-8000-00000000ca02', 'Front desk', 'agreed', now() from app.clients;
insert into app.reports (org_id, id, kind, state, asked_by)
  select org_id, '00000000-0000-7000-8000-000000000007', 'isolation', 'waiting', 'x' from app.clients;
