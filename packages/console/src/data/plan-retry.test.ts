import { expect, test } from "vitest";
import { planRetryMs } from "./plan-retry.ts";

test("a restart is noticed at once, and a long absence costs a request every five seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 100, 100_000].map(planRetryMs)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
});
