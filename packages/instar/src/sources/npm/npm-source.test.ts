import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError, renderProblem } from "@instar/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRegistry, type TestRegistry } from "../../../../../tests/registry/start-registry.ts";
import { SimulatedClock } from "../../../../testkit/src/index.ts";
import { makeTgz } from "../archive/make-archive.testing.ts";
import { createNpmSource, type NpmSource, type NpmSourceParts } from "./npm-source.ts";
import { readTokenFile } from "./read-token-file.ts";

let registry: TestRegistry;
let place: string;
let into: string;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-npm-"));
  into = join(place, "into");
  mkdirSync(into);
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const open = (name: string, more: Partial<NpmSourceParts> = {}): NpmSource =>
  createNpmSource({
    package: name,
    tag: "latest",
    registry: registry.url,
    agentNode: async () => "24.16.0",
    platform: { os: "linux", cpu: "x64", libc: "glibc" },
    scratchFolder: place,
    clock: new SimulatedClock(),
    ...more,
  });
const publish = (name: string, version: string, more: { tag?: string; manifest?: Record<string, unknown>; says?: Record<string, unknown> } = {}) =>
  registry.publish({
    name,
    version,
    ...(more.tag === undefined ? {} : { tag: more.tag }),
    ...(more.manifest === undefined ? {} : { manifest: more.manifest }),
    tarball: makeTgz([
      { path: "package/package.json", body: JSON.stringify({ name, version, ...more.says }) },
      { path: "package/run.js", body: `console.log("${version}")`, mode: 0o755 },
    ]),
  });

describe("a package of a real registry", () => {
  it("is found by its tag, and unpacked", async () => {
    await publish("agent", "1.0.0");
    await publish("agent", "1.1.0");
    await publish("agent", "2.0.0-rc.1", { tag: "next" });
    const source = open("agent");
    const found = await source.look();
    expect(found).toMatchObject({ package: "agent", version: "1.1.0", refusedBecause: null, deprecated: null, unchanged: false, notes: [] });
    expect(found.integrity).toMatch(/^sha512-/);
    expect(found.publishedAt).toMatch(/^\d{4}-/);
    await source.download(found, into);
    expect(readdirSync(into).sort()).toEqual(["package.json", "run.js"]);
    expect(readFileSync(join(into, "run.js"), "utf8")).toBe('console.log("1.1.0")');
    expect(readdirSync(place)).toEqual(["into"]);
  });

  it("with a scope is found by a range, pre-releases only where the range names one", async () => {
    for (const version of ["1.0.0", "1.4.0", "2.0.0", "2.1.0-rc.1"]) await publish("@scope/agent", version);
    const versionIn = async (range: string) => (await open("@scope/agent", { range }).look()).version;
    expect(await versionIn("^1.0.0")).toBe("1.4.0");
    expect(await versionIn(">=1")).toBe("2.0.0");
    expect(await versionIn("^2.1.0-rc.0")).toBe("2.1.0-rc.1");
    const source = open("@scope/agent");
    await source.download(await source.find("1.4.0"), into);
    expect(JSON.parse(readFileSync(join(into, "package.json"), "utf8"))).toEqual({ name: "@scope/agent", version: "1.4.0" });
  });

  it("is asked conditionally: unchanged until something is published", async () => {
    await publish("polled", "1.0.0");
    const source = open("polled");
    expect((await source.look()).unchanged).toBe(false);
    expect(await source.look()).toMatchObject({ unchanged: true, version: "1.0.0" });
    await publish("polled", "1.0.1");
    expect(await source.look()).toMatchObject({ unchanged: false, version: "1.0.1" });
  });

  it("is found by what a person names: a version, a range, a tag", async () => {
    await publish("named", "1.2.3");
    await publish("named", "1.3.0");
    await publish("named", "2.0.0-beta.1", { tag: "next" });
    const source = open("named");
    const find = async (text: string) => (await source.find(text)).version;
    expect([await find("1.2.3"), await find("v1.2.3"), await find("^1.2"), await find("next"), await find("named@1.2.3")]).toEqual([
      "1.2.3",
      "1.2.3",
      "1.3.0",
      "2.0.0-beta.1",
      "1.2.3",
    ]);
    await expect(source.find("1.2.4")).rejects.toMatchObject({ code: "NOT_FOUND", facts: { nearest: ["1.2.3", "1.3.0", "2.0.0-beta.1"] } });
    await expect(source.find("nxt")).rejects.toMatchObject({ code: "NOT_FOUND", facts: { nearest: ["next", "2.0.0-beta.1", "1.3.0", "1.2.3"] } });
    await expect(source.find("^9")).rejects.toMatchObject({ code: "NOT_FOUND" });
    for (const text of ["", "other@1.2.3", "named@"]) await expect(source.find(text)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  it("that is not there, a range that nothing is in, a tag that is none: each said", async () => {
    await publish("sparse", "1.0.0");
    await expect(open("nowhere").look()).rejects.toMatchObject({ code: "SOURCE_EMPTY", message: "the registry has no package nowhere" });
    await expect(open("nowhere").find("1.0.0")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(open("sparse", { range: "^2" }).look()).rejects.toMatchObject({ code: "SOURCE_EMPTY", message: "sparse has no version in ^2" });
    await expect(open("sparse", { tag: "next" }).look()).rejects.toMatchObject({ code: "SOURCE_EMPTY", message: "sparse has no tag next" });
  });

  it("in a deprecated version is refused with its authors' words, unless that is allowed", async () => {
    await publish("old", "1.0.0", { manifest: { deprecated: "loses\nmessages" } });
    expect(await open("old").look()).toMatchObject({ deprecated: "loses\nmessages", refusedBecause: 'its authors call it deprecated: "loses messages"' });
    expect(await open("old", { deprecated: "allow" }).look()).toMatchObject({ refusedBecause: null });
  });

  it("with engines that exclude the agent's Node is refused, and judged anew when the agent's Node changes", async () => {
    await publish("engines", "1.0.0", { manifest: { engines: { node: ">=26" } } });
    let node = "24.16.0";
    const source = open("engines", { agentNode: async () => node });
    expect(await source.look()).toMatchObject({ refusedBecause: "it wants Node >=26, and the agent runs on 24.16.0" });
    expect(await source.look()).toMatchObject({ unchanged: true });
    node = "26.0.0";
    expect(await source.look()).toMatchObject({ unchanged: false, refusedBecause: null });
    expect(await open("engines", { agentNode: async () => null }).look()).toMatchObject({
      refusedBecause: null,
      notes: [expect.stringContaining("nobody knows")],
    });
  });

  it("with a missing platform part is refused, until the part is published", async () => {
    const parts = { "@native/agent-linux-x64": "1.0.0", "@native/agent-darwin-arm64": "1.0.0" };
    await publish("native", "1.0.0", { manifest: { optionalDependencies: parts } });
    const source = open("native");
    expect(await source.look()).toMatchObject({ refusedBecause: "its part for this machine is not published: @native/agent-linux-x64@1.0.0" });
    await publish("@native/agent-linux-x64", "0.9.0");
    expect(await source.look()).toMatchObject({ unchanged: true, refusedBecause: expect.stringContaining("not published") });
    await publish("@native/agent-linux-x64", "1.0.0");
    expect(await source.look()).toMatchObject({ unchanged: false, refusedBecause: null });
  });

  it("whose package.json names another version is refused", async () => {
    await publish("liar", "1.0.0", { says: { version: "1.0.1" } });
    const source = open("liar");
    await expect(source.download(await source.look(), into)).rejects.toMatchObject({
      code: "PACKAGE_REFUSED",
      message: 'the archive of liar@1.0.0 says that it is "liar@1.0.1"',
    });
  });

  it("that is private is shown to a token only, which is never in an error", async () => {
    await publish("@private/agent", "1.0.0");
    const file = join(place, "token");
    writeFileSync(file, `${registry.token}\n`);
    const source = open("@private/agent", { readToken: () => readTokenFile(file) });
    await source.download(await source.look(), into);
    expect(readdirSync(into)).toContain("run.js");

    await expect(open("@private/agent").look()).rejects.toMatchObject({
      code: "SOURCE_GONE",
      transient: false,
      advice: expect.stringContaining("source.npm.tokenFile"),
    });
    const wrong = "npm_wrongwrongwrong";
    const error: unknown = await open("@private/agent", { readToken: async () => wrong })
      .look()
      .catch((caught: unknown) => caught);
    expect(InstarError.is(error, "SOURCE_GONE")).toBe(true);
    expect(JSON.stringify(renderProblem(error))).not.toContain(wrong);
  });

  it("cannot be asked with a token file that is none; what it holds is not shown", async () => {
    const file = join(place, "token");
    for (const text of ["", "secret-one\nsecret-two\n", "secret\0", "secrét", "secret".repeat(2_000)]) {
      writeFileSync(file, text);
      const error: unknown = await readTokenFile(file).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "SETTINGS_INVALID" });
      expect(JSON.stringify(renderProblem(error))).not.toMatch(/secr/);
    }
    await expect(readTokenFile(join(place, "nowhere"))).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
    await expect(open("agent", { readToken: async () => "secret\r\nx: y" }).look()).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });

  it("cannot be one whose name has a meaning in an address", () => {
    for (const name of ["../x", "a/b", "@a/../b", "a?b", ".a", ""]) expect(() => open(name)).toThrow("is not the name of a package");
  });
});
