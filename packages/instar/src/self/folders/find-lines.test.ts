import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findLines } from "./find-lines.ts";

describe("the lines that hold a text", () => {
  const letters = fc.constantFrom("a", "A", "b", ".", "\n", "\r", "İ", "ß", "🙂", " ");
  const texts = fc.array(letters, { maxLength: 40 }).map((all) => all.join(""));
  const wanted = fc.array(letters, { minLength: 1, maxLength: 2 }).map((all) => all.join("").replaceAll("\n", "a"));

  it("are those that hold it when each is looked at alone", () => {
    fc.assert(
      fc.property(texts, wanted, fc.boolean(), fc.integer({ min: 1, max: 5 }), (text, needle, isCaseSensitive, limit) => {
        const fold = (each: string) => (isCaseSensitive ? each : each.toLowerCase());
        const expected = text
          .split("\n")
          .map((line, at) => ({ line: at + 1, text: line }))
          .filter((each) => fold(each.text).includes(fold(needle)))
          .map((each) => ({ ...each, text: each.text.replace(/\r$/, "") }));
        expect(findLines(text, needle, isCaseSensitive, limit)).toEqual(expected.slice(0, limit));
      }),
      { numRuns: 1_000 },
    );
  });

  it("are cut to 300 letters with it among them, wherever it is", () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.nat(2_000), (before, after) => {
        const [found] = findLines(`${"-".repeat(before)}needle${"-".repeat(after)}`, "needle", true, 1);
        expect(found?.text).toContain("needle");
        expect(found?.text.length).toBe(Math.min(300, before + 6 + after));
      }),
    );
  });
});
