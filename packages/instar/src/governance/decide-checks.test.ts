import { VERDICTS } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import { type CheckGates, decideChecks } from "./decide-checks.ts";

const GATES: CheckGates = { syntax: "required", imports: "required", security: "reported", types: "no-worse", style: "off", complexity: "reported" };
const decide = (check: keyof CheckGates, verdict: (typeof VERDICTS)[number]) => decideChecks([{ check, verdict, because: "why" }], GATES).refusedBecause;

describe("what was asked of the code", () => {
  it("goes on where nothing was asked", () => expect(decideChecks([], GATES)).toEqual({ refusedBecause: null }));
  for (const verdict of VERDICTS) {
    it(`is ${verdict === "pass" ? "let on" : "refused"} where a required check says '${verdict}'`, () =>
      expect(decide("syntax", verdict) === null).toBe(verdict === "pass"));
    it(`is ${verdict === "fail" ? "refused" : "let on"} where a check that must not get worse says '${verdict}'`, () =>
      expect(decide("types", verdict) === null).toBe(verdict !== "fail"));
    it(`is let on where a reported check says '${verdict}'`, () => expect(decide("security", verdict)).toBeNull());
  }
  it("says why, and tells a failure from what was never measured", () => {
    expect(decide("imports", "fail")).toBe("the imports check (required): why");
    expect(decide("imports", "nodata")).toBe("the imports check (required): it was not measured: why");
  });
});
