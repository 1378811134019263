--- A row with a mark in every tenant table, written by a login inside the organization it has entered.
--- What is registered (src/registry.rs) is planted by its own statements before. Each is `-- table` and the statement; a table that is missing here is answered with a fault.
-- app.users
insert into app.users (org_id, client_id, user_id, email, name) values (app.current_org(), '{client}', 'user_canary', '{mark}', '{mark}')
-- app.api_keys
insert into app.api_keys (org_id, client_id, id, name, short, scopes)
  values (app.current_org(), '{client}', '00000000-0000-7000-8000-00000000ca01', '{mark}', 'canary00', array['{mark}'])
-- app.credit_transactions
insert into app.credit_transactions (org_id, client_id, id, kind, amount_micros, note)
  values (app.current_org(), '{client}', '00000000-0000-7000-8000-00000000ca02', 'grant', 1, '{mark}')
-- app.audit_log
insert into app.audit_log (org_id, client_id, id, actor, actor_kind, action, kind, object_id, object_name)
  values (app.current_org(), '{client}', '00000000-0000-7000-8000-00000000ca03', 'system', 'system', 'create', 'agents', 'x', '{mark}')
-- app.idempotency_keys
insert into app.idempotency_keys (org_id, client_id, route, key, body_hash) values (app.current_org(), '{client}', 'canary', '{mark}', 'x')
-- app.agent_tools
insert into app.agent_tools (org_id, agent_id, tool_id, position)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca02', '00000000-0000-7000-8000-00000000ca01', 0)
-- app.agent_knowledge
insert into app.agent_knowledge (org_id, agent_id, base_id, position)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca02', '00000000-0000-7000-8000-00000000ca06', 0)
-- app.agent_versions
insert into app.agent_versions (org_id, agent_id, number, draft, note, published_by)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca02', 2, '{}', '{mark}', 'system')
-- app.voice_samples
insert into app.voice_samples (org_id, voice_id, content)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', convert_to('{mark}', 'UTF8'))
-- app.knowledge_sources
insert into app.knowledge_sources (org_id, id, base_id, kind, name, note, created_by)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca08', '00000000-0000-7000-8000-00000000ca06', 'text', '{mark}', '{mark}', 'system')
-- app.knowledge_files
insert into app.knowledge_files (org_id, source_id, content)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca08', convert_to('{mark}', 'UTF8'))
-- app.knowledge_passages
insert into app.knowledge_passages (org_id, base_id, source_id, position, heading, body, words)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca06', '00000000-0000-7000-8000-00000000ca08', 0, '{mark}', '{mark}', '')
-- app.knowledge_checks
insert into app.knowledge_checks (org_id, id, base_id, query, expected, within, created_by)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca09', '00000000-0000-7000-8000-00000000ca06', '{mark}', '{mark}', 1, 'system')
-- app.calls
insert into app.calls (org_id, id, agent_id, agent_name, medium, status, placed_by, summary)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', '00000000-0000-7000-8000-00000000ca02', '{mark}', 'text',
    'completed', 'system', '{mark}')
-- app.call_messages
insert into app.call_messages (org_id, call_id, seq, role, text)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', 1, 'agent', '{mark}')
-- app.call_events
insert into app.call_events (org_id, call_id, id, kind, note)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', '00000000-0000-7000-8000-00000000ca06', 'joined', '{mark}')
-- app.call_tags
insert into app.call_tags (org_id, call_id, tag, at)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', left('{mark}', 40), now())
-- app.call_notes
insert into app.call_notes (org_id, call_id, id, text, written_by)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', '00000000-0000-7000-8000-00000000ca07', '{mark}', 'system')
-- app.call_texts
insert into app.call_texts (org_id, call_id, day, words)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', '2026-11-30', to_tsvector('simple', '{mark}'))
-- app.call_words
insert into app.call_words (org_id, word, day, calls) values (app.current_org(), left('{mark}', 60), '2026-11-30', '{}')
-- app.call_views
insert into app.call_views (org_id, id, name, filter, shared, saved_by)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca08', left('{mark}', 60), '{}', true, 'system')
-- app.call_analyses
insert into app.call_analyses (org_id, call_id, settings, summary, at)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', '{}', '{mark}', now())
-- app.call_fields
insert into app.call_fields (org_id, call_id, name, value, at)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca05', 'canary', '{mark}', now())
-- app.dispositions
insert into app.dispositions (org_id, end_reason, name) values (app.current_org(), 'busy', left('{mark}', 40))
-- app.agent_tests
insert into app.agent_tests (org_id, id, agent_id, name, caller, max_turns, criteria)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca11', '00000000-0000-7000-8000-00000000ca02', left('{mark}', 80), '{mark}', 8, '[]')
-- app.agent_test_runs
insert into app.agent_test_runs (org_id, id, test_id, agent_id, note, asked_by)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca12', '00000000-0000-7000-8000-00000000ca11',
    '00000000-0000-7000-8000-00000000ca02', '{mark}', 'system')
-- app.provider_links
insert into app.provider_links (org_id, kind, object_id, state, due_at, note)
  values (app.current_org(), 'agent', '00000000-0000-7000-8000-00000000ca02', 'live', 'infinity', '{mark}')
-- app.reconciliations
insert into app.reconciliations (org_id, id, kind, object_id, name, outcome, differed_since)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca10', 'agent', '00000000-0000-7000-8000-00000000ca02', left('{mark}', 200), 'agreed', now())
-- app.reports
insert into app.reports (org_id, id, kind, state, note, asked_by)
  values (app.current_org(), '00000000-0000-7000-8000-00000000ca07', 'isolation', 'waiting', '{mark}', 'system')
