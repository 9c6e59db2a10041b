import type { Verdict } from "@instar/protocol";
import { VERDICTS } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { makeFinding } from "./compare-shown.ts";
import { decideRehearsal, type RehearsalGates } from "./decide-rehearsal.ts";

const back = { wayBack: "code-alone", wayBackBecause: "the old version runs on it" } as const;
const standard: RehearsalGates = { gate: "no-worse", performance: "required", compareAnswers: "reported" };
const decide = (found: Readonly<Record<string, Verdict>>, gates: Partial<RehearsalGates> = {}) =>
  decideRehearsal(
    Object.entries(found).map(([what, verdict]) => makeFinding(what, verdict, `because of ${what}`)),
    { ...standard, ...gates },
    back,
  );
const refusedBy = (what: string, gates: Partial<RehearsalGates> = {}) =>
  VERDICTS.filter((verdict) => decide({ alive: "pass", [what]: verdict }, gates).refusedBecause !== null);

describe("what refuses a rehearsed candidate", () => {
  const notPass = VERDICTS.filter((verdict) => verdict !== "pass");
  for (const [what, gates, refusing] of [
    ["probe status", {}, ["fail"]],
    ["probe status", { gate: "required" }, notPass],
    ["probe status", { gate: "reported" }, []],
    ["probe status", { gate: "off" }, []],
    ["latency", {}, ["fail"]],
    ["latency", { gate: "required" }, ["fail"]],
    ["latency", { performance: "reported" }, []],
    ["latency", { gate: "reported" }, []],
    ["errors", {}, ["fail"]],
    ["answers", {}, []],
    ["answers", { compareAnswers: "required" }, ["fail"]],
    ["answers", { gate: "required", compareAnswers: "required" }, notPass],
    ["answers", { gate: "required" }, []],
  ] as const)
    it(`${what} under ${JSON.stringify(gates)}: ${refusing.join(", ") || "nothing"}`, () => expect(refusedBy(what, gates)).toEqual(refusing));

  it("is nothing that was found, under required, as well", () => {
    expect(decide({}, { gate: "required" }).refusedBecause).toBe("the rehearsal (required): nothing was asked of it");
    expect(decide({}).report.verdict).toBe("nodata");
  });
});

describe("the report of a rehearsal", () => {
  it("passes only where everything that may refuse passes", () => {
    expect(decide({ alive: "pass", latency: "pass" }).report.verdict).toBe("pass");
    expect(decide({ alive: "pass", latency: "insufficient" }).report).toMatchObject({
      verdict: "insufficient",
      because: "1 of 2 findings pass; latency: too few samples: because of latency",
    });
  });
  it("is not made worse by what is only reported, and keeps it", () => {
    const { report } = decide({ alive: "pass", answers: "fail" });
    expect(report.verdict).toBe("pass");
    expect(report.findings).toHaveLength(2);
  });
  it("says what refuses and leaves out what does not", () =>
    expect(decide({ alive: "fail", version: "nodata", latency: "fail" }).refusedBecause).toBe(
      "the rehearsal (no-worse): alive: because of alive; latency: because of latency",
    ));
  it("stays short, however much refuses", () =>
    expect(decide({ "probe a": "fail", "probe b": "fail", "probe c": "fail", "probe d": "fail", "probe e": "fail" }).report.because).toMatch(/; and 2 more$/));
  it("carries the way back as it was found", () => expect(decide({ alive: "pass" }).report).toMatchObject(back));
});
