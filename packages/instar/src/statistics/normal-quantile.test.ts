import { describe, expect, it } from "vitest";
import { normalQuantile } from "./normal-quantile.ts";

describe("the quantile of a normal distribution", () => {
  it("is 1.959963984540054 for 0.975, to the last digit", () => expect(Math.abs(normalQuantile(0.975) - 1.959963984540054)).toBeLessThanOrEqual(1e-15));
  // Φ(-8) = 6.22096057427178e-16: where one minus an error function has no digit left.
  it("is right in the far tail", () => expect(normalQuantile(6.22096057427178e-16)).toBeCloseTo(-8, 12));
  for (const [share, quantile] of [
    [0.5, 0],
    [0.05, -1.6448536269514722],
    [0.9, 1.2815515655446004],
    [0.999, 3.090232306167813],
  ] as const)
    it(`is ${quantile} for ${share}`, () => expect(normalQuantile(share)).toBeCloseTo(quantile, 13));
  it("is the same on both sides", () => expect(normalQuantile(0.001)).toBeCloseTo(-normalQuantile(0.999), 12));
});
