import { describe, expect, it } from "vitest";
import type { JobResult } from "../platform/run-job.ts";
import { decideTests } from "./decide-tests.ts";

const job = (parts: { readonly kind: string; readonly [key: string]: unknown }): JobResult =>
  ({ tail: "", leftBehind: 0, durationMs: 3_240, ...parts }) as JobResult;

describe("what a run of tests says", () => {
  for (const [name, result, verdict, because] of [
    ["a clean exit passes", { kind: "exited", status: 0 }, "pass", "the tests passed in 3.2 s"],
    [
      "a clean exit that left processes behind passes and says so",
      { kind: "exited", status: 0, leftBehind: 2 },
      "pass",
      "the tests passed in 3.2 s; 2 processes that it left behind were ended",
    ],
    [
      "any other status fails, with the last words",
      { kind: "exited", status: 1, tail: "one\ntwo\nthree\nfour\n" },
      "fail",
      "the tests exited with 1: two | three | four",
    ],
    ["a signal fails", { kind: "signalled", signal: "SIGSEGV", tail: "boom" }, "fail", "the tests were ended by SIGSEGV: boom"],
    ["a deadline fails", { kind: "timed-out", afterMs: 60_000 }, "fail", "the tests did not end within 60 s and were ended with everything they had started"],
    ["being stopped says nothing", { kind: "stopped" }, "nodata", "the tests were stopped before they ended"],
    [
      "not starting says nothing about the candidate",
      { kind: "not-started", because: "no such program" },
      "error",
      "the tests could not be started: no such program",
    ],
  ] as const)
    it(name, () => expect(decideTests(job(result), 60_000)).toEqual({ verdict, because }));

  it("keeps the last words short, however long they are", () => {
    const { because } = decideTests(job({ kind: "exited", status: 1, tail: "x".repeat(8_000) }), 1);
    expect(because.length).toBeLessThan(450);
  });

  it("passes in no other way than by a clean exit", () => {
    const results = [
      { kind: "exited", status: 1 },
      { kind: "exited", status: 255 },
      { kind: "signalled", signal: "SIGTERM" },
      { kind: "timed-out", afterMs: 1 },
      { kind: "stopped" },
      { kind: "not-started", because: "" },
    ];
    expect(results.map((result) => decideTests(job(result), 1).verdict)).not.toContain("pass");
  });
});
