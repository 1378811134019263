// What pages may weigh (docs/performance.md), in bytes as they travel. A chunk is heavy where its page is an editor, a player or a chart.
export const HEAVY = ['agent', 'call', 'contact', 'tool'];
export const FIRST_LOAD = { light: 300_000, heavy: 400_000 };
export const OWN = { light: 25_000, heavy: 90_000 };
export const FILES = 8;
// Beside the document, the styles, the script, the program and the chunk.
export const SHARED_FILES = FILES - 5;
// What is over its budget and has to come back under it: the dialog that places a call is in the list's chunk, and times and the
// organization's page made what all pages share larger.
const OVERDUE = { calls: 306_000, tools: 304_000, contacts: 302_000 };
export const firstLoad = (chunk) => OVERDUE[chunk] ?? FIRST_LOAD[weight(chunk)];
export const weight = (chunk) => (HEAVY.includes(chunk) ? 'heavy' : 'light');
