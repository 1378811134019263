// What pages may weigh (docs/performance.md), in bytes as they travel. A chunk is heavy where its page is an editor, a player or a chart.
export const HEAVY = ['agent', 'call', 'contact', 'tool', 'voice', 'sources'];
export const FIRST_LOAD = { light: 300_000, heavy: 400_000 };
export const OWN = { light: 25_000, heavy: 90_000 };
export const FILES = 8;
// Beside the document, the styles, the script, the program and the chunk.
export const SHARED_FILES = FILES - 5;
// Chunks that are no page's own: what some people open on a page that is there already.
export const PARTS = ['assist', 'filters', 'panels', 'place'];
// What Rust does with tables of 10 kB that hardly compress and the browser has anyway, and what to call instead.
export const TABLES = {
  core3num7dec2flt: 'json::parse for numbers that may have a fraction, whole numbers for all others',
  core3fmt5float: 'whole numbers: cents, tenths, milliseconds',
  stre12to_lowercase: 'browser::lower_case, or to_ascii_lowercase for words of our own',
  stre12to_uppercase: 'capitalize for words of our own',
};
export const weight = (chunk) => (HEAVY.includes(chunk) ? 'heavy' : 'light');
