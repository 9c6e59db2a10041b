import { RISKS } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { riskOfNumber } from "./risk-of-number.ts";

describe("a risk as a number", () => {
  for (const [number, level] of [
    [0, "minimal"],
    [0.2, "minimal"],
    [0.2 + Number.EPSILON, "low"],
    [0.4, "low"],
    [0.4 + Number.EPSILON, "medium"],
    [0.6, "medium"],
    [0.6 + Number.EPSILON, "high"],
    [0.8, "high"],
    [0.8 + Number.EPSILON, "critical"],
    [1, "critical"],
  ] as const)
    it(`of ${number} is ${level}`, () => expect(riskOfNumber(number)).toBe(level));

  for (const number of [Number.NaN, -0.1, 1.7, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    it(`of ${number} is none, and critical`, () => expect(riskOfNumber(number)).toBe("critical"));

  it("never falls as the number rises", () =>
    fc.assert(
      fc.property(share, share, (one, other) => {
        expect(rankOf(Math.min(one, other))).toBeLessThanOrEqual(rankOf(Math.max(one, other)));
      }),
    ));
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const rankOf = (number: number) => RISKS.indexOf(riskOfNumber(number));
