/** Places (from 0) of the lines that only one side has, ascending. */
export interface LineDifference {
  readonly removed: readonly number[];
  readonly added: readonly number[];
}

/**
 * Which lines came and went. Lines that each side has once hold the two texts in place; between them lines are paired whatever their
 * order. So a line that moves past such an anchor went *and* came: a guard that wanders from one route to another is seen. Linear but
 * for a sort, also for hostile texts. Blank lines are never part of a difference.
 */
export function compareLines(before: readonly string[], after: readonly string[]): LineDifference {
  const removed: number[] = [];
  const added: number[] = [];
  let [oldFrom, newFrom] = [0, 0];
  for (const [oldAt, newAt] of [...findAnchors(before, after), [before.length, after.length] as const]) {
    compareGap(before, [oldFrom, oldAt], after, [newFrom, newAt], removed, added);
    [oldFrom, newFrom] = [oldAt + 1, newAt + 1];
  }
  return { removed, added };
}

/** Pairs of lines that are unique on both sides, as many as stand in the same order on both. */
function findAnchors(before: readonly string[], after: readonly string[]): (readonly [number, number])[] {
  const uniqueAfter = findUnique(after);
  const pairs: (readonly [number, number])[] = [];
  for (const [line, oldAt] of findUnique(before)) {
    const newAt = uniqueAfter.get(line);
    if (newAt !== undefined) pairs.push([oldAt, newAt]);
  }
  return longestRising(pairs.sort(([one], [other]) => one - other));
}

function findUnique(lines: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [at, line] of lines.entries()) if (line !== "") places.set(line, places.has(line) ? -1 : at);
  return new Map([...places].filter(([, at]) => at !== -1));
}

/** Of pairs that rise on the left, the most that rise on the right too (patience sorting). */
function longestRising(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const tails: number[] = [];
  const links: number[] = [];
  for (const [at, [, right]] of pairs.entries()) {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tails[middle] ?? 0]?.[1] ?? 0) < right) low = middle + 1;
      else high = middle;
    }
    links.push(low === 0 ? -1 : (tails[low - 1] ?? -1));
    tails[low] = at;
  }
  const chosen: (readonly [number, number])[] = [];
  for (let at = tails.at(-1) ?? -1; at !== -1; at = links[at] ?? -1) {
    const pair = pairs[at];
    if (pair !== undefined) chosen.push(pair);
  }
  return chosen.reverse();
}

type Stretch = readonly [from: number, to: number];

function compareGap(before: readonly string[], gone: Stretch, after: readonly string[], come: Stretch, removed: number[], added: number[]): void {
  const left = new Map<string, number>();
  for (let at = come[0]; at < come[1]; at++) left.set(after[at] ?? "", (left.get(after[at] ?? "") ?? 0) + 1);
  const kept = new Map<string, number>();
  for (let at = gone[0]; at < gone[1]; at++) {
    const line = before[at] ?? "";
    const times = left.get(line) ?? 0;
    if (times > 0) {
      left.set(line, times - 1);
      kept.set(line, (kept.get(line) ?? 0) + 1);
    } else if (line !== "") removed.push(at);
  }
  for (let at = come[0]; at < come[1]; at++) {
    const line = after[at] ?? "";
    const times = kept.get(line) ?? 0;
    if (times > 0) kept.set(line, times - 1);
    else if (line !== "") added.push(at);
  }
}
