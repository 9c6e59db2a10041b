import { expect, test } from "vitest";
import { renderCount, renderMany, renderMs, renderShare } from "./render-number.ts";

test("numbers are grouped, and a share of nothing is none", () => {
  expect([0, 999, 1_000, 12_345_678].map(renderCount)).toEqual(["0", "999", "1\u00A0000", "12\u00A0345\u00A0678"]);
  expect([renderShare(0, 0), renderShare(0, 5), renderShare(1, 100_000), renderShare(1, 300), renderShare(1, 20), renderShare(1, 2)]).toEqual([
    "–",
    "0 %",
    "< 0.01 %",
    "0.33 %",
    "5.0 %",
    "50 %",
  ]);
  expect([renderMs(null), renderMs(1.234), renderMs(123.4)]).toEqual(["never measured", "1.2 ms", "123 ms"]);
  expect([renderMany(1, "file"), renderMany(2, "entry", "entries")]).toEqual(["1 file", "2 entries"]);
});
