import { describe, expect, it } from "vitest";
import type { JobResult } from "../platform/run-job.ts";
import { decideRun, type FoundReport, type UnderstoodBy } from "./decide-run.ts";
import type { SeenTest } from "./reports/test-report.ts";
import type { StageJobResult } from "./stage-job.ts";

const job = (parts: { readonly kind: string; readonly [key: string]: unknown }): StageJobResult =>
  ({ tail: "", leftBehind: 0, durationMs: 3_240, ...parts }) as JobResult;
const clean = { kind: "exited", status: 0 };
const test = (name: string, outcome: SeenTest["outcome"] = "passed"): SeenTest => ({ name, file: null, outcome });
const report = (...tests: SeenTest[]): FoundReport => ({ kind: "read", report: { tests, coverage: null } });
const byReport: UnderstoodBy = { kind: "report", runner: "node", isCertain: true };
const unknown: UnderstoodBy = { kind: "unknown", because: '"make test" is no runner that is known' };
const none: FoundReport = { kind: "not-asked" };
const missing: FoundReport = { kind: "missing", because: "it left none" };

const decide = (end: { readonly kind: string; readonly [key: string]: unknown }, understoodBy: UnderstoodBy, found: FoundReport, claim?: string) => {
  const { verdict, because } = decideRun({ end: job(end), understoodBy, found, claim, withinMs: 60_000, leftBehind: "refused" });
  return `${verdict}: ${because}`;
};

describe("what a run of tests says", () => {
  for (const [name, said, expected] of [
    ["exit status and report agree", decide(clean, byReport, report(test("a"), test("b"))), "pass: 2 tests passed in 3.2 s"],
    ["some were skipped", decide(clean, byReport, report(test("a"), test("b", "skipped"))), "pass: 1 test passed in 3.2 s, 1 skipped"],
    [
      "processes were left behind",
      decide({ ...clean, leftBehind: 2 }, byReport, report(test("a"))),
      "fail: 1 test passed in 3.2 s, and left 2 processes behind, which were ended: what they did is not known (leftBehind: reported lets it pass)",
    ],
    [
      "processes were left behind, and that is only reported",
      decideRun({
        end: job({ ...clean, leftBehind: 1 }),
        understoodBy: byReport,
        found: report(test("a")),
        claim: undefined,
        withinMs: 1,
        leftBehind: "reported",
      }).because,
      "1 test passed in 3.2 s; 1 process that it left behind was ended",
    ],
    ["tests failed", decide({ kind: "exited", status: 1 }, byReport, report(test("a"), test("b", "failed"))), 'fail: 1 of 2 tests failed: "b"'],
    [
      "a clean exit over failures",
      decide(clean, byReport, report(test("a", "failed"))),
      'fail: it ended with status 0, but its report says that 1 of 1 test failed: "a"',
    ],
    [
      "a failure over passes",
      decide({ kind: "exited", status: 3, tail: "boom" }, byReport, report(test("a"))),
      "fail: it exited with 3, and its report names no failure among 1 test: boom",
    ],
    ["no test ran", decide(clean, byReport, report()), "nodata: no test ran: that is not a pass"],
    ["no test ran, and it says so", decide({ kind: "exited", status: 5 }, byReport, report()), "fail: it exited with 5, and no test ran"],
    ["all were skipped", decide(clean, byReport, report(test("a", "skipped"), test("b", "skipped"))), "nodata: all 2 tests were skipped: that is not a pass"],
    ["the report is missing", decide(clean, byReport, missing), "error: it ended with status 0, but its own report (node) is missing: it left none"],
    [
      "the report is cut off",
      decide(clean, byReport, { kind: "broken", because: "it was cut off" }),
      "error: it ended with status 0, but its own report (node) cannot be read: it was cut off",
    ],
    [
      "the report is missing after a failure",
      decide({ kind: "exited", status: 1, tail: "one\ntwo\nthree\nfour\n" }, byReport, missing),
      "fail: it exited with 1: two | three | four; its own report (node) is missing: it left none",
    ],
    [
      "only the exit status counts",
      decide(clean, { kind: "exit-status" }, none),
      "pass: it ended with status 0 in 3.2 s; nothing else is looked at (runner: exit-status)",
    ],
    [
      "the runner is not known",
      decide(clean, unknown, none),
      'pass: it ended with status 0 in 3.2 s; how many tests ran is not known ("make test" is no runner that is known)',
    ],
    [
      "totals are only printed",
      decide(clean, unknown, none, "12 tests passed"),
      'inconclusive: it ended with status 0 and prints "12 tests passed", which no report confirms ("make test" is no runner that is known); name its runner, its report file, or runner: exit-status',
    ],
    [
      "a file that node starts is no test",
      decide(clean, { ...byReport, isCertain: false }, missing),
      "pass: it ended with status 0 in 3.2 s; how many tests ran is not known (no report of node came)",
    ],
    [
      "a file that node starts prints totals",
      decide(clean, { ...byReport, isCertain: false }, missing, "1..3").slice(0, 60),
      'inconclusive: it ended with status 0 and prints "1..3", whic',
    ],
    ["a signal ends it", decide({ kind: "signalled", signal: "SIGSEGV", tail: "boom" }, byReport, report(test("a"))), "fail: it was ended by SIGSEGV: boom"],
    [
      "the deadline ends it",
      decide({ kind: "timed-out", afterMs: 60_000 }, byReport, missing),
      "fail: it did not end within 60 s and was ended with everything it had started",
    ],
    [
      "a limit ends it",
      decide({ ...clean, exceeded: "it used 512 MiB of memory" }, byReport, report(test("a"))),
      "fail: it went beyond a limit and was ended: it used 512 MiB of memory",
    ],
    ["it is stopped", decide({ kind: "stopped" }, byReport, missing), "nodata: it was stopped before it ended"],
    ["it does not start", decide({ kind: "not-started", because: "no such program" }, byReport, missing), "error: it could not be started: no such program"],
  ] as const)
    it(`where ${name}`, () => expect(said).toBe(expected));

  it("keeps the last words short, however long they are", () =>
    expect(decide({ kind: "exited", status: 1, tail: "x".repeat(8_000) }, unknown, none).length).toBeLessThan(450));

  it("passes in no other way than by a clean exit, whatever a report says", () => {
    const ends = [
      { kind: "exited", status: 1 },
      { kind: "exited", status: 255 },
      { kind: "exited", status: 0, exceeded: "memory" },
      { kind: "signalled", signal: "SIGTERM" },
      { kind: "timed-out", afterMs: 1 },
      { kind: "stopped" },
      { kind: "not-started", because: "" },
    ];
    for (const end of ends)
      for (const by of [byReport, unknown, { kind: "exit-status" }] as const) expect(decide(end, by, report(test("a")))).not.toMatch(/^pass/);
  });
});
