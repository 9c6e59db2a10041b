import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planPipeline } from "./plan-pipeline.ts";
import { NOW_MS, sampleSteps } from "./sample-reading.testing.ts";

const told = (rows: ReturnType<typeof planPipeline>) =>
  rows.map((row) => (row.kind === "several" ? `${row.count} ${row.state}` : `${row.step.id} ${row.step.state}`));

describe("a pipeline in few rows", () => {
  it("shows each step where there is room", () => expect(planPipeline({ steps: sampleSteps("validate") }, 10, NOW_MS)).toHaveLength(10));

  it("keeps what goes on and what is beside it", () =>
    expect(told(planPipeline({ steps: sampleSteps("approve", "waiting") }, 5, NOW_MS))).toEqual([
      "4 done",
      "decide done",
      "approve waiting",
      "back-up ahead",
      "3 ahead",
    ]));

  it("shows how far it came where nothing goes on, and the end of one that is done", () => {
    expect(told(planPipeline({ steps: sampleSteps("switch", "ahead") }, 4, NOW_MS))).toContain("switch ahead");
    expect(told(planPipeline({ steps: sampleSteps(null) }, 4, NOW_MS)).at(-1)).toBe("commit done");
  });

  it("always has what runs, waits or failed, and never more rows than it may", () =>
    fc.assert(
      fc.property(
        fc.constantFrom("fetch", "build", "validate", "approve", "switch", "commit" as const),
        fc.constantFrom("running", "waiting", "undoing", "failed" as const),
        fc.integer({ min: 3, max: 12 }),
        (at, state, most) => {
          const rows = planPipeline({ steps: sampleSteps(at, state) }, most, NOW_MS);
          expect(rows.length).toBeLessThanOrEqual(most);
          expect(told(rows)).toContain(`${at} ${state}`);
          // No step is lost: each is a row, or counted in one.
          expect(rows.reduce((sum, row) => sum + (row.kind === "several" ? row.count : 1), 0)).toBe(10);
        },
      ),
    ));

  it("says how long a step has taken so far", () => {
    const [running] = planPipeline({ steps: sampleSteps("fetch") }, 10, NOW_MS);
    expect(running).toMatchObject({ tookMs: 10_000 });
  });
});
