import { seedRandom } from "@instar/testkit";
import { afterAll, expect, test } from "vitest";
import { RECREATE } from "./instance-kind.ts";
import { planMatrix, planRandomAct } from "./plan-acts.ts";
import { type Played, playActs } from "./play-acts.ts";

/** Rows of kills with a pause before each start: minutes on a slow machine, and a hang is found by the acts themselves. */
const WITHIN_MS = 600_000;
const FEWEST_KILLS = 60;
/** Fixed, so that a failure can be played again; the job `test:crash` takes others. */
const SEED = 20_261_120;

const played: Played[] = [];

// Each row has an instance of its own, and most of its time goes by in the pauses before starts: so they run beside each other.
for (const [row, { kind, acts }] of Object.entries(planMatrix()))
  test.concurrent(`killed around every journal entry and rename on ${row}, each update ends once, with code and state to match`, {
    timeout: WITHIN_MS,
  }, async () => {
    const result = await playActs(kind, acts, { say: () => undefined });
    played.push(result);
    expect(result.violations).toEqual([]);
    expect(result.unmet).toEqual([]);
  });

test.concurrent("killed at random places and instants, each update ends once, with code and state to match", { timeout: WITHIN_MS }, async () => {
  const random = seedRandom(SEED);
  const result = await playActs(
    RECREATE,
    Array.from({ length: 2 }, () => planRandomAct(RECREATE, random)),
    { say: () => undefined },
  );
  played.push(result);
  expect(result.violations).toEqual([]);
});

afterAll(() => {
  const kills = played.reduce((sum, { kills }) => sum + kills, 0);
  if (played.every(({ violations }) => violations.length === 0)) expect(kills).toBeGreaterThanOrEqual(FEWEST_KILLS);
});
