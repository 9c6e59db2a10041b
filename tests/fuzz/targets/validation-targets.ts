import { readFileSync } from "node:fs";
import { parseCoverage } from "../../../packages/instar/src/validation/coverage/parse-coverage.ts";
import { findClaim } from "../../../packages/instar/src/validation/reports/find-claim.ts";
import { parseBehaveReport } from "../../../packages/instar/src/validation/reports/parse-behave-report.ts";
import { parseJestReport } from "../../../packages/instar/src/validation/reports/parse-jest-report.ts";
import { parseJunit } from "../../../packages/instar/src/validation/reports/parse-junit.ts";
import { parseMochaReport } from "../../../packages/instar/src/validation/reports/parse-mocha-report.ts";
import { parseNodeReports } from "../../../packages/instar/src/validation/reports/parse-node-report.ts";
import { parseUnittestReports } from "../../../packages/instar/src/validation/reports/parse-unittest-report.ts";
import { createTapReader } from "../../../packages/instar/src/validation/reports/tap-reader.ts";
import { countTests, type ParsedReport } from "../../../packages/instar/src/validation/reports/test-report.ts";
import { quoteForShell, splitShell } from "../../../packages/instar/src/validation/runners/split-shell.ts";
import { assertHolds, type FuzzTarget, seedOf, textOf } from "../fuzz-target.ts";

const SAMPLES = new URL("../../../packages/instar/src/validation/reports/samples/", import.meta.url);
const sample = (name: string) => readFileSync(new URL(name, SAMPLES));
const EVENT = { passed: true, name: "adds", file: "/tree/a.test.js", type: "test", skip: false, todo: false, failure: null };
const NODE = { format: "instar node report 1", isNested: false, ended: true, coverage: { total: 3, covered: 2 }, events: [EVENT, { ...EVENT, passed: false }] };
const TEST = { name: "adds", file: null, outcome: "passed", isGroup: false };
const UNITTEST = { format: "instar unittest report 1", isNested: false, ended: true, tests: [TEST, { ...TEST, outcome: "failed", isGroup: true }] };
const COVERAGE = {
  istanbul: seedOf({ total: { lines: { total: 4, covered: 3 } } }),
  lcov: seedOf("SF:a.js\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n"),
  xml: seedOf('<?xml version="1.0"?><coverage lines-valid="4" lines-covered="3"><metrics files="1" statements="4" coveredstatements="3"/></coverage>'),
  "coverage.py": seedOf({ totals: { covered_lines: 3, num_statements: 4 } }),
} as const;

export const VALIDATION_TARGETS: readonly FuzzTarget[] = [
  reportTarget(
    "report-tap",
    [sample("tape.tap"), seedOf("TAP version 13\n1..2\nok 1 - a # skip x\nnot ok 2 b\n"), seedOf(`1..1\nok 1 ${"long ".repeat(100)}\n`)],
    (text) => {
      const reader = createTapReader();
      for (const line of text.split("\n")) reader.push(line);
      return reader.end();
    },
  ),
  reportTarget("report-junit", ["pytest.xml", "pytest-not-loaded.xml", "node-junit.xml"].map(sample), parseJunit),
  reportTarget("report-jest", ["jest.json", "vitest.json"].map(sample), parseJestReport),
  reportTarget("report-mocha", [sample("mocha.json")], parseMochaReport),
  reportTarget("report-behave", [sample("behave.json")], parseBehaveReport),
  reportTarget("report-node", [seedOf(NODE)], (text) => parseNodeReports([text])),
  reportTarget("report-unittest", [seedOf(UNITTEST)], (text) => parseUnittestReports([text])),
  {
    name: "report-claim",
    seeds: [seedOf("Tests: 3 passed, 4 total"), seedOf("\u001b[32m12 passing\u001b[0m (3s)")],
    parse: (bytes) => assertHolds((findClaim(textOf(bytes))?.length ?? 0) <= 120, "a claim is short"),
  },
  ...(Object.keys(COVERAGE) as (keyof typeof COVERAGE)[]).map(
    (format): FuzzTarget => ({
      name: `coverage-${format}`,
      seeds: [COVERAGE[format]],
      parse: (bytes) => {
        const percent = parseCoverage(format, textOf(bytes)) ?? 0;
        assertHolds(percent >= 0 && percent <= 100, "a share is between nothing and all");
      },
    }),
  ),
  {
    name: "shell-line",
    seeds: [seedOf(`NODE_ENV=test node --test "a b" 'c' && npm run x\\ y > out.txt 2>&1 | tee; vitest`)],
    parse: (bytes) => {
      const line = textOf(bytes);
      for (const { words } of splitShell(line) ?? [])
        for (const { text, start, end } of words) {
          assertHolds(start >= 0 && start < end && end <= line.length, "a word stands in the line");
          const [again] = splitShell(quoteForShell(text)) ?? [];
          assertHolds(text === "" || text.includes("\n") || again?.words[0]?.text === text, "a word that is quoted is the same word");
        }
    },
  },
];

/** They are said to throw nothing; what they give adds up, and can be shown on a terminal. */
function reportTarget(name: string, seeds: readonly Buffer[], parse: (text: string) => ParsedReport): FuzzTarget {
  return {
    name,
    tasteInputs: 200,
    seeds,
    parse: (bytes) => {
      const parsed = parse(textOf(bytes));
      if (parsed.kind === "broken") return;
      const { total, passed, failed, skipped } = countTests(parsed.report.tests);
      assertHolds(total === passed + failed + skipped, "every test passed, failed or was skipped");
      for (const { name: shown } of parsed.report.tests)
        assertHolds(shown !== "" && shown.length <= 301 && !/\p{Cc}/u.test(shown), "a test's name can be shown");
      const { coverage } = parsed.report;
      assertHolds(coverage === null || (coverage >= 0 && coverage <= 100), "a share is between nothing and all");
    },
  };
}
