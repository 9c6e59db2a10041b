import { createHash } from "node:crypto";
import type { CheckResult } from "@instar/protocol";
import type { Edit } from "../edit.ts";
import { createLineFinder } from "../line-at.ts";
import { compareFindings, type Found, judgeCheck, listRenames, NOT_ASKED } from "./compare-findings.ts";
import { parseText } from "./parse-text.ts";
import { type Hit, SECURITY_RULES } from "./security/rules.ts";
import { scanProgram } from "./security/scan-program.ts";
import { scanPython } from "./security/scan-python.ts";
import { scanScript } from "./security/scan-script.ts";
import { scanText } from "./security/scan-text.ts";

/**
 * What the change brings that may do harm on purpose. Default deny: what cannot be told on the way to something powerful is reported as such,
 * and a program that does not parse, or was not read, is not clean but unknown.
 */
export function checkSecurity(edits: readonly Edit[]): CheckResult {
  const before = edits.flatMap((edit) => (edit.status === "added" ? [] : findDangers(edit.from ?? edit.path, edit.before)));
  const after = edits.flatMap((edit) => (edit.status === "deleted" ? [] : findDangers(edit.path, edit.after)));
  const findings = compareFindings(
    before.filter(({ rule }) => rule !== NOT_ASKED),
    after,
    listRenames(edits),
  );
  return judgeCheck({ check: "security", tool: "instar", before: before.length, findings });
}

/** A file with more is not read to its end by anybody. */
const MOST = 300;
/** Of a long piece of text this much is compared, and a number for the rest. */
const COMPARED = 2_000;

function findDangers(path: string, text: string | null): Found[] {
  const notRead = (message: string): Found => ({ rule: NOT_ASKED, path, line: null, severity: "warning", message });
  const parsed = parseText(path, text);
  if (text === null) return parsed.kind === "not-read" || mayRun(path) ? [notRead("it is larger than is read, or no text")] : [];
  const whole = parsed.kind === "parsed" ? parsed.text : text;
  const found: Found[] = [];
  let hits: Hit[] = [];
  try {
    hits = isProse(path) ? [] : scanText(whole);
    if (parsed.kind === "parsed" && parsed.program !== undefined) hits = [...scanProgram(parsed.program, whole), ...hits];
    else if (parsed.kind === "parsed" && parsed.python !== undefined) hits = [...scanPython(parsed.python, whole), ...hits];
    else if (!isProse(path)) hits = [...scanScript(whole), ...hits];
  } catch {
    found.push(notRead("it is too large or too deep to be looked at"));
  }
  if (parsed.kind === "not-read" || parsed.kind === "broken") found.push(notRead(`only its words were looked at: ${parsed.because}`));
  return [...found, ...describeHits(path, whole, hits)];
}

/** People write about commands there; nothing runs it. */
const isProse = (path: string) =>
  /\.(md|markdown|mdx|txt|rst|adoc|svg|html?|css|lock)$|(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|LICENSE[^/]*|CHANGELOG[^/]*)$/i.test(
    path,
  );

/** What was not read and may well be a program: also where its name says nothing. */
const mayRun = (path: string) => /\.(node|wasm|so|dll|dylib|exe|bin|sh|bash|ps1|bat|cmd|rb|pl|php|jar)$|(^|\/)[^./]+$/i.test(path);

function describeHits(path: string, text: string, hits: readonly Hit[]): Found[] {
  const lineOf = createLineFinder(text);
  const found = hits.slice(0, MOST).map(({ rule, start, end, detail }): Found => {
    const { severity, why } = SECURITY_RULES[rule];
    const message = detail === undefined ? why : `${why} (${detail})`;
    const source = text.slice(start, end);
    const compared = source.length > COMPARED ? `${source.slice(0, COMPARED)} ${digest(source)}` : source;
    return { rule, path, line: lineOf(start), severity, message, source: compared };
  });
  const { severity, why } = SECURITY_RULES["too-many"];
  return hits.length > MOST ? [...found, { rule: "too-many", path, line: null, severity, message: why }] : found;
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex");
