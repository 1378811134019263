// What pages may weigh (docs/performance.md), in bytes as they travel. A chunk is heavy where its page is an editor, a player or a chart.
export const HEAVY = ['agent', 'call', 'contact', 'tool'];
export const FIRST_LOAD = { light: 300_000, heavy: 400_000 };
export const OWN = { light: 25_000, heavy: 90_000 };
// What is over its budget and has to come back under it: the shared file of contacts has code of tools and agents in it that they do not need.
const OVERDUE = { contacts: 309_000 };
export const firstLoad = (chunk) => OVERDUE[chunk] ?? FIRST_LOAD[weight(chunk)];
export const FILES = 8;
export const weight = (chunk) => (HEAVY.includes(chunk) ? 'heavy' : 'light');
// Files between the program and the pages: which chunks load them. A chunk may load three; what fits none of them goes into the program.
export const SHARED = [
  ['contact', 'calls', 'call', 'agent'],
  ['person', 'mail', 'account'],
  ['reports', 'person', 'members', 'keys', 'audit', 'account'],
  ['tool', 'contact', 'call', 'agent'],
  ['tools', 'tool', 'contacts', 'contact', 'agents', 'agent'],
];
