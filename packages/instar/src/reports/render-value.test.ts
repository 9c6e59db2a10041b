import { describe, expect, it } from "vitest";
import { renderValue } from "./render-value.ts";

describe("a person reads", () => {
  for (const [value, unit, said] of [
    [null, "ms", "–"],
    [0, "ms", "0 ms"],
    [999, "ms", "999 ms"],
    [1_234, "ms", "1.23 s"],
    [59_400, "ms", "59 s"],
    [59_900, "ms", "1 min"],
    [200_000, "ms", "3 min 20 s"],
    [3_600_000, "ms", "1 h"],
    [18_720_000, "ms", "5 h 12 min"],
    [273_600_000, "ms", "3 d 4 h"],
    [2 / 3, "share", "66.7 %"],
    [0, "share", "0 %"],
    [1, "share", "100 %"],
    [0.0001, "share", "< 0.1 %"],
    [0.9999, "share", "> 99.9 %"],
    [7, "count", "7"],
    ["2026-03-01T12:34:56.789Z", "time", "2026-03-01 12:34:56"],
    ["soon", "time", "soon"],
    ["1.2.0", "text", "1.2.0"],
  ] as const)
    it(`${said} for ${String(value)} (${unit})`, () => expect(renderValue(value, unit)).toBe(said));
});
