import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FoundReport } from "../decide-run.ts";
import type { ReportFormat, ReportReading } from "../runners/plan-report.ts";
import { parseBehaveReport } from "./parse-behave-report.ts";
import { parseJestReport } from "./parse-jest-report.ts";
import { parseJunit } from "./parse-junit.ts";
import { parseMochaReport } from "./parse-mocha-report.ts";
import { parseNodeReports } from "./parse-node-report.ts";
import { parseUnittestReports } from "./parse-unittest-report.ts";
import { readBoundedFile } from "./read-bounded-file.ts";
import { createTapReader, NO_TAP, type TapReader } from "./tap-reader.ts";
import type { ParsedReport } from "./test-report.ts";

/** A larger report is refused. The largest real suites leave a tenth of it. */
const MOST_BYTES = 64 * 1_048_576;
/** More processes than that do not write reports, but fill a folder. */
const MOST_FILES = 2_000;

/** The report of a run that has ended. Whatever lies there is a value; never throws. */
export async function readReport(reading: ReportReading | null, { tree, output }: { readonly tree: string; readonly output: TapReader }): Promise<FoundReport> {
  if (reading === null) return { kind: "not-asked" };
  switch (reading.kind) {
    case "none":
      return { kind: "missing", because: reading.because };
    case "in-output": {
      const parsed = output.end();
      return parsed.kind === "broken" && parsed.because === NO_TAP ? { kind: "missing", because: NO_TAP } : settle(parsed, tree);
    }
    case "in-tree": {
      const read = await readTexts([join(tree, reading.path)], tree);
      return "texts" in read ? settle(parseAnyReport(read.texts[0] ?? ""), tree) : read;
    }
    case "in-folder":
      return readFolder(reading, tree);
  }
}

async function readFolder({ folder, format, isSeveral }: Extract<ReportReading, { kind: "in-folder" }>, tree: string): Promise<FoundReport> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return { kind: "missing", because: "it left none" };
  const pattern = isSeveral ? new RegExp(`^${format}-\\d+\\.json$`) : /^report$/;
  const strange = names.find((name) => !pattern.test(name));
  if (strange !== undefined)
    return {
      kind: "broken",
      because: strange.endsWith(".part") ? "it was cut off while it was written" : `something else wrote ${JSON.stringify(strange.slice(0, 80))} beside it`,
    };
  if (names.length > MOST_FILES) return { kind: "broken", because: `there are ${names.length} of them` };
  const read = await readTexts(
    names.sort().map((name) => join(folder, name)),
    folder,
  );
  return "texts" in read ? settle(parseFormat(format, read.texts), tree) : read;
}

type ReadTexts = { readonly texts: readonly string[] } | Exclude<FoundReport, { kind: "read" | "not-asked" }>;

async function readTexts(paths: readonly string[], root: string): Promise<ReadTexts> {
  const texts: string[] = [];
  let left = MOST_BYTES;
  for (const path of paths) {
    const read = await readBoundedFile(path, { root, mostBytes: left });
    if (read.kind === "absent") return { kind: "missing", because: "it left none" };
    if (read.kind === "refused") return { kind: "broken", because: read.because };
    texts.push(read.text);
    left -= read.text.length;
  }
  return { texts };
}

function parseFormat(format: ReportFormat, texts: readonly string[]): ParsedReport {
  const [text = ""] = texts;
  switch (format) {
    case "node":
      return parseNodeReports(texts);
    case "unittest":
      return parseUnittestReports(texts);
    case "jest":
      return parseJestReport(text);
    case "mocha":
      return parseMochaReport(text);
    case "behave":
      return parseBehaveReport(text);
    case "junit":
      return parseJunit(text);
  }
}

/** A file that the operator names: XML begins with an angle. */
function parseAnyReport(text: string): ParsedReport {
  if (text.trimStart().startsWith("<")) return parseJunit(text.trimStart());
  const reader = createTapReader();
  for (const line of text.split("\n")) reader.push(line.replace(/\r$/, ""));
  return reader.end();
}

/** Files that are named for a failure are named from the tree on: where it lay is nobody's business. */
function settle(parsed: ParsedReport, tree: string): FoundReport {
  if (parsed.kind === "broken") return parsed;
  const { tests, coverage } = parsed.report;
  const named = tests.map((test) => (test.name.startsWith(`${tree}/`) ? { ...test, name: test.name.slice(tree.length + 1) } : test));
  return { kind: "read", report: { tests: named, coverage } };
}
