import { describe, expect, it } from "vitest";
import type { ObservationAction, ObservationVerdict } from "../../observation/judge-observation.ts";
import { decideWatch, type WatchFacts } from "./decide-watch.ts";

const judged = (action: ObservationAction, parts: Partial<ObservationVerdict> = {}, countedMs = 30_000): ObservationVerdict => ({
  verdict: action === "keep" ? "pass" : action === "blind" ? "error" : action === "roll-back" ? "fail" : "insufficient",
  action,
  because: "so it is",
  findings: [],
  nextLookMs: 5_000,
  window: { countedMs, neededMs: 60_000, endsMs: 120_000, requests: 9, neededRequests: 10, isExtended: false, isUnverified: false },
  ...parts,
});
const facts = (parts: Partial<WatchFacts> = {}): WatchFacts => ({
  nowTickMs: 50_000,
  servedAtTickMs: 10_000,
  confirmWithinMs: null,
  confirmedAtTickMs: null,
  heldSinceTickMs: null,
  isUnseen: false,
  onBlind: "hold",
  ...parts,
});
const asked = { confirmWithinMs: 60_000 };

describe("what is done about a verdict", () => {
  for (const [name, verdict, known, kind, code] of [
    ["a pass keeps it", judged("keep"), {}, "keep", undefined],
    ["a fail puts the old one back", judged("roll-back"), {}, "go-back", "MISBEHAVED"],
    ["an alarm holds", judged("pause"), {}, "hold", undefined],
    ["blindness holds", judged("blind"), {}, "hold", undefined],
    [
      "one look that a source did not answer is no blindness, whatever the operator wants done about that",
      { ...judged("watch"), verdict: "error" },
      { onBlind: "roll-back" },
      "watch",
      undefined,
    ],
    ["blindness puts the old one back where the operator wants that", judged("blind"), { onBlind: "roll-back" }, "go-back", "MISBEHAVED"],
    ["blindness at a high risk puts it back", judged("roll-back", { verdict: "error" }), {}, "go-back", "MISBEHAVED"],
    ["too little evidence goes on", judged("watch"), {}, "watch", undefined],
    ["a version that nobody saw holds", judged("watch"), { isUnseen: true }, "hold", undefined],
    ["a pass that nobody confirmed yet holds", judged("keep"), asked, "hold", undefined],
    ["a pass that somebody confirmed keeps", judged("keep"), { ...asked, confirmedAtTickMs: 20_000 }, "keep", undefined],
    ["too late to be confirmed puts it back", judged("watch"), { ...asked, nowTickMs: 70_000 }, "go-back", "NOT_CONFIRMED"],
    ["a pass that nobody confirmed in time goes back", judged("keep"), { ...asked, nowTickMs: 70_000 }, "go-back", "NOT_CONFIRMED"],
    ["a word that came after the time is none", judged("watch"), { ...asked, nowTickMs: 90_000, confirmedAtTickMs: 80_000 }, "go-back", "NOT_CONFIRMED"],
    ["a word of before an alarm does not answer it", judged("pause"), { confirmedAtTickMs: 20_000, heldSinceTickMs: 40_000 }, "hold", undefined],
    ["a word after it goes on", judged("pause"), { confirmedAtTickMs: 45_000, heldSinceTickMs: 40_000 }, "watch", undefined],
    ["a word skips nothing of the window", judged("blind"), { confirmedAtTickMs: 45_000, heldSinceTickMs: 40_000 }, "watch", undefined],
    ["and after the window it keeps", judged("blind", {}, 60_000), { confirmedAtTickMs: 45_000, heldSinceTickMs: 40_000 }, "keep", undefined],
    ["no word keeps what fails", judged("roll-back", {}, 60_000), { confirmedAtTickMs: 45_000, heldSinceTickMs: 40_000 }, "go-back", "MISBEHAVED"],
  ] as const)
    it(name, () => expect(decideWatch(verdict, facts(known))).toMatchObject({ kind, ...(code === undefined ? {} : { code }) }));

  it("says how a person answers", () => {
    const held = decideWatch(judged("pause"), facts());
    expect(held.because).toContain("instar update confirm");
    expect(held.because).toContain("instar update cancel");
  });
});
