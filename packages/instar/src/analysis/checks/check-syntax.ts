import type { CheckResult } from "@instar/protocol";
import type { Edit } from "../edit.ts";
import { compareFindings, type Found, judgeCheck, listRenames, NOT_ASKED } from "./compare-findings.ts";
import { parseText } from "./parse-text.ts";

/** Whether what changed can still be read by what reads it. Only files whose language is known are looked at. */
export function checkSyntax(edits: readonly Edit[]): CheckResult {
  const before = edits.flatMap((edit) => (edit.status === "added" ? [] : findSyntaxErrors(edit.from ?? edit.path, edit.before, edit.modeBefore)));
  const after = edits.flatMap((edit) => (edit.status === "deleted" ? [] : findSyntaxErrors(edit.path, edit.after, edit.modeAfter)));
  const findings = compareFindings(before, after, listRenames(edits));
  return judgeCheck({ check: "syntax", tool: "oxc-parser, lezer, yaml", before: before.length, findings });
}

const LINK = 0o120000;
const SUBMODULE = 0o160000;

function findSyntaxErrors(path: string, text: string | null, mode: number): Found[] {
  if (mode === LINK || mode === SUBMODULE) return [];
  const parsed = parseText(path, text);
  switch (parsed.kind) {
    case "unknown-language":
    case "parsed":
      return [];
    case "not-read":
      return [{ rule: NOT_ASKED, path, line: null, severity: "warning", message: parsed.because }];
    case "broken":
      // Damage is damage wherever in a file it stands: a file that did not parse before is not the change's.
      return [{ rule: "parse", path, line: parsed.line, severity: isMeantSo(path, text) ? "note" : "error", message: parsed.because, identity: "broken" }];
  }
}

/** What another program fills in before anybody reads it, and what tests keep because it is broken. */
function isMeantSo(path: string, text: string | null): boolean {
  if (/(^|\/)(__)?(fixtures?|testdata|test-data)(__)?\//i.test(path)) return true;
  return /\.(ya?ml|json)$/i.test(path) && /\{\{|\{%|<%/.test(text ?? "");
}
