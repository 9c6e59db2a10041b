import { expect, test } from "vitest";
import type { FileChange } from "../sources/diff-commits.ts";
import { planShownDiffs } from "./plan-shown-diffs.ts";

const file = (path: string, lines = 1, parts: Partial<FileChange> = {}): FileChange => ({
  path,
  status: "modified",
  addedLines: lines,
  deletedLines: 0,
  isBinary: false,
  modeBefore: 0o100644,
  modeAfter: 0o100644,
  ...parts,
});

test("what a person can read is shown, and of the rest is said why not", () => {
  const files = [
    file("a.ts"),
    file("package-lock.json"),
    file("b.png", 0, { isBinary: true }),
    file("big.js", 1_501),
    file("l", 1, { status: "type-changed" }),
  ];
  const { shown, leftOut } = planShownDiffs(files, false);
  expect(shown.map(({ path }) => path)).toEqual(["a.ts"]);
  expect([...leftOut.keys()]).toEqual(["package-lock.json", "b.png", "big.js", "l"]);
  expect(leftOut.get("package-lock.json")).toContain("lockfile");
  expect(leftOut.get("big.js")).toContain("1501 lines");
});

test("many small files are together too much as well, by their lines or by their names", () => {
  expect(
    planShownDiffs(
      Array.from({ length: 100 }, (_, at) => file(`${at}.ts`, 1_000)),
      false,
    ).shown,
  ).toHaveLength(20);
  expect(
    planShownDiffs(
      Array.from({ length: 100 }, (_, at) => file(`${at}${"x".repeat(4_000)}`)),
      false,
    ).shown.length,
  ).toBeLessThan(20);
});

test("a file that was asked for by name is shown, also a lockfile, and still not without a bound", () => {
  expect(planShownDiffs([file("package-lock.json", 9_000)], true).shown).toHaveLength(1);
  expect(planShownDiffs([file("dist.js", 30_001)], true).leftOut.get("dist.js")).toContain("30001 lines");
  expect(planShownDiffs([file("b.png", 0, { isBinary: true })], true).shown).toEqual([]);
});
