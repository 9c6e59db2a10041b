import { expect, test } from "vitest";
import { canBeDrawn, canBeHighlighted } from "./measure-diff.ts";

const hunk = (newStart: number, ...lines: string[]) => ({ oldStart: 1, newStart, changes: lines.map((content) => ({ content })) });

test("what a person reads is drawn and coloured", () => {
  expect(canBeDrawn([hunk(1, "const a = 1;"), hunk(5_000, "b")])).toBe(true);
  expect(canBeHighlighted("@@ -1 +1 @@\n-a\n+b\n")).toBe(true);
});

test("a line far down, a line without an end, and too many of them are shown as plain text", () => {
  expect(canBeDrawn([hunk(9_000_000, "x")])).toBe(false);
  expect(canBeDrawn([hunk(1, "x".repeat(2_001))])).toBe(false);
  expect(canBeDrawn([hunk(1, ...Array.from({ length: 1_100 }, () => "x".repeat(1_900)))])).toBe(false);
  expect(canBeHighlighted(`+${"x".repeat(2_001)}`)).toBe(false);
  expect(canBeHighlighted("a\n".repeat(100_001))).toBe(false);
});
