import { describe, expect, it } from "vitest";
import { judgeVersion, noteVersion, type VersionQuestion } from "./judge-version.ts";
import type { VersionManifest } from "./parse-packument.ts";
import { parseVersion } from "./parse-packument.ts";

const DIST = { tarball: "https://registry.example.org/agent.tgz", integrity: `sha512-${Buffer.alloc(64).toString("base64")}` };
const manifest = (more: Record<string, unknown> = {}, dist: Record<string, unknown> = {}): VersionManifest =>
  parseVersion({ name: "agent", version: "1.0.0", dist: { ...DIST, ...dist }, ...more }, "agent", "1.0.0");
const judge = (more: Record<string, unknown>, question: Partial<VersionQuestion> = {}, dist: Record<string, unknown> = {}): string | undefined =>
  judgeVersion(manifest(more, dist), {
    agentNode: "24.16.0",
    platform: { os: "linux", cpu: "x64", libc: "glibc" },
    allowsDeprecated: false,
    registry: new URL("https://registry.example.org/"),
    limits: { unpacked: {} },
    ...question,
  });

describe("a version is taken", () => {
  for (const more of [
    {},
    { engines: { node: ">=22.19" } },
    { engines: { node: "no range" } },
    { engines: ["node >= 99"] },
    { engines: { node: 99 } },
    { os: ["linux", "darwin"], cpu: ["x64"], libc: ["glibc"] },
    { os: "linux" },
    { os: ["!win32"] },
    { os: ["any"] },
    { os: [], cpu: 7 },
    { deprecated: "" },
    { deprecated: false },
  ])
    it(JSON.stringify(more), () => expect(judge(more)).toBeUndefined());

  it("where nobody knows the agent's Node, which is said", () => {
    expect(judge({ engines: { node: ">=99" } }, { agentNode: null })).toBeUndefined();
    expect(noteVersion(manifest({ engines: { node: ">=99" } }), null)).toEqual([expect.stringContaining("nobody knows")]);
  });

  it("where its engines say nothing, which is said", () => {
    expect(noteVersion(manifest({ engines: { node: "no range" } }), "24.16.0")).toEqual([expect.stringContaining("is no range")]);
  });

  it("for any libc where nobody knows this machine's", () => {
    expect(judge({ libc: ["musl"] }, { platform: { os: "linux", cpu: "x64", libc: null } })).toBeUndefined();
  });
});

describe("a version is refused", () => {
  for (const [more, words] of [
    [{ engines: { node: ">=25" } }, "it wants Node >=25, and the agent runs on 24.16.0"],
    [{ os: ["darwin"] }, "it is for darwin, and this machine is linux"],
    [{ os: ["!linux"] }, "it is for !linux, and this machine is linux"],
    [{ cpu: ["arm64"] }, "it is for processors of arm64, and this machine has x64"],
    [{ libc: ["musl"] }, "it is for musl, and this machine has glibc"],
    [{ deprecated: "broken" }, 'its authors call it deprecated: "broken"'],
    [{ deprecated: true }, 'its authors call it deprecated: "no reason given"'],
  ] as const)
    it(JSON.stringify(more), () => expect(judge(more)).toBe(words));

  it("without a digest", () => expect(judge({}, {}, { integrity: undefined })).toContain("no digest"));
  it("with an archive at no address", () => expect(judge({}, {}, { tarball: "agent.tgz" })).toContain("no address"));
  it("with an archive that is a file here", () => expect(judge({}, {}, { tarball: "file:///etc/passwd" })).toContain("not asked"));
  it("with an archive over http at another host", () => expect(judge({}, {}, { tarball: "http://cdn.example.org/a.tgz" })).toContain("https only"));
  it("with a password in its archive's address", () => expect(judge({}, {}, { tarball: "https://u:p@registry.example.org/a" })).toContain("password"));
  it("where it says itself that it is too large", () =>
    expect(judge({}, { limits: { unpacked: { unpackedBytes: 10 } } }, { unpackedSize: 11 })).toContain("at most 10"));
});
