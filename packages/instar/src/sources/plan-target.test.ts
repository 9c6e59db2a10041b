import { describe, expect, it } from "vitest";
import { planTarget } from "./plan-target.ts";

describe("what a person names to be taken", () => {
  for (const [text, target] of [
    ["main", { kind: "git", name: "main" }],
    ["release/1.2", { kind: "git", name: "release/1.2" }],
    ["v1.2.3", { kind: "git", name: "v1.2.3" }],
    ["user@host/branch", { kind: "git", name: "user@host/branch" }],
    ["agent@1.2.3", { kind: "package", package: "agent", wanted: "1.2.3" }],
    ["@scope/agent@^1.2", { kind: "package", package: "@scope/agent", wanted: "^1.2" }],
    ["@scope/agent@next", { kind: "package", package: "@scope/agent", wanted: "next" }],
    ["@scope/agent", { kind: "git", name: "@scope/agent" }],
    ["/srv/agent", { kind: "folder", path: "/srv/agent" }],
    ["/srv/agent-1.2.3.tgz", { kind: "tarball", path: "/srv/agent-1.2.3.tgz" }],
    ["/srv/agent.tar.gz", { kind: "tarball", path: "/srv/agent.tar.gz" }],
    ["C:\\agents\\ana", { kind: "folder", path: "C:\\agents\\ana" }],
  ] as const)
    it(`${text} is a ${target.kind}`, () => expect(planTarget(text)).toEqual(target));

  for (const text of [".", "./agent", "../agent", "~/agent", "agent.tgz", "folder/agent.tar"])
    it(`${text} counts from a folder that the daemon does not know`, () => expect(() => planTarget(text)).toThrow("counts from a folder that only you know"));
});
