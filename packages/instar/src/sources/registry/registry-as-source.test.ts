import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "../../database/facts.ts";
import { openDatabase } from "../../database/open-database.ts";
import { makeTgz } from "../archive/make-archive.testing.ts";
import { createGitSource, type GitSource } from "../git-source.ts";
import { planPlace } from "./plan-place.ts";
import { registryAsSource } from "./registry-as-source.ts";
import type { RegistryFound, RegistryLook, ReleaseRegistry } from "./release-registry.ts";

const FOUND: RegistryFound = { component: "agent", version: "1.1.0", sha256: "a".repeat(64), signedBy: "role targets 5 under root 2" };
const FOLLOW = { url: "https://example.org/releases", component: "agent", channel: "stable", checkEvery: 300_000 };
const signal = new AbortController().signal;

let place: string;
let git: GitSource;
let database: ReturnType<typeof openDatabase>;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-registry-"));
  git = createGitSource({ remote: undefined, mirrorFolder: join(place, "mirror"), path: process.env.PATH ?? "", home: place });
  database = openDatabase(join(place, "instar.db"));
});
afterEach(() => {
  database.close();
  rmSync(place, { recursive: true, force: true });
});

/** Says what it was told, and counts. */
class FakeRegistry implements ReleaseRegistry {
  answer: RegistryLook = { kind: "found", found: FOUND };
  readonly asked: (string | null)[] = [];
  readonly downloaded: RegistryFound[] = [];
  settle: (unpacked: string) => Promise<void> = async () => {};
  tarball = makeTgz([{ path: "index.js", body: "run" }]);

  async look(current: string | null): Promise<RegistryLook> {
    this.asked.push(current);
    return this.answer;
  }

  async download(found: RegistryFound, folder: string) {
    this.downloaded.push(found);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "agent.tgz");
    writeFileSync(file, this.tarball);
    return { file, settle: this.settle };
  }
}

function open(registry: ReleaseRegistry, running: string | null = "1.0.0") {
  const folders = { scratchFolder: join(place, "scratch"), downloadFolder: join(place, "downloads") };
  return registryAsSource(registry, FOLLOW, { git, facts: new Facts(database), ...folders, runningVersion: () => running });
}

async function lookedAt(source: ReturnType<typeof open>) {
  const sighting = await source.look(signal);
  if ("waitsBecause" in sighting) throw new Error(sighting.waitsBecause);
  return sighting;
}

const expectTidy = () => expect([existsSync(join(place, "scratch")), existsSync(join(place, "downloads"))]).toEqual([false, false]);

describe("a look", () => {
  it.each([
    ["1.0.0", "1.0.0"],
    ["1.0.0+build", "1.0.0"],
    ["1.0.0-rc.1", "1.0.0-rc.1"],
    ["a1b2c3d", null],
    ["", null],
    [null, null],
  ])("while %s runs asks for what is newer than %s", async (running, asked) => {
    const registry = new FakeRegistry();
    await open(registry, running).look(signal);
    expect(registry.asked).toEqual([asked]);
  });

  it.each([
    [{ because: "the newest runs already", yanked: null, notes: [] }, "the newest runs already"],
    [{ because: "the newest was taken back", yanked: "it leaks", notes: [] }, "the version that runs was taken back: it leaks; the newest was taken back"],
    [{ because: "the newest runs already", yanked: null, notes: ["a damaged file was replaced"] }, "the newest runs already; a damaged file was replaced"],
  ])("that finds nothing waits, and says why", async (none, waitsBecause) => {
    const registry = new FakeRegistry();
    registry.answer = { kind: "none", ...none };
    expect(await open(registry).look(signal)).toEqual({ waitsBecause });
  });
});

describe("bringing", () => {
  it("asks for exactly what was seen, and for nothing the second time", async () => {
    const registry = new FakeRegistry();
    const source = open(registry);
    const sighting = await lookedAt(source);
    const commit = await source.bring(sighting, signal);
    expect(await source.bring(sighting, signal)).toBe(commit);
    expect(await open(registry).bring(sighting, signal)).toBe(commit);
    expect([registry.downloaded, registry.asked.length]).toEqual([[FOUND], 1]);
    expectTidy();
  });

  it("after a restart looks for what was seen", async () => {
    const registry = new FakeRegistry();
    const sighting = await lookedAt(open(registry));
    expect(await open(registry).bring(sighting, signal)).toMatch(/^[0-9a-f]{40}$/);
    expect(registry.downloaded).toEqual([FOUND]);
  });

  it.each([
    ["nothing", { kind: "none", because: "", yanked: null, notes: [] }],
    ["another version", { kind: "found", found: { ...FOUND, version: "1.2.0" } }],
    ["the same version with other content", { kind: "found", found: { ...FOUND, sha256: "b".repeat(64) } }],
  ] satisfies [string, RegistryLook][])("what is no longer offered brings nothing: there is %s now", async (_, answer) => {
    const registry = new FakeRegistry();
    const sighting = await lookedAt(open(registry));
    registry.answer = answer;
    await expect(open(registry).bring(sighting, signal)).rejects.toMatchObject({ code: "CONFLICT", transient: true });
    expect(registry.downloaded).toEqual([]);
    expectTidy();
  });

  it("what was seen before the newest is not mistaken for it", async () => {
    const registry = new FakeRegistry();
    const source = open(registry);
    const before = await lookedAt(source);
    registry.answer = { kind: "found", found: { ...FOUND, version: "1.2.0" } };
    await source.look(signal);
    await expect(source.bring(before, signal)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(registry.downloaded).toEqual([]);
  });

  it("a release that is not what was signed becomes no commit, and is asked for again", async () => {
    const registry = new FakeRegistry();
    registry.settle = () => Promise.reject(new InstarError("PACKAGE_REFUSED", "it is another one"));
    const source = open(registry);
    const sighting = await lookedAt(source);
    for (const times of [1, 2]) {
      await expect(source.bring(sighting, signal)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
      expect(registry.downloaded).toHaveLength(times);
      expectTidy();
    }
    expect(new Facts(database).read("brought:registry")).toBeUndefined();
  });

  it("an archive that reaches out of its folder is refused, whoever signed it", async () => {
    const registry = new FakeRegistry();
    registry.tarball = makeTgz([{ path: "../out.js", body: "run" }]);
    const source = open(registry);
    await expect(source.bring(await lookedAt(source), signal)).rejects.toMatchObject({ code: "PACKAGE_REFUSED" });
    expect(existsSync(join(place, "out.js"))).toBe(false);
    expectTidy();
  });
});

describe("an instance's place", () => {
  it("is one of a hundred, the same for ever, and spread evenly", () => {
    expect(["a", "b", "instar.local/1+x"].map(planPlace)).toEqual(["a", "b", "instar.local/1+x"].map(planPlace));
    const places = Array.from({ length: 5_000 }, (_, index) => planPlace(`instance ${index}`));
    expect([Math.min(...places), Math.max(...places)]).toEqual([0, 99]);
    // Within six standard deviations of a fair share: the ids are fixed, so this either holds or does not.
    const share = places.filter((each) => each < 20).length / places.length;
    expect(Math.abs(share - 0.2)).toBeLessThan(6 * Math.sqrt((0.2 * 0.8) / 5_000));
  });
});
