import { describe, expect, it } from "vitest";
import type { Approval } from "./approval.ts";
import { type ApprovalQuestion, countApprovals } from "./count-approvals.ts";
import { isAuthor } from "./is-author.ts";

const NOW = Date.parse("2026-11-29T03:00:00Z");
const approval = (parts: Partial<Approval> = {}): Approval => ({
  by: "ada",
  token: "t1",
  role: "approver",
  digest: "sha256:aaaa",
  policy: "sha256:pppp",
  because: "looked at it",
  untilTickMs: 1_000,
  untilAt: "2026-11-29T04:00:00Z",
  ...parts,
});
const count = (approvals: readonly Approval[], parts: Partial<ApprovalQuestion> = {}) =>
  countApprovals({ approvals, quorum: 1, digest: "sha256:aaaa", policy: "sha256:pppp", revoked: [], nowTickMs: 0, nowWallMs: NOW, signed: null, ...parts });

describe("approvals", () => {
  it("of one person are enough for a quorum of one", () =>
    expect(count([approval()])).toMatchObject({ isEnough: true, because: "ada approved it (looked at it)" }));
  it("of nobody are not", () => expect(count([])).toMatchObject({ isEnough: false, because: "1 person must approve it" }));
  it("of two people are enough for two, and of one twice are not", () => {
    expect(count([approval(), approval({ by: "bob" })], { quorum: 2 }).isEnough).toBe(true);
    expect(count([approval(), approval({ token: "t2" })], { quorum: 2 })).toMatchObject({
      isEnough: false,
      void: [{ because: "the same person has approved since" }],
    });
  });
  for (const [name, parts, question, because] of [
    ["of another candidate", { digest: "sha256:bbbb" }, {}, "it was given for another candidate"],
    ["under other policies", { policy: "sha256:qqqq" }, {}, "the policies have changed since"],
    ["of a token that was taken away since", {}, { revoked: ["t0", "t1"] }, "the token that it was given with was taken away since"],
    ["that is over by the instance's time", {}, { nowTickMs: 1_000 }, "it was good until 2026-11-29T04:00:00Z"],
    ["that is over by the wall clock, a second late", {}, { nowWallMs: NOW + 3_600_000 }, "it was good until 2026-11-29T04:00:00Z"],
    ["whose end is no time", { untilAt: "2026-11-29P04" }, {}, "it was good until 2026-11-29P04"],
    ["whose end by the instance's time is none", { untilTickMs: Number.NaN }, {}, "it was good until 2026-11-29T04:00:00Z"],
  ] as const)
    it(`do not count: one ${name}`, () => {
      const counted = count([approval(parts)], question);
      expect(counted).toMatchObject({ isEnough: false, counted: [], void: [{ because }] });
      expect(counted.because).toContain(`ada's approval does not count: ${because}`);
    });
  it("count until the last moment, and a wall clock that is set back does not make them last", () => {
    expect(count([approval()], { nowTickMs: 999, nowWallMs: NOW + 3_599_999 }).isEnough).toBe(true);
    expect(count([approval()], { nowTickMs: 1_000, nowWallMs: 0 }).isEnough).toBe(false);
  });
  it("that were voided can be given again", () => expect(count([approval({ policy: "sha256:old" }), approval()])).toMatchObject({ isEnough: true }));
});

describe("the author of a change", () => {
  for (const [name, authors, is] of [
    ["ada", ["Ada", "ada@example.org"], true],
    [" ADA ", ["ada"], true],
    ["ada", ["ada@example.org"], true],
    ["ada@example.org", ["Ada Lovelace", "ADA@example.org"], true],
    ["ada", ["Bob", "bob@example.org"], false],
    ["ada", ["adam@example.org", "Ada Lovelace"], false],
    ["ada", ["*"], true],
    ["", ["", "@example.org"], false],
    ["ａｄａ", ["ada"], true],
  ] as const)
    it(`${JSON.stringify(name)} is ${is ? "" : "not "}among ${JSON.stringify(authors)}`, () => expect(isAuthor(name, authors)).toBe(is));
});
