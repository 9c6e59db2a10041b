import { matchTexts } from "./match-text.ts";
import { normaliseLine } from "./normalise-text.ts";
import { quoteText } from "./plain-text.ts";

export interface LogPatterns {
  /** A regular expression for lines that tell of an error. */
  readonly logErrors: string;
  /** For those among them that are harmless. */
  readonly ignoreLog: readonly string[];
}

export interface ErrorKind {
  readonly sample: string;
  readonly count: number;
}

const LONGEST_LINE = 2_000;
const MOST_LINES = 20_000;
const NAMED_AT_MOST = 5;

/** The lines that tell of an error, one of each kind, with counts; undefined where a pattern does not come to an end. */
export function readErrorKinds(log: string, { logErrors, ignoreLog }: LogPatterns): ReadonlyMap<string, ErrorKind> | undefined {
  const lines = log
    .split("\n")
    .slice(-MOST_LINES)
    .map((line) => line.slice(0, LONGEST_LINE));
  const isError = matchTexts(logErrors, lines);
  if (isError === undefined) return undefined;
  let errors = lines.filter((_, index) => isError[index]);
  for (const pattern of ignoreLog) {
    const isIgnored = matchTexts(pattern, errors);
    if (isIgnored === undefined) return undefined;
    errors = errors.filter((_, index) => !isIgnored[index]);
  }
  const kinds = new Map<string, ErrorKind>();
  for (const line of errors) {
    const kind = normaliseLine(line);
    const known = kinds.get(kind);
    kinds.set(kind, { sample: known?.sample ?? line, count: (known?.count ?? 0) + 1 });
  }
  return kinds;
}

/** The first five in quotes, with counts. */
export function renderErrorKinds(kinds: readonly ErrorKind[]): string {
  const shown = kinds.slice(0, NAMED_AT_MOST).map(({ sample, count }) => `${quoteText(sample, 160)}${count === 1 ? "" : ` (${count} times)`}`);
  return kinds.length > shown.length ? `${shown.join(", ")} and ${kinds.length - shown.length} more` : shown.join(", ");
}
