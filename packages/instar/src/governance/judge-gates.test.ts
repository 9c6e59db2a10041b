import { VERDICTS } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GateQuestion, judgeGates } from "./judge-gates.ts";

const MIB = 1_048_576;
const ask = (parts: Partial<GateQuestion> = {}) =>
  judgeGates({
    tests: { verdict: "pass", because: "the tests passed in 3 s" },
    isIntact: true,
    isFirst: false,
    isUntestedAllowed: false,
    stateBytes: 10 * MIB,
    freeBytes: 1_000 * MIB,
    ...parts,
  });
const untested = { verdict: "nodata", because: "there are no tests" } as const;

describe("whether a candidate may be exchanged", () => {
  for (const [name, parts, decision] of [
    ["proceeds when every gate passed", {}, { kind: "passed", because: "the tests passed in 3 s" }],
    ["is refused where the release was changed on disk", { isIntact: false }, { kind: "refused", code: "RELEASE_DAMAGED" }],
    [
      "is refused where the release was changed, whoever asks and whatever is allowed",
      { isIntact: false, isFirst: true, isUntestedAllowed: true },
      { kind: "refused", code: "RELEASE_DAMAGED" },
    ],
    [
      "is refused where the way back would not fit",
      { freeBytes: 36 * MIB - 1 },
      { kind: "refused", code: "DISK_FULL", because: "the way back needs 36 MiB on disk and 36 are free" },
    ],
    ["proceeds where the way back just fits", { freeBytes: 36 * MIB }, { kind: "passed" }],
    [
      "is refused without room, though the operator allowed it untested",
      { freeBytes: 0, isUntestedAllowed: true, tests: untested },
      { kind: "refused", code: "DISK_FULL" },
    ],
    [
      "is refused when tests fail",
      { tests: { verdict: "fail", because: "the tests exited with 1" } },
      {
        kind: "refused",
        code: "VALIDATION_FAILED",
        because: "the tests exited with 1; what was never measured is no pass. `instar update apply --untested` goes on all the same",
      },
    ],
    [
      "proceeds untested where the operator started it for the first time",
      { isFirst: true, tests: untested },
      { kind: "passed", because: "the operator started it for the first time; tests: there are no tests" },
    ],
    [
      "proceeds untested where the operator said so by hand",
      { isUntestedAllowed: true, tests: untested },
      { kind: "passed", because: "the operator let it go on without tests: there are no tests" },
    ],
    ["is refused untested where nobody allowed it", { tests: untested }, { kind: "refused", code: "VALIDATION_FAILED" }],
  ] as const satisfies readonly (readonly [string, Partial<GateQuestion>, object])[])
    it(name, () => expect(ask(parts)).toMatchObject(decision));

  for (const verdict of VERDICTS.filter((verdict) => verdict !== "pass"))
    it(`never takes '${verdict}' for a pass`, () =>
      expect(ask({ tests: { verdict, because: "" } })).toMatchObject({ kind: "refused", code: "VALIDATION_FAILED" }));

  it("has no way to a yes for what came by itself but tests that passed", () =>
    fc.assert(
      fc.property(
        fc.record({ verdict: fc.constantFrom(...VERDICTS), isIntact: fc.boolean(), stateBytes: fc.nat({ max: 1e9 }), freeBytes: fc.nat({ max: 3e9 }) }),
        ({ verdict, ...rest }) => {
          if (ask({ ...rest, tests: { verdict, because: "" } }).kind === "passed")
            expect({ verdict, isIntact: rest.isIntact }).toEqual({ verdict: "pass", isIntact: true });
        },
      ),
    ));
});
