import type { Touch } from "@instar/protocol";
import { expect } from "vitest";
import type { Edit } from "../edit.ts";
import { findTouches } from "./find-touches.ts";
import type { TouchFacts } from "./touch-finder.ts";

export const FACTS: TouchFacts = {
  startCommand: ["node", "src/server.js"],
  agentDirectory: ".",
  settingsFiles: ["deploy/agent-settings.yaml"],
  testCommand: "npm run judge",
};

const FILE = 0o100644;
const countLines = (text: string | null) => (text === null ? 0 : text.split("\n").length);

function edit(path: string, before: string | null, after: string | null, more: Partial<Edit> = {}): Edit {
  const status = before === null ? "added" : after === null ? "deleted" : "modified";
  const modes = { modeBefore: before === null ? 0 : FILE, modeAfter: after === null ? 0 : FILE };
  return { path, status, addedLines: countLines(after), deletedLines: countLines(before), ...modes, before, after, hasText: true, ...more };
}

export const changed = (path: string, before: string, after: string, more: Partial<Edit> = {}) => edit(path, before, after, more);
export const added = (path: string, after: string, more: Partial<Edit> = {}) => edit(path, null, after, more);
export const deleted = (path: string, before: string) => edit(path, before, null);
export const renamed = (from: string, path: string, before: string, after = before) => edit(path, before, after, { from, status: "renamed" });
export const unread = (path: string, more: Partial<Edit> = {}) =>
  edit(path, null, null, { status: "modified", modeBefore: FILE, modeAfter: FILE, hasText: false, ...more });

/** `tests! is skipped`: a touch of this kind that weakens, whose reason holds these words; `tests …`: one that does not; `-tests`: none of this kind. */
export type Expectation = string;

export function expectTouches(given: Edit | readonly Edit[], expected: readonly Expectation[], facts: TouchFacts = FACTS): void {
  const touches = findTouches(Array.isArray(given) ? given : [given], facts);
  const shown = touches.map(show);
  for (const each of expected) {
    if (each.startsWith("-!")) expect(shown.filter((touch) => touch.startsWith(`${each.slice(2)}! `))).toEqual([]);
    else if (each.startsWith("-")) expect(shown.filter((touch) => touch.startsWith(`${each.slice(1)} `) || touch.startsWith(`${each.slice(1)}! `))).toEqual([]);
    else expect(shown.filter((touch) => isAs(touch, each)).length, `${each} in ${JSON.stringify(shown, null, 1)}`).toBeGreaterThan(0);
  }
  if (expected.length === 0) expect(shown).toEqual([]);
}

const show = ({ kind, weakens, because }: Touch) => `${kind}${weakens ? "!" : ""} ${because}`;

function isAs(touch: string, expected: string): boolean {
  const [kind = "", ...words] = expected.split(" ");
  return touch.startsWith(`${kind} `) && touch.includes(words.join(" "));
}
