// Which files lie between the program and the chunks of pages.
//
// The splitter writes a file for every set of chunks that share something: hundreds. Here a few files are chosen by the chunks that
// load them. What some chunks share goes into the smallest file that all of them load, or into the program, which everybody
// loads. The choice is searched for by simulated annealing, so that the page that is fullest has most room; its dice always
// fall alike, so the same code is joined in the same way.
import { FIRST_LOAD, PARTS, SHARED_FILES, weight } from './budgets.mjs';

// Bytes as they travel for each byte that is written here, as they were measured: of the program, of what goes back into it and is much
// like what is there, of what lies between, and of a chunk, which is small.
const TRAVELS = { program: 0.3, back: 0.18, shared: 0.27, own: 0.295 };
const ROUNDS = 60_000;
const STARTS = 12;

/** Numbers from 0 to 1, the same ones each time: a linear congruential generator. */
function dice(seed) {
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
}

const ones = (mask) => {
  let count = 0;
  for (; mask; mask &= mask - 1) count++;
  return count;
};

/** A set of chunks, as bits of two words, because there are more than 31 of them. */
const setOf = (low, high) => ({ low, high, count: ones(low) + ones(high) });
const WORD = 30;
const bits = (chunk) => (chunk < WORD ? [1 << chunk, 0] : [0, 1 << (chunk - WORD)]);
const has = ({ low, high }, chunk) => (chunk < WORD ? low >> chunk : high >> (chunk - WORD)) & 1;
const holds = (file, part) => (part.low & ~file.low) === 0 && (part.high & ~file.high) === 0;

/**
 * Answers which of the splitter's files go back into the program, and the groups of the others with the chunks that load each.
 * `size` tells the bytes of a file, `program` is the program's own.
 */
export function joinShared({ chunks, shared }, program, size) {
  // A part comes later: it makes no page fuller, and nothing is everybody's for its sake.
  const isPart = chunks.map((chunk) => PARTS.includes(chunk));
  const pages = isPart.filter((part) => !part).length;
  const parts = new Map();
  for (const { users, files } of shared) {
    const [low, high] = users.map((user) => bits(chunks.indexOf(user))).reduce((one, other) => [one[0] | other[0], one[1] | other[1]]);
    const part = parts.get(`${low} ${high}`) ?? { set: setOf(low, high), bytes: 0, files: [] };
    part.bytes += files.reduce((sum, file) => sum + size(file), 0);
    part.files.push(...files);
    // What more than half of the pages need is everybody's.
    part.everybodys = users.filter((user) => !PARTS.includes(user)).length * 2 > pages;
    parts.set(`${low} ${high}`, part);
  }
  const base = size(program) * TRAVELS.program;
  const own = chunks.map((chunk) => size(`split_${chunk}`) * TRAVELS.own);
  const budgets = chunks.map((chunk, at) => (isPart[at] ? Infinity : FIRST_LOAD[weight(chunk)]));

  const all = [...parts.values()];

  /** The place of the smallest file that all these chunks load; the program's is -1. */
  const placeOf = (part, files) => {
    let best = -1;
    if (part.everybodys) return best;
    for (let at = 0; at < files.length; at++) {
      if (holds(files[at], part.set) && (best < 0 || files[at].count < files[best].count)) best = at;
    }
    return best;
  };
  const judge = (files) => {
    const loads = files.map(() => 0);
    let whole = base;
    for (const part of all) {
      const at = placeOf(part, files);
      if (at < 0) whole += part.bytes * TRAVELS.back;
      else loads[at] += part.bytes;
    }
    let [fullest, sum, crowded] = [0, 0, 0];
    for (let chunk = 0; chunk < chunks.length; chunk++) {
      let [load, count] = [whole + own[chunk], 0];
      for (let at = 0; at < files.length; at++) {
        if (!has(files[at], chunk)) continue;
        load += loads[at] * TRAVELS.shared;
        count++;
      }
      if (!isPart[chunk]) crowded += Math.max(0, count - SHARED_FILES);
      fullest = Math.max(fullest, load / budgets[chunk]);
      sum += load / budgets[chunk];
    }
    return crowded * 50 + fullest * 20 + sum / chunks.length;
  };

  let best = { files: [], cost: judge([]) };
  for (let start = 1; start <= STARTS; start++) {
    const roll = dice(start * 7_919);
    const pick = (below) => Math.floor(roll() * below);
    let now = { files: [], cost: judge([]) };
    for (let round = 0, heat = 0.1; round < ROUNDS; round++, heat *= 0.9999) {
      const files = [...now.files];
      const move = roll();
      if (files.length === 0 || (move < 0.06 && files.length < 8)) files.push(all[pick(all.length)].set);
      else if (move < 0.1) files.splice(pick(files.length), 1);
      else {
        for (let flips = move < 0.37 ? 2 : 1; flips > 0; flips--) {
          const at = pick(files.length);
          const [low, high] = bits(pick(chunks.length));
          files[at] = setOf(files[at].low ^ low, files[at].high ^ high);
        }
      }
      if (files.some((file) => file.count < 2)) continue;
      const cost = judge(files);
      if (cost >= now.cost && roll() >= Math.exp((now.cost - cost) / heat)) continue;
      now = { files, cost };
      if (cost < best.cost) best = now;
    }
  }

  const groups = best.files.map((set) => ({ users: chunks.filter((_, at) => has(set, at)), files: [] }));
  const back = [];
  for (const part of all) (groups[placeOf(part, best.files)]?.files ?? back).push(...part.files);
  return { program: back, groups: groups.filter(({ files }) => files.length > 0) };
}
