import { describe, expect, it } from "vitest";
import type { ReleaseCustom, TargetsBody } from "./metadata-bodies.ts";
import { listTargets, planRelease, type ReleasePolicy, type ReleaseTarget } from "./plan-release.ts";
import { ABOUT } from "./trust-room.testing.ts";

const custom = (more: Partial<ReleaseCustom>): ReleaseCustom => ({ ...ABOUT, channel: "stable", filesDigest: "0".repeat(64), percentage: 100, ...more });
const target = (more: Partial<ReleaseCustom>): ReleaseTarget => {
  const described = custom(more);
  return {
    path: `${described.channel}/${described.component}-${described.version}.tgz`,
    role: "targets",
    lengthBytes: 1,
    sha256: "0".repeat(64),
    custom: described,
  };
};
const LISTED = [
  target({ version: "1.9.0" }),
  target({ version: "1.10.0" }),
  target({ version: "2.0.0-beta.1" }),
  target({ version: "1.11.0", percentage: 20 }),
  target({ version: "1.12.0", yanked: { reason: "it loses letters", at: "2026-01-01T00:00:00.000Z" } }),
  target({ version: "9.0.0", channel: "beta" }),
  target({ version: "9.0.0", component: "guard" }),
];
const choose = (policy: Partial<ReleasePolicy>) => {
  const choice = planRelease(LISTED, "agent", "stable", { current: null, place: 50, ...policy });
  return choice.kind === "found" ? choice.release.custom.version : choice.because;
};

describe("the release for an instance", () => {
  it.each<[string, Partial<ReleasePolicy>, string | RegExp]>([
    ["the newest by number, not by letters", {}, "1.10.0"],
    ["one for some of a hundred, where it is among them", { place: 19 }, "1.11.0"],
    ["not where it is just outside", { place: 20 }, "1.10.0"],
    ["not where its place is no number", { place: Number.NaN }, "1.10.0"],
    ["not where its place is below all", { place: -1 }, "1.10.0"],
    ["an unfinished one where that is allowed", { allowsPrereleases: true }, "2.0.0-beta.1"],
    ["an unfinished one that was asked for by its name", { version: "2.0.0-beta.1" }, "2.0.0-beta.1"],
    ["never what was taken back, even by its name", { version: "1.12.0" }, /was taken back/],
    ["nothing where the newest runs", { current: "1.10.0" }, /newest, 2.0.0-beta.1, is no finished version/],
    ["nothing older", { current: "3.0.0" }, /older than 3.0.0/],
    ["not even by its name", { current: "1.10.0", version: "1.9.0" }, /1.9.0 is older than 1.10.0/],
    ["an older one where a person asked for it", { current: "1.10.0", version: "1.9.0", allowsOlder: true }, "1.9.0"],
  ])("is %s", (_, policy, expected) => {
    if (typeof expected === "string") expect(choose(policy)).toBe(expected);
    else expect(choose(policy)).toMatch(expected);
  });

  it("is of its component and its channel only", () => {
    expect(planRelease(LISTED, "guard", "stable", { current: null, place: 0 })).toMatchObject({ kind: "found", release: { custom: { component: "guard" } } });
    expect(planRelease(LISTED, "guard", "beta", { current: null, place: 0 })).toMatchObject({ kind: "none", because: "guard has no release in beta" });
  });
});

describe("what a role lists", () => {
  const body = (path: string, described: unknown) =>
    ({ targets: { [path]: { length: 1, hashes: { sha256: "0".repeat(64) }, custom: described } } }) as unknown as TargetsBody;
  it.each<["targets" | "self", string, unknown, number]>([
    ["targets", "stable/agent-1.0.0.tgz", custom({}), 1],
    ["self", "self/agent-1.0.0.tgz", custom({ channel: "self" }), 1],
    ["self", "stable/agent-1.0.0.tgz", custom({}), 0],
    ["targets", "self/agent-1.0.0.tgz", custom({ channel: "self" }), 0],
    ["targets", "stable/agent-1.0.1.tgz", custom({}), 0],
    ["targets", "stable/guard-1.0.0.tgz", custom({}), 0],
    ["targets", "beta/agent-1.0.0.tgz", custom({}), 0],
    ["targets", "stable/agent-1.0.0.tgz", {}, 0],
    ["targets", "stable/agent-1.0.0.tgz", { ...custom({}), percentage: 101 }, 0],
    ["targets", "../agent-1.0.0.tgz", custom({ channel: ".." }), 0],
  ])("%s: %s as described", (role, path, described, count) => expect(listTargets(role, body(path, described))).toHaveLength(count));
});
