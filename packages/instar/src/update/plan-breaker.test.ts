import { describe, expect, it } from "vitest";
import type { EndedUpdate } from "./fold-standing.ts";
import type { UpdateId } from "./journal-entry.ts";
import { planBreaker } from "./plan-breaker.ts";
import { START } from "./tell-journal.testing.ts";

const ended = (...words: string[]): EndedUpdate[] =>
  words.map((word, index) => {
    const [outcome, note] = word.split("!") as [EndedUpdate["outcome"], string | undefined];
    return {
      update: `u${index}` as UpdateId,
      start: { ...START, versionTo: `1.0.${index}`, trigger: note === "by-rollback" ? "rollback" : "found" },
      outcome,
      because: "",
      given: {},
      isCancelled: note === "cancelled",
      gaveWay: false,
      failure: null,
      at: "2026-11-01T00:00:00.000Z",
      servedAt: null,
    };
  });

describe("the breaker", () => {
  for (const [story, words, resetAfter, failed] of [
    ["is closed where nothing ever went back", ["committed", "committed"], null, []],
    ["stays closed after two", ["committed", "rolled-back", "rolled-back"], null, ["u1", "u2"]],
    ["opens with the third in a row", ["rolled-back", "rolled-back", "rolled-back"], null, ["u0", "u1", "u2"]],
    ["counts anew after one that stayed", ["rolled-back", "rolled-back", "committed", "rolled-back"], null, ["u3"]],
    [
      "passes over what was refused before it touched anything",
      ["rolled-back", "refused", "rolled-back", "superseded", "rolled-back"],
      null,
      ["u0", "u2", "u4"],
    ],
    ["does not count what a person cancelled", ["rolled-back", "rolled-back!cancelled", "rolled-back"], null, ["u0", "u2"]],
    [
      "does not take going back by hand for a version that stayed",
      ["rolled-back", "rolled-back", "committed!by-rollback", "rolled-back"],
      null,
      ["u0", "u1", "u3"],
    ],
    ["is closed again by a person, and counts from there", ["rolled-back", "rolled-back", "rolled-back", "rolled-back"], "u2", ["u3"]],
  ] as const)
    it(story, () => {
      const breaker = planBreaker(ended(...words), { resetAfter, limit: 3 });
      expect(breaker.failed).toEqual(failed);
      expect(breaker.isOpen).toBe(failed.length >= 3);
      expect(breaker.because === "").toBe(!breaker.isOpen);
    });

  it("never opens where the operator wants none", () =>
    expect(planBreaker(ended("rolled-back", "rolled-back", "rolled-back", "rolled-back"), { resetAfter: null, limit: 0 }).isOpen).toBe(false));
});
