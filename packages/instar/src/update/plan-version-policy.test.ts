import { describe, expect, it } from "vitest";
import { NO_MARKS, planVersionPolicy, type VersionMarks, type VersionQuestion } from "./plan-version-policy.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const hours = (ago: number) => NOW - ago * 3_600_000;
const mark = (version: string, because = "") => ({ version, by: "ada", at: "2026-11-28T00:00:00Z", because });
const marks = (parts: Partial<VersionMarks>): VersionMarks => ({ ...NO_MARKS, ...parts });

function ask(parts: Partial<VersionQuestion> = {}): string {
  const { proceed, because } = planVersionPolicy({
    found: { version: "1.1.0", commit: "b".repeat(40) },
    running: { version: "1.0.0" },
    bump: "minor",
    kind: "minor",
    source: "git",
    automatic: "minor",
    rules: [],
    marks: NO_MARKS,
    nowMs: NOW,
    begunMs: [],
    perDay: undefined,
    ...parts,
  });
  return because === "" ? proceed : `${proceed}: ${because}`;
}

describe("whether a version may begin by itself", () => {
  for (const [story, parts, answer] of [
    ["what is within `automatic` may", {}, "automatic"],
    [
      "what is beyond it waits for a person",
      { automatic: "patch" },
      "ask: it is a minor step from 1.0.0; instar.yaml lets only patches proceed by itself. `instar update apply` starts it",
    ],
    ["a rule says more than `automatic`", { automatic: "patch", rules: [{ bump: ["minor"], proceed: "automatic" }] }, "automatic"],
    [
      "a rule says less than `automatic`",
      { rules: [{ source: ["git"], proceed: "never" }] },
      "never: it is a minor step from 1.0.0; updates.rules[0] of instar.yaml says never",
    ],
    ["the first rule that fits decides", { rules: [{ source: ["npm"], proceed: "never" }, { proceed: "automatic" }, { proceed: "never" }] }, "automatic"],
    ["a rule must fit in all that it says", { automatic: "minor", rules: [{ bump: ["minor"], kind: ["security"], proceed: "never" }] }, "automatic"],
    ["a rule about a kind", { automatic: "never", kind: "security", rules: [{ kind: ["security"], proceed: "automatic" }] }, "automatic"],
    [
      "a downgrade never begins without a rule of its own",
      { bump: "downgrade", automatic: "major" },
      "ask: it is lower than 1.0.0, which runs; instar.yaml lets steps up to major proceed by itself. `instar update apply` starts it",
    ],
    [
      "a version that is no version waits",
      { bump: "unknown", automatic: "major" },
      "ask: it cannot be compared with 1.0.0, which runs; instar.yaml lets steps up to major proceed by itself. `instar update apply` starts it",
    ],
    [
      "a skipped version is never taken, whatever a rule says",
      { marks: marks({ skipped: [mark("1.1.0", "it leaks")] }), rules: [{ proceed: "automatic" }] },
      "never: ada skips 1.1.0 (it leaks); `instar update unskip 1.1.0` takes that back",
    ],
    ["skipped with a v before it", { marks: marks({ skipped: [mark("v1.1.0")] }) }, "never: ada skips v1.1.0; `instar update unskip v1.1.0` takes that back"],
    ["skipped as a commit", { marks: marks({ skipped: [mark("bbbbbbb")] }) }, "never: ada skips bbbbbbb; `instar update unskip bbbbbbb` takes that back"],
    ["another version is not skipped with it", { marks: marks({ skipped: [mark("1.1.1"), mark("1.1")] }) }, "automatic"],
    [
      "build metadata is no other version",
      { found: { version: "1.1.0+7", commit: "c" }, marks: marks({ skipped: [mark("1.1.0")] }) },
      "never: ada skips 1.1.0; `instar update unskip 1.1.0` takes that back",
    ],
    [
      "what was skipped with its build is skipped alone",
      { found: { version: "1.1.0+8", commit: "c" }, marks: marks({ skipped: [mark("1.1.0+7")] }) },
      "automatic",
    ],
    ["a pin keeps everything else waiting", { marks: marks({ pinned: mark("1.0.0") }) }, "later: ada pinned 1.0.0; `instar update unpin` takes that back"],
    ["what is pinned may come", { marks: marks({ pinned: mark("1.1.0") }) }, "automatic"],
    [
      "a pin goes before a rule",
      { marks: marks({ pinned: mark("1.0.0") }), rules: [{ proceed: "automatic" }] },
      "later: ada pinned 1.0.0; `instar update unpin` takes that back",
    ],
    [
      "held without an end",
      { marks: marks({ held: { ...mark(""), until: null, because: "on holiday" } }) },
      "later: ada holds updates (on holiday); `instar update unhold` takes that back",
    ],
    [
      "held until a time that comes",
      { marks: marks({ held: { ...mark(""), until: "2026-11-30T00:00:00Z" } }) },
      "later: ada holds updates until 2026-11-30T00:00:00Z; `instar update unhold` takes that back",
    ],
    ["held until a time that has gone by", { marks: marks({ held: { ...mark(""), until: "2026-11-29T11:59:59Z" } }) }, "automatic"],
    [
      "as many as may begin in a day have begun",
      { perDay: 2, begunMs: [hours(20), hours(1)] },
      "later: 2 updates began within a day, and updates.perDay is 2: the next may begin at 2026-11-29T16:00:00.000Z",
    ],
    ["what began a day ago no longer counts", { perDay: 2, begunMs: [hours(24), hours(1)] }, "automatic"],
    ["what began in the future does not count: the clock jumped", { perDay: 1, begunMs: [hours(-5)] }, "automatic"],
    [
      "the day counts for what a rule lets begin too",
      { perDay: 1, begunMs: [hours(1)], rules: [{ proceed: "automatic" }] },
      "later: 1 update began within a day, and updates.perDay is 1: the next may begin at 2026-11-30T11:00:00.000Z",
    ],
    [
      "a person is asked before the day is counted",
      { perDay: 1, begunMs: [hours(1)], bump: "major" },
      "ask: it is a major step from 1.0.0; instar.yaml lets steps up to minor proceed by itself. `instar update apply` starts it",
    ],
  ] as const satisfies readonly (readonly [string, Partial<VersionQuestion>, string])[])
    it(story, () => expect(ask(parts)).toBe(answer));
});
