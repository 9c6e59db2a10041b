import { posix } from "node:path";
import type { Edit } from "../edit.ts";
import { compareLines } from "./source/compare-lines.ts";
import { parseSource } from "./source/parse-source.ts";
import type { Placed, Source } from "./source/source.ts";

/** An edit as the finders look at it: parsed once, with the lines that came and went. */
export interface ChangedFile {
  readonly edit: Edit;
  /** Where it is, and where it was. */
  readonly paths: readonly string[];
  /** The last part of the path, in lower case. */
  readonly name: string;
  /** Empty where that side is not there or was not read: then `isRead` is false. */
  readonly before: Source;
  readonly after: Source;
  /** None where a side was not read. */
  readonly added: readonly ChangedLine[];
  readonly removed: readonly ChangedLine[];
  /** Every side that is there was read as text. */
  readonly isRead: boolean;
}

export interface ChangedLine {
  /** Trimmed, runs of blanks made one. */
  readonly text: string;
  /** Without comments and the insides of strings, where those are known. */
  readonly code: string;
  /** Without comments and regular expressions; strings stand. */
  readonly values: string;
  readonly line: number;
}

export function describeChange(edit: Edit): ChangedFile {
  const before = parseSource(edit.from ?? edit.path, edit.before ?? "");
  const after = parseSource(edit.path, edit.after ?? "");
  const { removed, added } = edit.hasText ? compareLines(before.lines, after.lines) : { removed: [], added: [] };
  return {
    edit,
    paths: edit.from === undefined || edit.from === edit.path ? [edit.path] : [edit.path, edit.from],
    name: posix.basename(edit.path).toLowerCase(),
    before,
    after,
    added: added.map((at) => lineAt(after, at)),
    removed: removed.map((at) => lineAt(before, at)),
    isRead: edit.hasText,
  };
}

const lineAt = (source: Source, at: number): ChangedLine => ({
  text: source.lines[at] ?? "",
  code: source.code[at] ?? "",
  values: source.values[at] ?? "",
  line: at + 1,
});

/** What one list has more often than the other, by its text. */
export function onlyIn<Item extends { readonly text: string }>(
  items: readonly Item[],
  others: readonly { readonly text: string }[],
  textOf = (item: { readonly text: string }) => item.text,
): Item[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(textOf(other), (left.get(textOf(other)) ?? 0) + 1);
  return items.filter((item) => {
    const times = left.get(textOf(item)) ?? 0;
    left.set(textOf(item), times - 1);
    return times <= 0;
  });
}

/** The strings of a source that stand on lines of a change. */
export function stringsOn(source: Source, lines: readonly ChangedLine[]): Placed[] {
  const changed = new Set(lines.map(({ line }) => line));
  // A string of several lines counts where any of them changed.
  return source.strings.filter(({ text, line }) =>
    Array.from({ length: Math.min(200, text.split("\n", 200).length) }, (_, at) => line + at).some((at) => changed.has(at)),
  );
}
