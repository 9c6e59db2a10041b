import { expect, test } from "vitest";
import { alignSeries } from "./align-series.ts";

test("every time is there once, in order, with what each line has at it", () => {
  const one = {
    points: [
      { atMs: 3, value: 30 },
      { atMs: 1, value: 10 },
    ],
  };
  const other = {
    points: [
      { atMs: 2, value: null },
      { atMs: 3, value: 31 },
    ],
  };
  expect(alignSeries([one, other])).toEqual({
    times: [1, 2, 3],
    values: [
      [10, undefined, 30],
      [undefined, null, 31],
    ],
  });
});

test("where a clock went back, the later of two points at a time is taken", () => {
  expect(
    alignSeries([
      {
        points: [
          { atMs: 1, value: 1 },
          { atMs: 1, value: 2 },
        ],
      },
    ]),
  ).toEqual({ times: [1], values: [[2]] });
  expect(alignSeries([])).toEqual({ times: [], values: [] });
});
