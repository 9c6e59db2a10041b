import { describe, expect, it } from "vitest";
import { type HeardBefore, NOTHING_HEARD, planChanges } from "./plan-changes.ts";
import { renderChangeLine } from "./render-change.ts";
import { FIRST_UPDATE, heard, sampleApproval, sampleObservation, sampleReading, sampleStatus, sampleSteps, sampleUpdate } from "./sample-reading.testing.ts";
import { NO_LOG, type Reading } from "./watch-state.ts";

const idle = sampleReading(FIRST_UPDATE, {
  status: sampleStatus({ state: "idle", update: FIRST_UPDATE, waiting: "nothing newer; upstream is asked again in 9 s" }),
  updates: [FIRST_UPDATE],
});
const after = (...readings: Reading[]): HeardBefore => readings.reduce((before, reading) => planChanges(before, heard(reading)).now, NOTHING_HEARD);
const lines = (before: HeardBefore, reading: Reading, log = NO_LOG) => planChanges(before, heard(reading, log)).changes.map(renderChangeLine);

describe("changes, line by line:", () => {
  it("begin with what is, and not with history", () =>
    expect(lines(NOTHING_HEARD, idle)).toEqual([
      "agent     1.0.0 in blue: pass: GET /health answered 200",
      "update    s48ckv3k  nothing → 1.0.0  committed: every step is done",
      "now       nothing newer; upstream is asked again in 9 s",
    ]));

  it("are none where only a countdown went on", () => {
    const later = { ...idle, status: { ...idle.status, waiting: "nothing newer; upstream is asked again in 4 s" } };
    expect(lines(after(idle), later)).toEqual([]);
  });

  it("tell each step once, and an end after its last step", () => {
    const running = sampleReading(sampleUpdate({ steps: sampleSteps("fetch") }));
    const begun = lines(after(idle), running);
    expect(begun.filter((line) => line.startsWith("step") || line.startsWith("update"))).toEqual([
      "update    my6va2jy  1.0.0 → 1.0.1  validating",
      "step      1.0.1  ▸ Fetch the commit",
    ]);
    const next = lines(after(idle, running), sampleReading(sampleUpdate({ steps: sampleSteps("analyse") })));
    expect(next).toEqual(["step      1.0.1  ✔ Fetch the commit: fetch is done", "step      1.0.1  ▸ Work out what the change touches"]);
    const ended = sampleUpdate({ steps: sampleSteps(null), outcome: "committed", because: "every step is done", state: "idle" });
    expect(
      lines(after(idle, running), sampleReading(ended))
        .filter((line) => !/^(agent|now)/.test(line))
        .at(-1),
    ).toBe("update    my6va2jy  1.0.0 → 1.0.1  committed: every step is done");
  });

  it("tell who is waited for, and how a version in service fares", () => {
    const reading = { ...idle, approvals: [sampleApproval()], status: { ...idle.status, observation: sampleObservation({ alarms: ["errors rose"] }) } };
    expect(lines(after(idle), reading)).toEqual([
      "approval  1.0.1  waiting, 0 of 1: 1 person must approve it",
      "watched   1.0.1  insufficient: 0 of 99 requests failed; 9 s of the window are left; alarms: errors rose",
    ]);
  });

  it("tell what jobs wrote since, also where the log was cut meanwhile", () => {
    const running = sampleReading();
    const log = { update: "my6va2jy", from: 4, total: 2, lines: ["a", "b"] };
    const before = planChanges(NOTHING_HEARD, heard(running, log)).now;
    expect(lines(before, running, { ...log, from: 8, total: 4, lines: ["b", "c", "d"] })).toEqual(["output    │ c", "output    │ d"]);
    expect(lines(before, running, log)).toEqual([]);
  });

  it("tell once that the daemon is away, and that it answers again", () => {
    const silence = { kind: "silence", because: "the daemon is away" } as const;
    const first = planChanges(after(idle), silence);
    expect(first.changes.map(renderChangeLine)).toEqual(["daemon    away: the daemon is away"]);
    expect(planChanges(first.now, silence).changes).toEqual([]);
    expect(lines(first.now, idle)).toEqual(["daemon    answers again"]);
  });
});
