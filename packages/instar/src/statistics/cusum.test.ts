import { describe, expect, it } from "vitest";
import { foldCusum, planCusumHeight } from "./cusum.ts";
import { createSeededRandom } from "./seeded-random.ts";

describe("the height of a CUSUM", () => {
  // Montgomery's and NIST's table for half a standard deviation of slack, and the height for ten thousand values.
  for (const [runLength, height] of [
    [167.68, 4],
    [465.44, 5],
    [370, 4.774],
    [10_000, 8.05],
  ] as const)
    it(`is ${height} for a false alarm in ${runLength} values`, () => expect(planCusumHeight(runLength, 0.5)).toBeCloseTo(height, 1));

  it("gives the run length that is asked for", () => {
    const normal = createNormal(3);
    let [values, alarms] = [0, 0];
    for (let run = 0; run < 400; run += 1) values += runUntil(normal, 0, planCusumHeight(465.44, 0.5), () => (alarms += 1));
    expect(values / alarms).toBeGreaterThan(465 * 0.85);
    expect(values / alarms).toBeLessThan(465 * 1.15);
  });

  it("notices a shift of one standard deviation within 10.4 values on average", () => {
    const normal = createNormal(4);
    let values = 0;
    for (let run = 0; run < 400; run += 1) values += runUntil(normal, 1, 5, () => undefined);
    expect(values / 400).toBeGreaterThan(9.6);
    expect(values / 400).toBeLessThan(11.2);
  });
});

it("a CUSUM never falls below nothing, and follows both directions apart", () => {
  const fallen = foldCusum({ up: 1, down: 0 }, -3, 0.5);
  expect(fallen).toEqual({ up: 0, down: 2.5 });
  expect(foldCusum(fallen, 1, 0.5)).toEqual({ up: 0.5, down: 1 });
});

function runUntil(normal: () => number, shift: number, height: number, onAlarm: () => void): number {
  let state = { up: 0, down: 0 };
  for (let values = 1; values < 100_000; values += 1) {
    state = foldCusum(state, normal() + shift, 0.5);
    if (Math.max(state.up, state.down) < height) continue;
    onAlarm();
    return values;
  }
  return 100_000;
}

/** Box and Muller. */
function createNormal(seed: number): () => number {
  const random = createSeededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
