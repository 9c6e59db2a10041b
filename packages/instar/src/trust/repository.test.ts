import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeRepository } from "./describe-repository.ts";
import { initRepository } from "./init-repository.ts";
import { DEFAULT_LAYOUT, planLayout } from "./plan-layout.ts";
import { publishRelease } from "./publish-release.ts";
import { refreshTimestamp } from "./refresh-timestamp.ts";
import { withRepositoryLock } from "./repository-disk.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { codeOf, DAY_MS, listFiles, makeHolder, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";
import { yankRelease } from "./yank-release.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());

const holder = (...names: string[]) => makeHolder(room, ...names);

describe("a new repository", () => {
  it("has its roles, thresholds and times, and says what an operator should know", async () => {
    const view = await describeRepository(room);
    expect(view.roles.map(({ name, threshold, keyIds, version, state }) => [name, threshold, keyIds.length, version, state])).toEqual([
      ["root", 2, 3, 1, "good"],
      ["targets", 2, 2, 1, "good"],
      ["self", 2, 2, 1, "good"],
      ["snapshot", 1, 1, 1, "good"],
      ["timestamp", 1, 1, 1, "good"],
    ]);
    expect(view.roles.at(-1)?.expiresAt).toBe("2026-01-03T00:00:00Z");
    expect(view.warnings).toEqual([expect.stringMatching(/^targets: one lost key/), expect.stringMatching(/^self: one lost key/)]);
  });

  it("of a single operator says what that costs", async () => {
    const alone = await makeTrustRoom({ root: { keys: 1, threshold: 1 }, targets: { keys: 1 }, self: { keys: 1 } });
    const { warnings } = await describeRepository(alone);
    expect(warnings.filter((words) => words.includes("one stolen key of 1"))).toHaveLength(3);
    await alone.publish("1.0.0");
    expect((await alone.refresh()).targets.version).toBe(2);
    await alone.close();
  });

  it("keeps each key in a file of its owner's, and none of them in what is shown", () => {
    expect(readdirSync(room.keysFolder)).toEqual([
      ...["gate", "release", "root-1", "root-2", "root-3", "self-1", "self-2", "snapshot", "timestamp"].map((name) => `${name}.pem`),
    ]);
    for (const name of readdirSync(room.keysFolder)) {
      expect(statSync(join(room.keysFolder, name)).mode & 0o777).toBe(0o600);
      const secret = readFileSync(join(room.keysFolder, name), "utf8").split("\n")[1] ?? "";
      expect(JSON.stringify(listFiles(room.folder))).not.toContain(secret);
    }
    expect(statSync(join(room.folder, "metadata", "timestamp.json")).mode & 0o777 & ~0o022).toBe(0o644);
  });

  it("is made once", async () => {
    const before = listFiles(join(room.folder, "metadata"));
    expect(await codeOf(() => initRepository({ ...room, layout: DEFAULT_LAYOUT }))).toBe("CONFLICT");
    expect(listFiles(join(room.folder, "metadata"))).toEqual(before);
  });

  it("bad input: a layout that cannot be is refused", () => {
    for (const root of [{ keys: 0 }, { keys: 2, threshold: 3 }, { threshold: 0 }, { keys: 1.5 }, { keys: 99 }, { threshold: Number.NaN }])
      expect(() => planLayout({ root })).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
    expect(planLayout({ root: { keys: 1 } }).root).toEqual({ keys: 1, threshold: 1 });
  });
});

describe("publishing", () => {
  it("gives one version one content for ever, and may describe it otherwise", async () => {
    const release = await room.makeRelease();
    const first = await publishRelease({ ...room, release, channel: "stable", percentage: 10 });
    const again = await publishRelease({ ...room, release, channel: "stable", percentage: 50 });
    expect([first.sha256, again.kind]).toEqual([again.sha256, "published"]);
    expect((await describeRepository(room)).releases).toMatchObject([{ version: "1.0.0", percentage: 50 }]);
    const other = await room.makeRelease({}, { "index.js": "other" });
    expect(await codeOf(() => publishRelease({ ...room, release: other, channel: "stable" }))).toBe("CONFLICT");
  });

  it("takes a packed release too, which is the same bytes", async () => {
    const release = await room.makeRelease();
    const { sha256, path } = await publishRelease({ ...room, release, channel: "stable" });
    const packed = join(room.folder, "targets", "stable", `${sha256}.agent-1.0.0.tgz`);
    expect((await publishRelease({ ...room, release: packed, channel: "beta" })).sha256).toBe(sha256);
    expect(path).toBe("stable/agent-1.0.0.tgz");
  });

  it("bad input: refuses what is no release, and leaves nothing behind", async () => {
    const before = listFiles(room.folder);
    const notes = join(room.place, "notes.txt");
    writeFileSync(notes, "text");
    const empty = join(room.place, "empty");
    mkdirSync(empty);
    const changed = await room.makeRelease();
    writeFileSync(join(changed, "index.js"), "changed");
    const extra = await room.makeRelease();
    writeFileSync(join(extra, "extra.js"), "");
    for (const release of [notes, empty, changed, extra])
      expect([release, await codeOf(() => publishRelease({ ...room, release, channel: "stable" }))]).toEqual(
        [release, "PACKAGE_REFUSED"].map((each, index) => (index === 0 ? release : release === empty ? "PLATFORM_FAILED" : each)),
      );
    expect(await codeOf(() => publishRelease({ ...room, release: join(room.place, "none"), channel: "stable" }))).toBe("PLATFORM_FAILED");
    const good = await room.makeRelease();
    for (const percentage of [-1, 101, 1.5, Number.NaN])
      expect(await codeOf(() => publishRelease({ ...room, release: good, channel: "stable", percentage }))).toBe("INPUT_INVALID");
    for (const channel of ["", "..", "a/b", "Stable", "x".repeat(50)])
      expect(await codeOf(async () => publishRelease({ ...room, release: good, channel }))).toBe("INPUT_INVALID");
    expect(listFiles(join(room.folder, "metadata"))).toEqual(
      Object.fromEntries(Object.entries(before).flatMap(([path, text]) => (path.startsWith("metadata/") ? [[path.slice(9), text]] : []))),
    );
    expect(readdirSync(join(room.folder, "private")).filter((name) => name.startsWith(".tmp"))).toEqual([]);
  });

  it("takes back with a reason, or removes, and needs the same signatures", async () => {
    await room.publish("1.0.0");
    const yank = { ...room, channel: "stable", component: "agent", version: "1.0.0" };
    expect(await codeOf(() => yankRelease({ ...yank, version: "9.9.9", reason: "why" }))).toBe("NOT_FOUND");
    expect(await codeOf(async () => yankRelease({ ...yank, reason: " " }))).toBe("INPUT_INVALID");
    expect(await yankRelease({ ...yank, reason: "why", keysFolder: holder("gate") })).toMatchObject({ kind: "waiting" });
    await yankRelease({ ...yank, reason: "why" });
    expect((await describeRepository(room)).releases).toMatchObject([{ yanked: "why" }]);
    await yankRelease({ ...yank, reason: "why", removes: true });
    expect((await describeRepository(room)).releases).toEqual([]);
    await room.refresh();
  });

  it("is one command at a time", async () => {
    await withRepositoryLock(room.folder, async () => {
      expect(await codeOf(() => refreshTimestamp(room))).toBe("CONFLICT");
    });
    await refreshTimestamp(room);
  });
});

describe("time", () => {
  it("is lent by a refresh for a day, and by a new snapshot for a week when half of it is over", async () => {
    const first = await refreshTimestamp({ ...room, keysFolder: holder("timestamp") });
    expect(first).toMatchObject({ snapshot: 1, timestamp: 2 });
    room.clock.advance(4 * DAY_MS);
    expect((await describeRepository(room)).roles.at(-1)?.state).toBe("expired");
    expect(await codeOf(() => refreshTimestamp({ ...room, keysFolder: holder("timestamp") }))).toBe("FORBIDDEN");
    expect(await refreshTimestamp(room)).toMatchObject({ targets: 1, snapshot: 2, timestamp: 3 });
    await room.refresh();
  });

  it("is lent to what people sign by a rotation that changes nothing", async () => {
    room.clock.advance(170 * DAY_MS);
    expect((await describeRepository(room)).warnings.join()).toMatch(/targets: expires soon/);
    await rotateKeys({ ...room, changes: [] });
    expect((await describeRepository(room)).roles.map(({ state }) => state)).toEqual(["good", "good", "good", "good", "good"]);
    expect(await room.refresh()).toMatchObject({ root: { version: 2 }, targets: { version: 2 }, self: { version: 2 } });
  });
});
