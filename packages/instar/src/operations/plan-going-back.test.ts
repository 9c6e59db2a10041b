import { InstarError } from "@instar/protocol";
import { describe, expect, it } from "vitest";
import type { EndedUpdate, Standing } from "../update/fold-standing.ts";
import { START } from "../update/tell-journal.testing.ts";
import { planGoingBack } from "./plan-going-back.ts";

const ended = (given: EndedUpdate["given"], outcome: EndedUpdate["outcome"] = "committed"): EndedUpdate => ({
  update: "u2" as EndedUpdate["update"],
  start: { ...START, releaseFrom: "old", wayBack: "old" },
  outcome,
  because: "",
  given: { release: "new", snapshot: "u2", ...given },
  isCancelled: false,
  failure: null,
  at: "2026-11-01T00:00:00.000Z",
});
const standing = (...updates: EndedUpdate[]): Standing => {
  const running = { release: "new", version: "2.0.0", commit: "c" };
  return { running, committed: running, ended: updates };
};
const nothing = { withState: false, codeAlone: false };
const codeOf = (act: () => unknown) => {
  try {
    act();
    return "nothing";
  } catch (error) {
    return InstarError.is(error) ? error.code : String(error);
  }
};

describe("going back by hand", () => {
  it("leaves the state where the old version runs on it, or where nobody has tried", () => {
    expect(planGoingBack(standing(ended({ wayBack: "code-alone" })), "old", nothing)).toEqual({});
    expect(planGoingBack(standing(ended({ wayBack: "unknown" })), "old", nothing)).toEqual({});
  });

  it("is refused with the code alone where the rehearsal has shown that it cannot be", () => {
    const known = standing(ended({ wayBack: "with-state", wayBackBecause: "schema 18" }));
    expect(codeOf(() => planGoingBack(known, "old", nothing))).toBe("CONFLICT");
    expect(planGoingBack(known, "old", { withState: true, codeAlone: false })).toEqual({ stateOf: "u2" });
    expect(planGoingBack(known, "old", { withState: false, codeAlone: true })).toEqual({});
  });

  it("takes the state only from the update that put the running version in that one's place", () => {
    const known = standing(ended({ wayBack: "with-state" }));
    expect(codeOf(() => planGoingBack(known, "older", { withState: true, codeAlone: false }))).toBe("CONFLICT");
    expect(codeOf(() => planGoingBack(standing(ended({ snapshot: null })), "old", { withState: true, codeAlone: false }))).toBe("CONFLICT");
    expect(codeOf(() => planGoingBack(standing(ended({}, "rolled-back")), "old", { withState: true, codeAlone: false }))).toBe("CONFLICT");
  });

  it("does not take both", () => expect(codeOf(() => planGoingBack(standing(), "old", { withState: true, codeAlone: true }))).toBe("INPUT_INVALID"));
});
