import { FOLDER_LIMITS } from "./folder-limits.ts";

export interface FoundLine {
  /** The first is 1. */
  readonly line: number;
  /** The line around what was found, at most 300 letters. */
  readonly text: string;
}

/** The lines of a text that hold another, at most `limit`. Both are plain: no letter means anything but itself. Pure, and takes as long as the text is. */
export function findLines(text: string, wanted: string, isCaseSensitive: boolean, limit: number): FoundLine[] {
  const folded = isCaseSensitive ? text : text.toLowerCase();
  const needle = isCaseSensitive ? wanted : wanted.toLowerCase();
  // A few letters are longer when they are small, and move what follows them; lines stay lines.
  const moved = folded.length === text.length ? undefined : text.split("\n");
  const found: FoundLine[] = [];
  let line = 1;
  let start = 0;
  for (let hit = folded.indexOf(needle); hit !== -1 && found.length < limit; hit = folded.indexOf(needle, start)) {
    for (let newline = folded.indexOf("\n", start); newline !== -1 && newline < hit; newline = folded.indexOf("\n", start)) {
      line += 1;
      start = newline + 1;
    }
    const newline = folded.indexOf("\n", hit);
    const end = newline === -1 ? folded.length : newline;
    found.push({ line, text: cutAround(moved?.[line - 1] ?? text.slice(start, end), hit - start) });
    line += 1;
    start = end + 1;
    if (newline === -1) break;
  }
  return found;
}

/** Letters before what was found, where the line is longer than what is shown. */
const BEFORE = 60;

function cutAround(line: string, column: number): string {
  const plain = line.endsWith("\r") ? line.slice(0, -1) : line;
  if (plain.length <= FOLDER_LIMITS.shownLetters) return plain;
  const from = Math.max(0, Math.min(column - BEFORE, plain.length - FOLDER_LIMITS.shownLetters));
  return plain.slice(from, from + FOLDER_LIMITS.shownLetters).toWellFormed();
}
