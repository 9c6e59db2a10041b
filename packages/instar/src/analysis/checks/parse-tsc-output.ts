import type { Found } from "./compare-findings.ts";
import { placeInTree } from "./place-in-tree.ts";

export interface TypesReport {
  readonly found: readonly Found[];
  /** A complaint about the settings or the command line, not about code: then not all of the code, or none, was looked at. */
  readonly obstacle: string | null;
}

/** More than this is told by its number. A flood is no reason to hold all of it. */
const MOST = 10_000;
const LONGEST_LINE = 4_000;

/**
 * What `tsc --pretty false` says. A line that is no finding goes on with the one before, or is nothing: output may be cut anywhere. Findings
 * outside of the tree (a library's own types) are dropped.
 */
export function parseTscOutput(text: string, tree: string): TypesReport {
  const found: Found[] = [];
  let obstacle: string | null = null;
  for (const line of linesOf(text)) {
    const parsed = parseLine(line);
    if (parsed === undefined) continue;
    const { file, message, rule } = parsed;
    const path = file === null ? "" : placeInTree(file, tree);
    if (path === undefined) continue;
    if (file === null || /(^|\/)[^/]*\.jsonc?$/.test(path)) obstacle ??= `${rule}: ${message}`;
    if (found.length < MOST) found.push({ rule, path, line: parsed.line, severity: parsed.severity, message });
  }
  return { found, obstacle };
}

interface ParsedLine {
  readonly file: string | null;
  readonly line: number | null;
  readonly severity: Found["severity"];
  readonly rule: string;
  readonly message: string;
}

const SAYS = /(error|warning|message) (TS\d{1,6}): /;

function parseLine(line: string): ParsedLine | undefined {
  // The first place that can be one: a message may quote another finding, and a path may hold brackets and colons.
  const says = SAYS.exec(line);
  if (says === null) return undefined;
  const [whole, kind, rule = ""] = says;
  const message = line.slice(says.index + whole.length);
  const severity = kind === "error" ? "error" : kind === "warning" ? "warning" : "note";
  if (says.index === 0) return { file: null, line: null, severity, rule, message };
  const head = line.slice(0, says.index);
  const at = /\((\d{1,9}),\d{1,9}\): $/.exec(head);
  return at === null || at.index === 0 ? undefined : { file: head.slice(0, at.index), line: Number(at[1]), severity, rule, message };
}

function* linesOf(text: string): Iterable<string> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const to = end === -1 ? text.length : end;
    const line = text.slice(from, Math.min(to, from + LONGEST_LINE));
    yield line.endsWith("\r") ? line.slice(0, -1) : line;
    from = to + 1;
  }
}
