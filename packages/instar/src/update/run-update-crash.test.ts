import type { Outcome } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyLedger } from "../ledger/verify-ledger.ts";
import { CrashBench, type Run, type Scenario } from "./crash-bench.testing.ts";
import { planNextMove } from "./plan-next-move.ts";

let bench: CrashBench;
beforeAll(() => {
  bench = new CrashBench();
});
afterAll(() => bench.close());

const ALL = ["prepare", "switch", "commit"];

/** The scenario, its outcome where nothing kills it, and what is in the world at the end. */
const SCENARIOS: readonly (readonly [name: string, scenario: Scenario, outcome: Outcome, effects: readonly string[]])[] = [
  ["goes well", {}, "committed", ALL],
  ["fails in its first step", { steps: { prepare: ["fails"] } }, "refused", []],
  ["is refused by a step that looks", { steps: { look: ["refuses"] } }, "refused", []],
  ["fails in the exchange", { steps: { switch: ["fails"] } }, "rolled-back", []],
  ["fails after the exchange", { steps: { confirm: ["fails"] } }, "rolled-back", []],
  ["fails in its last step", { steps: { commit: ["fails"] } }, "rolled-back", []],
  ["meets a world that is not what it should be", { steps: { switch: ["is blocked"] } }, "rolled-back", []],
  ["stumbles and gets up", { steps: { prepare: ["stumbles", "stumbles", "well"], look: ["stumbles", "well"] } }, "committed", ALL],
  ["stumbles in the exchange", { steps: { switch: ["stumbles", "well"] } }, "rolled-back", []],
  ["waits", { steps: { confirm: ["waits", "waits", "well"] } }, "committed", ALL],
  ["is cancelled before the exchange", { cancelIn: "look" }, "cancelled", []],
  ["is cancelled in the exchange", { cancelIn: "switch" }, "rolled-back", []],
  ["gives way to a newer version before the exchange", { supersedeIn: "look" }, "cancelled", []],
  ["gives way to a newer version before it does anything", { supersedeIn: "prepare" }, "cancelled", []],
  ["gives way to a newer version that came in the exchange", { supersedeIn: "switch" }, "superseded", ["prepare", "switch"]],
  ["gives way to a newer version in its window", { supersedeIn: "confirm" }, "superseded", ["prepare", "switch"]],
  ["is undone at the second try", { steps: { commit: ["fails"] }, undos: { switch: ["fails", "well"] } }, "rolled-back", []],
  ["is stuck and tried again", { steps: { commit: ["fails"] }, undos: { switch: ["hopeless", "well"] }, answer: "retry" }, "rolled-back", []],
  ["is stuck and accepted", { steps: { confirm: ["fails"] }, undos: { switch: ["fails"] }, answer: "accept" }, "stuck-resolved", ["prepare", "switch"]],
];

/** A stumble that was not recorded before the crash was none: then the update may go well where it would have been rolled back. */
const MAY_ALSO: Partial<Record<string, readonly [Outcome, readonly string[]]>> = { "stumbles in the exchange": ["committed", ALL] };

describe("an update that is killed after any of its writes, and again after any that follow", () => {
  for (const [name, scenario, outcome, effects] of SCENARIOS)
    it(`${name}: whole or not at all`, async () => {
      const undisturbed = await bench.run(scenario, []);
      expect(undisturbed).toMatchObject({ outcome, broken: [], crashed: 0 });
      expect(undisturbed.effects).toEqual(effects);
      const allowed = [`${outcome} ${effects}`, ...(MAY_ALSO[name] === undefined ? [] : [MAY_ALSO[name].join(" ")])];
      let runs = 0;
      for (let first = 0; ; first += 1) {
        const once = await bench.run(scenario, [first]);
        assertWhole(once, allowed, `killed at write ${first}`);
        if (once.crashed < 1) break;
        for (let second = 0; ; second += 1) {
          const twice = await bench.run(scenario, [first, second]);
          assertWhole(twice, allowed, `killed at writes ${first} and ${second}`);
          runs += 1;
          if (twice.crashed < 2) break;
        }
      }
      expect(runs).toBeGreaterThan(20);
    });

  it("leaves a ledger that is intact and tells of each end once", async () => {
    const ends = bench.database
      .prepare(
        "SELECT line ->> 'update' AS id, count(*) AS n FROM ledger_outbox WHERE line ->> 'event' IN ('UPDATE_COMPLETED', 'UPDATE_FAILED') GROUP BY id HAVING n <> 1",
      )
      .all();
    expect(ends).toEqual([]);
    await bench.ledger.drain();
    expect(verifyLedger(`${bench.folder}/ledger`, { expected: bench.ledger.head() })).toMatchObject({ kind: "intact" });
  });
});

function assertWhole(run: Run, allowed: readonly string[], when: string): void {
  if (run.broken.length > 0 || !allowed.includes(`${run.outcome} ${run.effects}`)) {
    const told = run.journal.map((entry) => `${entry.seq} ${entry.kind} ${"step" in entry ? entry.step : ""}`).join("\n");
    expect.fail(`${when}: ended ${run.outcome} with [${run.effects}]; ${run.broken.join("; ")}\n${told}`);
  }
  if (run.journal.filter((entry) => entry.kind === "ended").length !== 1 || planNextMove(run.journal, 0).move !== "nothing")
    expect.fail(`${when}: it did not end exactly once`);
}
