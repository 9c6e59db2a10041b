import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareFindings, type Found, judgeCheck, NOT_ASKED } from "./compare-findings.ts";

const found = (parts: Partial<Found> = {}): Found => ({ rule: "no-var", path: "a.ts", line: 3, severity: "error", message: "use let", ...parts });
const isNew = (before: readonly Found[] | null, after: readonly Found[], renames: [string, string][] = []) =>
  compareFindings(before, after, new Map(renames)).map((finding) => finding.isNew);
const judge = (before: readonly Found[] | null, after: readonly Found[], unasked: string | null = null) =>
  judgeCheck({ check: "style", tool: "test", before: before?.length ?? null, findings: compareFindings(before, after), unasked });

describe("a finding is new", () => {
  for (const [name, before, after, renames, expected] of [
    ["where there was none", [], [found()], [], [true]],
    ["where there was no version before", null, [found()], [], [true]],
    ["not where only its line moved", [found()], [found({ line: 300 })], [], [false]],
    ["not where its file was renamed", [found({ path: "old.ts" })], [found({ path: "new.ts" })], [["new.ts", "old.ts"]], [false]],
    ["where the same stands in another file", [found({ path: "old.ts" })], [found({ path: "new.ts" })], [], [true]],
    ["for the second of two, where there was one", [found()], [found(), found({ line: 9 })], [], [true, false]],
    ["not where its line is only indented otherwise", [found({ source: "  var x  = 1" })], [found({ source: "\tvar x = 1" })], [], [false]],
    ["where the same message is about other code", [found({ source: "eval(a)" })], [found({ source: "eval(b)" })], [], [true]],
    ["not where a message names a line that moved", [found({ message: "see line 12:4" })], [found({ message: "see line 99:1" })], [], [false]],
    ["where a message names another number", [found({ message: "expected 2" })], [found({ message: "expected 3" })], [], [true]],
    ["in a file called __proto__", [], [found({ path: "__proto__" })], [], [true]],
  ] as [string, Found[] | null, Found[], [string, string][], boolean[]][])
    it(name, () => expect(isNew(before, after, renames)).toEqual(expected));
});

describe("the verdict", () => {
  for (const [name, before, after, unasked, verdict] of [
    ["passes where nothing was found", [], [], null, "pass"],
    ["passes where all was there before", [found()], [found()], null, "pass"],
    ["fails a new error", [], [found()], null, "fail"],
    ["fails a new warning", [], [found({ severity: "warning" })], null, "fail"],
    ["passes a new note", [], [found({ severity: "note" })], null, "pass"],
    ["has no data where a text was not read", [], [found({ rule: NOT_ASKED, severity: "warning" })], null, "nodata"],
    ["has no data where it was not read before either", [found({ rule: NOT_ASKED })], [found({ rule: NOT_ASKED })], null, "nodata"],
    ["has no data where the tool did not look at all", [], [], "half of it", "nodata"],
    ["fails what is known, whatever else is not", [], [found()], "half of it", "fail"],
  ] as [string, Found[] | null, Found[], string | null, string][])
    it(name, () => expect(judge(before, after, unasked).verdict).toBe(verdict));

  it("shows twenty of many, new ones first, and says how many there are", () => {
    const old = Array.from({ length: 300 }, (_, at) => found({ message: `old ${at}` }));
    const result = judge(old, [...old, found({ message: "fresh" })]);
    expect(result.findings).toMatchObject({ total: 301, first: { length: 20, 0: { message: "fresh", isNew: true }, 1: { isNew: false } } });
    expect(result).toMatchObject({ before: 300, after: 301 });
  });

  const anyFound = fc.record({
    rule: fc.constantFrom("a", "b", NOT_ASKED, "__proto__"),
    path: fc.constantFrom("x", "y\nz", "constructor"),
    line: fc.option(fc.nat(9)),
    severity: fc.constantFrom("error" as const, "warning" as const, "note" as const),
    message: fc.string({ maxLength: 5 }),
  });
  const rank = { fail: 0, error: 1, nodata: 2, inconclusive: 2, insufficient: 2, pass: 3 };
  it("never gets better by one finding more", () =>
    fc.assert(
      fc.property(fc.array(anyFound, { maxLength: 8 }), fc.array(anyFound, { maxLength: 8 }), anyFound, (before, after, more) => {
        expect(rank[judge(before, [...after, more]).verdict]).toBeLessThanOrEqual(rank[judge(before, after).verdict]);
      }),
    ));
});
