/** One mistake, made in a copy of the source: what is replaced by what, and the checks that ought to notice, in the order they are tried. */
export interface Mutation {
  readonly name: string;
  /** Below packages/instar/src. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Rows of the crash test; `unit:<folder>` for tests of that folder below packages/instar/src. */
  readonly checks: readonly string[];
}

/** The text of a file with the mistake in it; undefined where its place is not there exactly once. Line breaks and indentation do not matter. Pure. */
export function mutate({ find, replace }: Mutation, text: string): string | undefined {
  const pattern = find
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("\\s+");
  const found = [...text.matchAll(new RegExp(pattern, "g"))];
  const [only] = found;
  if (only === undefined || found.length !== 1) return undefined;
  return text.slice(0, only.index) + replace + text.slice(only.index + only[0].length);
}
