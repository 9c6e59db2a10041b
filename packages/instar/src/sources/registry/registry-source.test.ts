// The source as an instance has it: the trusted client, a real server, a real repository, a real mirror.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openReleaseRegistry } from "../../compose-sources.ts";
import { blobOf } from "../../trust/attack-tools.testing.ts";
import { refreshTimestamp } from "../../trust/refresh-timestamp.ts";
import { DAY_MS, forge } from "../../trust/trust-room.testing.ts";
import { yankRelease } from "../../trust/yank-release.ts";
import { importAsCommit } from "../bring-package.ts";
import { listTree } from "../list-tree.ts";
import { registryAsSource } from "./registry-as-source.ts";
import { RegistryBench } from "./registry-bench.testing.ts";

let bench: RegistryBench;
beforeEach(async () => {
  bench = await RegistryBench.create();
});
afterEach(() => bench.close());

const caught = async (act: () => Promise<unknown>): Promise<InstarError> => {
  const error = await act().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (InstarError.is(error)) return error;
  throw new Error(`expected an error of ours, and got ${String(error)}`);
};
const yank = (version: string) => yankRelease({ ...bench.room, channel: "stable", component: "agent", version, reason: "it loses letters" });
const foldersIn = (path: string) => (existsSync(path) ? readdirSync(path) : []);
/** Only the metadata stay. */
const expectTidy = () => expect(foldersIn(join(bench.data, "sources", "registry"))).toEqual(["metadata"]);

describe("a look", () => {
  it("found: a newer release, by its version and digest; nothing is downloaded", async () => {
    const { sha256 } = await bench.room.publish("1.1.0");
    expect(await bench.look()).toEqual({
      key: `agent@1.1.0 ${sha256}`,
      ref: "registry:agent@1.1.0",
      version: "1.1.0",
      digest: `sha256:${sha256}`,
      trigger: "new_version",
      refusedBecause: null,
    });
    expect(bench.room.asked.filter((path) => path.startsWith("targets/"))).toEqual([]);
  });

  it("is told where it asks and what it follows, and how often", async () => {
    const { source } = await bench.open({ more: ", channel: beta, checkEvery: 1m" });
    expect(source).toMatchObject({
      id: "registry",
      kind: "remote_registry",
      address: `${bench.room.origin}/`,
      follows: "agent in beta",
      checkEveryMs: 60_000,
    });
  });

  it("nothing new: says why, and is no failure", async () => {
    expect(await bench.look()).toEqual({ waitsBecause: "agent has no release in stable" });
    await bench.room.publish("1.0.0");
    expect(await bench.look()).toEqual({ waitsBecause: "the newest, 1.0.0, runs already" });
    expect(await bench.look({ runningVersion: "1.2.0" })).toEqual({ waitsBecause: "the newest, 1.0.0, is older than 1.2.0, which runs" });
  });

  it("where nothing runs, and where a version runs that is no SemVer, the newest is found", async () => {
    await bench.room.publish("1.0.0");
    for (const runningVersion of [null, "a1b2c3d", ""]) expect(await bench.look({ runningVersion })).toMatchObject({ version: "1.0.0" });
    expect(await bench.look({ runningVersion: "1.0.0+build.5" })).toEqual({ waitsBecause: "the newest, 1.0.0, runs already" });
  });

  it("another component's, another channel's and a pre-release are not found; a pre-release is where it is asked for", async () => {
    await bench.room.publish("1.1.0", { channel: "beta" });
    await bench.room.publish("9.0.0", { release: await bench.room.makeRelease({ component: "other", version: "9.0.0" }) });
    await bench.room.publish("1.2.0-rc.1");
    expect(await bench.look()).toEqual({ waitsBecause: "the newest, 1.2.0-rc.1, is no finished version" });
    expect(await bench.look({ more: ", prereleases: true" })).toMatchObject({ version: "1.2.0-rc.1" });
    expect(await bench.look({ more: ", channel: beta" })).toMatchObject({ version: "1.1.0" });
  });

  it("yanked: the newest is passed over, and who runs it is told why", async () => {
    await bench.room.publish("1.0.5");
    await bench.room.publish("1.1.0");
    await yank("1.1.0");
    expect(await bench.look()).toMatchObject({ version: "1.0.5" });
    expect(await bench.look({ runningVersion: "1.0.5" })).toEqual({ waitsBecause: "the newest, 1.1.0, was taken back" });
    expect(await bench.look({ runningVersion: "1.1.0" })).toEqual({
      waitsBecause: "the version that runs was taken back: it loses letters; the newest, 1.1.0, was taken back",
    });
  });

  it("staged percentage: an instance is in or out by its own id, and stays so", async () => {
    await bench.room.publish("1.1.0", { percentage: 20 });
    const ids = Array.from({ length: 12 }, (_, index) => `instance ${index}`);
    const taken = async () => {
      const looks: boolean[] = [];
      for (const instanceId of ids) looks.push(!("waitsBecause" in (await bench.look({ instanceId }))));
      return looks;
    };
    const first = await taken();
    expect([first.includes(true), first.includes(false)]).toEqual([true, true]);
    expect(await taken()).toEqual(first);
    const without = ids[first.indexOf(false)] ?? "";
    expect(await bench.look({ instanceId: without })).toEqual({
      waitsBecause: "the newest, 1.1.0, is for 20 of 100 instances so far, and this one is not among them",
    });
    await bench.room.publish("1.1.0", { percentage: 100 });
    expect(await bench.look({ instanceId: without })).toMatchObject({ version: "1.1.0" });
  });

  it("two at once take turns", async () => {
    await bench.room.publish("1.1.0");
    const { source } = await bench.open();
    const looks = await Promise.all([source.look(bench.signal), source.look(bench.signal), source.look(bench.signal)]);
    expect(looks.map((look) => ("version" in look ? look.version : look))).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
  });

  it("one that fails does not keep the next from asking", async () => {
    await bench.room.publish("1.1.0");
    const { source } = await bench.open();
    bench.room.answers.set("metadata/timestamp.json", (_, response) => response.writeHead(503).end());
    const failing = caught(() => source.look(bench.signal));
    const next = failing.then(() => {
      bench.room.answers.clear();
      return source.look(bench.signal);
    });
    expect((await failing).code).toBe("SOURCE_GONE");
    expect(await next).toMatchObject({ version: "1.1.0" });
  });

  it("that is given up throws the reason", async () => {
    const { source } = await bench.open();
    const reason = new Error("the daemon stops");
    await expect(source.look(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("what was brought", () => {
  it("is a commit of exactly the release's files: the same files are the same commit", async () => {
    await bench.room.publish("1.1.0", { release: await bench.room.makeRelease({ version: "1.1.0" }, { "index.js": "run", "lib/part.js": "part" }) });
    const commit = await bench.bring();
    const { git } = await bench.open();
    expect((await listTree(git.mirror, commit)).map(({ path }) => path)).toEqual(["index.js", "lib/part.js"]);
    const folder = join(bench.place, "by hand");
    mkdirSync(join(folder, "lib"), { recursive: true });
    writeFileSync(join(folder, "index.js"), "run");
    writeFileSync(join(folder, "lib", "part.js"), "part");
    expect(await importAsCommit(git, folder, bench.signal)).toBe(commit);
    expectTidy();
  });

  it("is not downloaded again, also after a restart", async () => {
    await bench.room.publish("1.1.0");
    const commit = await bench.bring();
    const downloads = () => bench.room.asked.filter((path) => path.startsWith("targets/")).length;
    expect(downloads()).toBe(1);
    expect(await bench.bring()).toBe(commit);
    const { source } = await bench.open();
    const asked = bench.room.asked.length;
    const sha256 = (await bench.room.publish("1.1.0")).sha256;
    expect(await source.bring({ key: `agent@1.1.0 ${sha256}`, ref: "", trigger: "new_version", refusedBecause: null }, bench.signal)).toBe(commit);
    expect([downloads(), bench.room.asked.length]).toEqual([1, asked]);
  });

  it("an instance killed between download and import: done again, from what lies there, and nothing of it stays", async () => {
    const { sha256 } = await bench.room.publish("1.1.0");
    const registry = join(bench.data, "sources", "registry");
    mkdirSync(join(registry, "downloads"), { recursive: true });
    mkdirSync(join(registry, "unpacked"));
    cpSync(join(bench.room.folder, "targets", "stable", `${sha256}.agent-1.1.0.tgz`), join(registry, "downloads", "agent-1.1.0.tgz"));
    writeFileSync(join(registry, "downloads", ".tmp-half"), "half");
    writeFileSync(join(registry, "unpacked", "index.js"), "half");
    const commit = await bench.bring();
    expect(bench.room.asked.filter((path) => path.startsWith("targets/"))).toEqual([]);
    expectTidy();
    bench.facts.write("brought:registry", []);
    expect(await bench.bring()).toBe(commit);
  });

  it("a packed release that was altered while it lay there is brought anew", async () => {
    await bench.room.publish("1.1.0");
    const downloads = join(bench.data, "sources", "registry", "downloads");
    mkdirSync(downloads, { recursive: true });
    writeFileSync(join(downloads, "agent-1.1.0.tgz"), "something else");
    expect(await bench.bring()).toMatch(/^[0-9a-f]{40}$/);
  });
});

describe("what is not taken, though it was found:", () => {
  /** @returns why; the mirror has nothing new and nothing is left behind */
  async function refusedToBring(): Promise<InstarError> {
    const error = await caught(() => bench.bring());
    expectTidy();
    expect(bench.facts.read("brought:registry")).toBeUndefined();
    return error;
  }

  it("altered archive", async () => {
    const { path, sha256 } = await bench.room.publish("1.1.0");
    const place = blobOf({ path, sha256 } as Parameters<typeof blobOf>[0]);
    const bytes = readFileSync(join(bench.room.folder, place));
    bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 1;
    bench.room.answers.set(place, bytes);
    expect(await refusedToBring()).toMatchObject({ code: "PACKAGE_REFUSED", facts: { reason: "altered" } });
  });

  it("an archive that is not there", async () => {
    const { path, sha256 } = await bench.room.publish("1.1.0");
    rmSync(join(bench.room.folder, blobOf({ path, sha256 } as Parameters<typeof blobOf>[0])));
    expect((await refusedToBring()).code).toBe("SOURCE_GONE");
  });

  it("taken back between the look and the download", async () => {
    await bench.room.publish("1.1.0");
    const { source } = await bench.open();
    const sighting = await source.look(bench.signal);
    if ("waitsBecause" in sighting) throw new Error(sighting.waitsBecause);
    await yank("1.1.0");
    const error = await caught(() => source.bring(sighting, bench.signal));
    expect(error).toMatchObject({ code: "CONFLICT", transient: true, message: "the registry no longer offers agent 1.1.0: 1.1.0 was taken back" });
    expect(bench.room.asked.filter((path) => path.startsWith("targets/"))).toEqual([]);
    expectTidy();
  });

  it("the same version with other content since the look, however well it is signed", async () => {
    const { path } = await bench.room.publish("1.1.0");
    const { source } = await bench.open();
    const sighting = await source.look(bench.signal);
    if ("waitsBecause" in sighting) throw new Error(sighting.waitsBecause);
    await forge(bench.room, {
      targets: (body) => {
        const listed = body.targets[path];
        return listed === undefined ? body : { ...body, targets: { ...body.targets, [path]: { ...listed, hashes: { sha256: "b".repeat(64) } } } };
      },
    });
    expect(await caught(() => source.bring(sighting, bench.signal))).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("other content now") });
    expectTidy();
  });

  it("a file that differs from the manifest once it is unpacked, one too many, one too few", async () => {
    await bench.room.publish("1.1.0", { release: await bench.room.makeRelease({ version: "1.1.0" }, { "index.js": "run", "part.js": "part" }) });
    const { git, parts } = await bench.open();
    const { registry: settings } = parts.read.settings.source;
    if (settings === undefined) throw new Error("there is no registry");
    const real = openReleaseRegistry(settings, parts);
    const tools = {
      git,
      facts: bench.facts,
      scratchFolder: join(bench.place, "scratch"),
      downloadFolder: join(bench.place, "downloads"),
      runningVersion: () => null,
    };
    const changedBy = (change: (folder: string) => void) => {
      const download = async (...how: Parameters<typeof real.download>) => {
        const archive = await real.download(...how);
        return {
          file: archive.file,
          settle: (unpacked: string) => {
            change(unpacked);
            return archive.settle(unpacked);
          },
        };
      };
      const source = registryAsSource({ look: real.look, download }, settings, tools);
      return caught(async () => {
        const sighting = await source.look(bench.signal);
        if (!("waitsBecause" in sighting)) await source.bring(sighting, bench.signal);
      });
    };
    const because: string[] = [];
    for (const change of [
      (folder: string) => writeFileSync(join(folder, "index.js"), "RUN"),
      (folder: string) => writeFileSync(join(folder, "more.js"), "more"),
      (folder: string) => rmSync(join(folder, "part.js")),
    ]) {
      const error = await changedBy(change);
      expect(error.code).toBe("PACKAGE_REFUSED");
      because.push(error.message);
    }
    expect(because).toEqual([
      'the unpacked release is not what was signed: "index.js" has other content',
      'the unpacked release is not what was signed: "more.js" is not listed',
      'the unpacked release is not what was signed: "part.js" is missing',
    ]);
    expect(bench.facts.read("brought:registry")).toBeUndefined();
    expect([existsSync(tools.scratchFolder), existsSync(tools.downloadFolder)]).toEqual([false, false]);
  });
});

describe("a repository that is not to be trusted makes the source fail in words of its own:", () => {
  const refresh = () => refreshTimestamp({ ...bench.room });

  it("expired", async () => {
    await bench.room.publish("1.1.0");
    bench.room.clock.advance(2 * DAY_MS);
    expect(await caught(() => bench.look())).toMatchObject({
      code: "PACKAGE_REFUSED",
      message: "the repository is not to be trusted now: its word has expired, so newer ones may be held back",
      facts: { reason: "expired" },
    });
    await refresh();
    expect(await bench.look()).toMatchObject({ version: "1.1.0" });
  });

  it("rolled back repository after the local metadata were deleted: the floors hold", async () => {
    await bench.room.publish("1.1.0");
    const old = bench.room.copy();
    await bench.room.publish("1.2.0");
    await bench.look();
    bench.room.restore(old);
    rmSync(join(bench.data, "sources"), { recursive: true });
    const error = await caught(() => bench.look());
    expect(error).toMatchObject({ code: "PACKAGE_REFUSED", facts: { reason: "older" } });
    expect(error.message).toMatch(/version \d+, and version \d+ was seen before/);
  });

  it("rolled back repository between a look and the download: nothing is brought", async () => {
    await bench.room.publish("1.1.0");
    const old = bench.room.copy();
    await refresh();
    const { source } = await bench.open();
    const sighting = await source.look(bench.signal);
    if ("waitsBecause" in sighting) throw new Error(sighting.waitsBecause);
    bench.room.restore(old);
    rmSync(join(bench.data, "sources"), { recursive: true });
    expect(await caught(() => source.bring(sighting, bench.signal))).toMatchObject({ code: "PACKAGE_REFUSED", facts: { reason: "older" } });
  });

  it("damaged floors: nothing is taken, however good the repository is, and they stay as they are", async () => {
    await bench.room.publish("1.1.0");
    await bench.look();
    const whole = JSON.stringify(bench.facts.read("registryFloors"));
    const put = (text: string) => bench.database.prepare("UPDATE facts SET value = ? WHERE name = 'registryFloors'").run(text);
    const asked = bench.room.asked.length;
    for (const text of ["null", "{}", '""', "", whole.slice(0, -1), whole.replace('"version"', '"Version"'), whole.replace(/"atMs":\d+/, '"atMs":-1')]) {
      put(text);
      expect((await caught(() => bench.look())).code, text).toBe("DATA_DAMAGED");
      expect(bench.database.prepare("SELECT value FROM facts WHERE name = 'registryFloors'").get()).toEqual({ value: text });
    }
    expect(bench.room.asked.length).toBe(asked);
    put(whole);
    expect(await bench.look()).toMatchObject({ version: "1.1.0" });
  });

  it("a clock that was set back", async () => {
    await bench.room.publish("1.1.0");
    await bench.look();
    bench.room.clock.advance(-DAY_MS);
    const error = await caught(() => bench.look());
    expect(error).toMatchObject({ code: "PACKAGE_REFUSED", facts: { reason: "clock" }, advice: "Set the clock of this machine right." });
    expect(error.message).toBe("the clock was set back: it shows a time before what was seen of the repository");
  });

  it("the registry is away", async () => {
    await bench.room.publish("1.1.0");
    bench.room.answers.set("metadata/timestamp.json", (_, response) => response.destroy());
    expect(await caught(() => bench.look())).toMatchObject({ code: "SOURCE_GONE" });
    bench.room.answers.clear();
    expect(await bench.look()).toMatchObject({ version: "1.1.0" });
  });

  it("a root.json that is missing, a folder, no root, or another repository's", async () => {
    await bench.room.publish("1.1.0");
    const path = join(bench.place, "root.json");
    rmSync(path);
    expect(await caught(() => bench.look())).toMatchObject({ code: "SETTINGS_INVALID", message: expect.stringContaining("there is no") });
    mkdirSync(path);
    expect((await caught(() => bench.look())).code).toBe("SETTINGS_INVALID");
    rmSync(path, { recursive: true });
    writeFileSync(path, "{}");
    expect((await caught(() => bench.look())).code).toBe("PACKAGE_REFUSED");
    const other = await RegistryBench.create();
    try {
      writeFileSync(path, other.room.shippedRoot);
      expect(await caught(() => bench.look())).toMatchObject({ code: "PACKAGE_REFUSED" });
    } finally {
      await other.close();
    }
    expect(bench.facts.read("registryFloors")).toBeUndefined();
    writeFileSync(path, bench.room.shippedRoot);
    expect(await bench.look()).toMatchObject({ version: "1.1.0" });
  });
});

describe("what was seen", () => {
  it("is recorded before anything is found, and the ledger tells what advanced", async () => {
    await bench.room.publish("1.1.0");
    await bench.look();
    expect(bench.facts.read("registryFloors")).toMatchObject({ atMs: bench.room.clock.wallMs(), root: { version: 1 }, targets: { version: 2 } });
    expect(bench.entries()).toMatchObject([
      {
        event: "TRUST_ADVANCED",
        description: "the registry's signed metadata are now root 1, targets 2, self 1",
        details: { root: 1, targets: 2, self: 1, timestamp: 2, at: new Date(bench.room.clock.wallMs()).toISOString() },
        success: true,
      },
    ]);
  });

  it("is no entry where only the time went on, and is recorded all the same", async () => {
    await bench.look();
    bench.room.clock.advance(3_600_000);
    await refreshTimestamp({ ...bench.room });
    await bench.look();
    expect(bench.facts.read("registryFloors")).toMatchObject({ atMs: bench.room.clock.wallMs(), timestamp: { version: 2 } });
    expect(bench.entries()).toHaveLength(1);
    await bench.room.publish("1.1.0");
    await bench.look();
    expect(bench.entries().map(({ details }) => details?.targets)).toEqual([1, 2]);
  });

  it("lies in metadata that nobody else may read", async () => {
    await bench.look();
    expect(statSync(join(bench.data, "sources", "registry", "metadata")).mode & 0o077).toBe(0);
  });
});
