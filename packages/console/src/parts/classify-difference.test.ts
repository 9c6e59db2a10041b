import { expect, test } from "vitest";
import { classifyLine } from "./classify-difference.ts";

test("a line of a difference says what it is", () => {
  expect(classifyLine("  + /a: 1")).toMatchObject({ kind: "added", text: "+ /a: 1" });
  expect(classifyLine("  - /a: 1")).toMatchObject({ kind: "removed" });
  expect(classifyLine('  ~ /watch/time: "1h" → "2h"')).toEqual({ kind: "changed", text: "~ /watch/time:", before: '"1h"', after: '"2h"' });
  expect(classifyLine("instar.yaml: 10 → 12 bytes")).toMatchObject({ kind: "head" });
});

test("a value with an arrow of its own is not cut at a place that nobody knows", () => {
  expect(classifyLine('~ /a: "x → y" → "z"')).toMatchObject({ kind: "head", text: '~ /a: "x → y" → "z"' });
});
