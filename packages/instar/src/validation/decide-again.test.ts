import { describe, expect, it } from "vitest";
import { decideAgain } from "./decide-again.ts";
import type { SeenTest } from "./reports/test-report.ts";

const test = (name: string, outcome: SeenTest["outcome"], file: string | null = "a.js"): SeenTest => ({ name, file, outcome });
const group = (name: string, file: string | null = "a.js"): SeenTest => ({ name, file, outcome: "failed", isGroup: true });
const names = (tests: readonly SeenTest[]) => tests.map(({ name }) => name);
const decide = (failing: readonly SeenTest[], again: readonly SeenTest[]) => {
  const settled = decideAgain(failing, again);
  return { flaky: names(settled.flaky), failing: names(settled.failing) };
};
const a = test("a", "failed");

describe("a test that failed and was run again", () => {
  for (const [what, failing, again, expected] of [
    ["is flaky where it passed", [a], [test("a", "passed")], { flaky: ["a"], failing: [] }],
    ["fails where it failed", [a], [test("a", "failed")], { flaky: [], failing: ["a"] }],
    ["fails where it was skipped", [a], [test("a", "skipped")], { flaky: [], failing: ["a"] }],
    ["fails where it is gone", [a], [test("b", "passed")], { flaky: [], failing: ["a"] }],
    ["fails where another file has one of its name", [a], [test("a", "passed", "b.js")], { flaky: [], failing: ["a"] }],
    ["fails where one of two of its name did", [a], [test("a", "passed"), test("a", "failed")], { flaky: [], failing: ["a"] }],
    ["is joined by what failed only now", [a], [test("a", "passed"), test("b", "failed")], { flaky: ["a"], failing: ["b"] }],
    ["is flaky as a file where its tests passed", [group("a.js")], [test("a", "passed")], { flaky: ["a.js"], failing: [] }],
    ["fails as a file where none of its tests passed", [group("a.js")], [test("a", "passed", "b.js")], { flaky: [], failing: ["a.js"] }],
    ["fails as a file that failed again", [group("a.js")], [group("a.js"), test("a", "passed")], { flaky: [], failing: ["a.js"] }],
  ] as const)
    it(what, () => expect(decide(failing, again)).toEqual(expected));
});
