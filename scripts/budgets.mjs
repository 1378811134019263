// What pages may weigh (docs/performance.md), in bytes as they travel. A chunk is heavy where its page is an editor, a player or a chart.
export const HEAVY = ['agent', 'call', 'contact', 'tool', 'voice'];
export const FIRST_LOAD = { light: 300_000, heavy: 400_000 };
export const OWN = { light: 25_000, heavy: 90_000 };
export const FILES = 8;
// Beside the document, the styles, the script, the program and the chunk.
export const SHARED_FILES = FILES - 5;
// Chunks that are no page's own: what some people open on a page that is there already.
export const PARTS = ['place'];
export const weight = (chunk) => (HEAVY.includes(chunk) ? 'heavy' : 'light');
