// The day with the functions that @hey-api/openapi-ts makes.
import { base, key, spend, voice } from './day.ts';
import { client } from './made/hey/client.gen.ts';
import * as api from './made/hey/sdk.gen.ts';

client.setConfig({ baseUrl: base, auth: key, throwOnError: true });
const sure = { throwOnError: true } as const;
const at = (id: string) => ({ ...sure, path: { id } });

await spend(
  {
    create: async (name, prompt) =>
      (await api.createAgent({ ...sure, body: { name, prompt, voice_id: voice, metadata: { made_by: 'day' }, variables: [{ name: 'caller', required: true }] } })).data,
    list: async (q) => (await api.listAgents({ ...sure, query: { q, limit: 10, metadata: ['made_by:day'] } })).data.items.map(({ id }) => id),
    rename: async (id, name) => (await api.updateAgent({ ...at(id), body: { name } })).data.name,
    replace: async (id, description) => {
      const { data: read } = await api.getAgent(at(id));
      return (await api.replaceAgent({ ...at(id), body: { ...read, description } })).data.description;
    },
    remove: async (id) => void (await api.deleteAgent(at(id))),
    exists: async (id) => (await api.getAgent({ path: { id }, throwOnError: false })).response?.status !== 404,
    place: async (agent_id, variables) =>
      (
        await api.placeCall({
          ...sure,
          headers: { 'Idempotency-Key': crypto.randomUUID() },
          body: { agent_id, to: { medium: 'phone', number: '+14155550100' }, variables },
        })
      ).data.id,
    call: async (id) => (await api.getCall(at(id))).data.call,
    transcript: async (id) => (await api.getTranscript(at(id))).data,
    recording: async (id) => (await api.getRecording({ ...at(id), parseAs: 'blob' })).data as unknown as Blob,
  },
  '@hey-api/openapi-ts',
);
