// The day with openapi-fetch, whose types openapi-typescript makes.
import createClient from 'openapi-fetch';
import { base, key, spend, voice } from './day.ts';
import type { paths } from './made/openapi.ts';

const api = createClient<paths>({ baseUrl: base, headers: { authorization: `Bearer ${key}` } });

function got<T>({ data, error }: { data?: T | undefined; error?: unknown }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}
const at = (id: string) => ({ params: { path: { id } } });

await spend(
  {
    create: async (name, prompt) =>
      got(await api.POST('/agents', { body: { name, prompt, voice_id: voice, metadata: { made_by: 'day' }, variables: [{ name: 'caller', required: true }] } })),
    list: async (q) => got(await api.GET('/agents', { params: { query: { q, limit: 10, metadata: ['made_by:day'] } } })).items.map(({ id }) => id),
    rename: async (id, name) => got(await api.PATCH('/agents/{id}', { ...at(id), body: { name } })).name,
    replace: async (id, description) => {
      const read = got(await api.GET('/agents/{id}', at(id)));
      return got(await api.PUT('/agents/{id}', { ...at(id), body: { ...read, description } })).description;
    },
    remove: async (id) => {
      const { error } = await api.DELETE('/agents/{id}', at(id));
      if (error) throw new Error(error.title);
    },
    exists: async (id) => (await api.GET('/agents/{id}', at(id))).response.status !== 404,
    place: async (agent_id, variables) =>
      got(
        await api.POST('/calls', {
          params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
          body: { agent_id, to: { medium: 'phone', number: '+14155550100' }, variables },
        }),
      ).id,
    call: async (id) => got(await api.GET('/calls/{id}', at(id))).call,
    transcript: async (id) => got(await api.GET('/calls/{id}/transcript', at(id))),
    recording: async (id) => got(await api.GET('/calls/{id}/recording', { ...at(id), parseAs: 'blob' })) as unknown as Blob,
  },
  'openapi-typescript',
);
