import { expect, test } from "vitest";
import { planWindow } from "./plan-window.ts";

test("what is seen is drawn, and little more", () => {
  expect(planWindow(10_000, 40, 0, 400)).toEqual({ first: 0, end: 22 });
  expect(planWindow(10_000, 40, 200_000, 400)).toEqual({ first: 4_988, end: 5_022 });
  expect(planWindow(10_000, 40, 399_600, 400)).toEqual({ first: 9_978, end: 10_000 });
});

test("a table that became shorter than where it was scrolled to stays within itself", () => {
  expect(planWindow(3, 40, 100_000, 400)).toEqual({ first: 0, end: 3 });
  expect(planWindow(0, 40, 0, 400)).toEqual({ first: 0, end: 0 });
});
