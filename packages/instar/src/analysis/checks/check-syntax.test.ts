import { describe, expect, it } from "vitest";
import { checkSyntax } from "./check-syntax.ts";

const added = (path: string, after: string) =>
  checkSyntax([{ path, status: "added", addedLines: 1, deletedLines: 0, modeBefore: 0, modeAfter: 0o100644, before: null, after, hasText: true }]).verdict;

describe("a new file that does not parse", () => {
  for (const [name, path, text, verdict] of [
    ["is worse than before", "src/a.js", "let = ;", "fail"],
    ["is worse also where it is settings", "config.yaml", "a: [1", "fail"],
    ["is meant so where another program fills it in", "charts/deploy.yaml", "{{- if .Values.x }}\na: [\n{{ end }}", "pass"],
    ["is meant so where tests keep it", "test/fixtures/broken.js", "let = ;", "pass"],
    ["is not excused by braces in a program", "src/a.js", "let = {{ x }};", "fail"],
  ] as const)
    it(name, () => expect(added(path, text)).toBe(verdict));
});
