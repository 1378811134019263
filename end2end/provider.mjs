// The simulated provider, as whoever runs it sees it: what it keeps, and how it is made to fail.
import assert from 'node:assert/strict';

const at = process.env.SANDBOX_URL ?? assert.fail('SANDBOX_URL is not set: run scripts/e2e');
const key = { 'x-api-key': 'sandbox0.00000000000000000000000000000000' };

/** Makes the provider fail where method and path match; `path` should name one thing, because all journeys share it. */
export async function breakOnce(fault) {
  await inject(at, fault);
}

/** Makes the next question to the simulated language model fail. */
export async function breakModelOnce(fault) {
  // Beside help with writing, calls are analyzed in the background.
  await inject(process.env.MODEL_URL ?? assert.fail('MODEL_URL is not set: run scripts/e2e'), { contains: '<prompt>', ...fault });
}

async function inject(at, fault) {
  const answer = await fetch(`${at}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ count: 1, ...fault }) });
  assert.equal(answer.status, 201, await answer.text());
}

/** Changes an agent's copy behind the product's back. */
export async function changeCopy(id, template) {
  const answer = await fetch(`${at}/api/agents/${id}`, {
    method: 'PATCH',
    headers: { ...key, 'content-type': 'application/json' },
    body: JSON.stringify({ callTemplate: template }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

/** Removes it there. */
export async function removeCopy(id) {
  const answer = await fetch(`${at}/api/agents/${id}`, { method: 'DELETE', headers: key });
  assert.ok(answer.ok, await answer.text());
}

export async function copyOf(id) {
  return (await fetch(`${at}/api/agents/${id}`, { headers: key })).json();
}

/** The numbers that the provider was asked to dial for an agent. */
export async function dialed(agent) {
  const { results } = await (await fetch(`${at}/api/agents/${agent}/calls`, { headers: key })).json();
  return results.map(({ medium }) => Object.values(medium)[0].outgoing.to.match(/^(?:sip:)?([^@]+)/)[1]);
}
