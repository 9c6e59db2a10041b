export interface Output {
  /** `at`: how many lines came before it, which names it for good. */
  readonly lines: readonly { readonly at: number; readonly text: string }[];
  /** Whether the beginning was let go. */
  readonly isCut: boolean;
}

export const NO_OUTPUT: Output = { lines: [], isCut: false };

/** A page stays quick with so many; the last ones are those that say why. */
const KEPT_LINES = 3_000;
const LONGEST_LINE = 4_000;
const ESCAPE = String.fromCharCode(27);

/** Adds what was read. A line that had not ended is continued; colours of a terminal are taken out, every other control stays to be shown. */
export function addOutput(before: Output, text: string): Output {
  const pieces = stripColours(text).split("\n");
  const last = before.lines.at(-1);
  const joined = last === undefined ? pieces : [`${last.text}${pieces[0] ?? ""}`, ...pieces.slice(1)];
  const first = last?.at ?? 0;
  const lines = [
    ...before.lines.slice(0, -1),
    ...joined.map((line, at) => ({ at: first + at, text: line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line.replace(/\r$/, "") })),
  ];
  return { lines: lines.slice(-KEPT_LINES), isCut: before.isCut || lines.length > KEPT_LINES };
}

/** `ESC [ … m`, and no other sequence: what moves a cursor or writes a title is no colour. */
function stripColours(text: string): string {
  return text
    .split(ESCAPE)
    .map((part, at) => {
      if (at === 0) return part;
      const colour = /^\[[0-9;]*m/.exec(part);
      return colour === null ? `${ESCAPE}${part}` : part.slice(colour[0].length);
    })
    .join("");
}
