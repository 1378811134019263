// What every client does: everything there is to an agent, and a call with variables, read and heard.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** What one generator has made of the operations that the day needs. */
export interface Client {
  create(name: string, prompt: string): Promise<{ id: string; revision: number }>;
  list(name: string): Promise<string[]>;
  rename(id: string, name: string): Promise<string>;
  /** Sends back what was read, with another description; answers it. */
  replace(id: string, description: string): Promise<string>;
  remove(id: string): Promise<void>;
  exists(id: string): Promise<boolean>;
  place(agent: string, variables: Record<string, string | number | boolean>): Promise<string>;
  call(id: string): Promise<{ ended_at?: string | null; variables: Record<string, unknown>; recording: string }>;
  transcript(id: string): Promise<{ role: string; text: string }[]>;
  recording(id: string): Promise<Blob>;
}

export const base = `${process.env.SWITCHBOARD_URL}/api/v1`;
export const key = process.env.SWITCHBOARD_KEY ?? '';
export const voice = process.env.SWITCHBOARD_VOICE ?? '';

export async function spend(client: Client, who: string): Promise<void> {
  const name = `Agent of ${who}`;
  const made = await client.create(name, 'You are Mia. Say hello to {{caller}}.');
  assert.deepEqual(await client.list(name), [made.id]);
  assert.equal(await client.rename(made.id, `${name}, renamed`), `${name}, renamed`);
  assert.equal(await client.replace(made.id, 'Answers at night.'), 'Answers at night.');

  const placed = await client.place(made.id, { caller: 'Ada' });
  let call = await client.call(placed);
  for (let tries = 0; !call.ended_at || call.recording === 'pending'; tries++) {
    assert.ok(tries < 600, `the call is ${JSON.stringify(call)}`);
    await pause(100);
    call = await client.call(placed);
  }
  assert.deepEqual(call.variables, { caller: 'Ada' });
  const said = await client.transcript(placed);
  assert.ok(said.length > 1 && said.every(({ role, text }) => role !== '' && text !== ''), JSON.stringify(said));
  const heard = new Uint8Array(await (await client.recording(placed)).arrayBuffer());
  assert.deepEqual([...heard.slice(0, 4)], [...'RIFF'].map((letter) => letter.charCodeAt(0)));

  await client.remove(made.id);
  assert.equal(await client.exists(made.id), false);
  console.log(`${who}: an agent made, listed, changed, replaced and deleted; a call placed, read (${said.length} messages) and heard (${heard.length} bytes)`);
}
