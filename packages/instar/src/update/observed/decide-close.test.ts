import { describe, expect, it } from "vitest";
import { emptyObservation } from "../../observation/fold-observation.ts";
import { settingsSchema } from "../../settings/settings.ts";
import { decideClose } from "./decide-close.ts";
import type { Glimpse } from "./observer.ts";
import { planLimits } from "./plan-observation.ts";

const settings = settingsSchema.parse({
  version: 1,
  name: "a",
  source: { git: "." },
  agent: { start: "x" },
  front: { port: 1 },
  watch: { time: "20s", requests: 10 },
});
const limits = planLimits(settings, { release: "r", risk: "low" });
const glimpse = (parts: Partial<Glimpse>): Glimpse => ({ coveredMs: 1_000, requests: 0, failed: 0, restarts: 0, isServing: true, ...parts });
const counted = (countedMs: number, requests: number) => ({
  ...emptyObservation(),
  countedMs,
  errors: { ...emptyObservation().errors, total: { requests, failed: 0 } },
});

describe("a span ends", () => {
  for (const [name, seen, state, sinceMs, ends] of [
    ["after five seconds", glimpse({ coveredMs: 5_000 }), emptyObservation(), 0, true],
    ["not before, where all is well", glimpse({ coveredMs: 4_750 }), emptyObservation(), 0, false],
    ["a second after its process is gone", glimpse({ isServing: false }), emptyObservation(), 0, true],
    ["not sooner: it may be started again", glimpse({ isServing: false, coveredMs: 750 }), emptyObservation(), 0, false],
    ["at a flood of failures", glimpse({ requests: 8, failed: 6 }), emptyObservation(), 0, true],
    ["not at a few failures among many", glimpse({ requests: 500, failed: 6 }), emptyObservation(), 0, false],
    ["when it ended by itself", glimpse({ restarts: 1 }), emptyObservation(), 0, true],
    ["where with it the window is over", glimpse({ coveredMs: 250, requests: 3 }), counted(19_800, 8), 0, true],
    ["not where requests are still missing", glimpse({ coveredMs: 250, requests: 1 }), counted(19_800, 8), 0, false],
    ["where the request came that was waited for", glimpse({ coveredMs: 250, requests: 1 }), counted(40_000, 9), 0, true],
    ["not again and again, where something else is missing", glimpse({ coveredMs: 250 }), counted(40_000, 10), 0, false],
    ["a keeper that is away hurries nothing", glimpse({ isServing: null }), emptyObservation(), 0, false],
    ["also where nothing is seen at all", undefined, emptyObservation(), 5_000, true],
    ["but no sooner", undefined, emptyObservation(), 4_000, false],
  ] as const)
    it(`${name}`, () => expect(decideClose(seen, state, limits, sinceMs)).toBe(ends));

  it("is held to the time of its risk where no time is written", () => {
    const byRisk = settingsSchema.parse({ version: 1, name: "a", source: { git: "." }, agent: { start: "x" }, front: { port: 1 } });
    const hours = (["minimal", "low", "medium", "high", "critical"] as const).map((risk) => planLimits(byRisk, { release: "r", risk }).windowMs / 3_600_000);
    expect(hours).toEqual([1, 1, 6, 24, 72]);
  });
});
