import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { caught, makeAttackTools } from "./attack-tools.testing.ts";
import { refreshTimestamp } from "./refresh-timestamp.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { makeKey } from "./signing-keys.ts";
import { DAY_MS, forge, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());
const { expectRefused, wipe } = makeAttackTools(() => room);

describe("how new it is", () => {
  it.each([
    ["T05", "timestamp"],
    ["T06", "snapshot"],
    ["T07", "targets"],
  ] as const)("%s: an older %s is refused", async (_, role) => {
    await room.publish("1.0.0");
    await room.publish("1.1.0");
    await room.refresh();
    if (role === "timestamp") await forge(room, { timestamp: (timestamp) => ({ ...timestamp, version: 1 }) });
    if (role === "snapshot") await forge(room, { timestamp: (timestamp) => ({ ...timestamp, meta: { "snapshot.json": { version: 2 } } }) });
    if (role === "targets") await forge(room, { snapshot: (snapshot) => ({ ...snapshot, meta: { ...snapshot.meta, "targets.json": { version: 2 } } }) });
    await expectRefused("older", () => room.refresh());
  });

  it.each([
    ["T08", "timestamp"],
    ["T09", "snapshot"],
    ["T10", "targets"],
    ["T10", "self"],
    ["T10", "root"],
  ] as const)("%s: an expired %s is refused, and says so", async (_, role) => {
    await room.refresh();
    const expires = new Date(room.clock.wallMs() - 1_000).toISOString();
    await forge(room, { [role]: (body: object) => ({ ...body, expires }) });
    await expectRefused("expired", () => room.refresh());
  });

  it("T08: a repository that is frozen is noticed within a day", async () => {
    const floors = await room.refresh();
    room.clock.advance(DAY_MS + 1_000);
    await expectRefused("expired", () => room.refresh(floors));
    room.clock.advance(-DAY_MS);
    expect((await room.refresh(floors)).timestamp.version).toBe(1);
  });

  it.each(["snapshot", "targets", "self"] as const)("T11: a %s of another moment is refused", async (role) => {
    await room.publish("1.0.0");
    await room.publish("1.0.0", { channel: "self" });
    const names = readdirSync(join(room.folder, "metadata")).filter((name) => name.endsWith(`.${role}.json`));
    const [oldest, newest] = [names.toSorted()[0] ?? "", names.toSorted().at(-1) ?? ""];
    expect(oldest).not.toBe(newest);
    room.answers.set(`metadata/${newest}`, readFileSync(join(room.folder, "metadata", oldest)));
    await expectRefused(/altered|older/, () => room.refresh());
  });

  it("T19: a repository recovers from versions far ahead by replacing the keys, and by nothing else", async () => {
    const before = await room.refresh();
    const honest = room.copy();
    await forge(room, { snapshot: (body) => ({ ...body, version: 2_000_000 }), timestamp: (body) => ({ ...body, version: 1_000_000 }) });
    const stolen = room.copy();
    const ahead = await room.refresh(before);
    expect(ahead.timestamp.version).toBe(1_000_000);
    room.restore(honest);
    await refreshTimestamp(room);
    await expectRefused("older", () => room.refresh(ahead));
    const [snapshotKey, timestampKey] = [...(await room.keys("snapshot")), ...(await room.keys("timestamp"))];
    const fresh = [await makeKey(room.keysFolder, "snapshot-2"), await makeKey(room.keysFolder, "timestamp-2")] as const;
    const rotated = await rotateKeys({
      ...room,
      changes: [
        { role: "snapshot", add: [fresh[0]], remove: [snapshotKey?.keyId ?? ""] },
        { role: "timestamp", add: [fresh[1]], remove: [timestampKey?.keyId ?? ""] },
      ],
    });
    expect(rotated.kind).toBe("published");
    const recovered = await room.refresh(ahead);
    expect(recovered.timestamp.version).toBeLessThan(10);
    // What the thief kept is signed by keys that count no more.
    for (const name of readdirSync(stolen)) if (!name.endsWith("root.json")) room.answers.set(`metadata/${name}`, readFileSync(join(stolen, name)));
    wipe();
    await expectRefused("unsigned", () => room.refresh(recovered));
  });

  it("T22: a timestamp of the same version and other content changes nothing", async () => {
    await room.publish("1.0.0");
    const floors = await room.refresh();
    const kept = readFileSync(join(room.metadataFolder, "timestamp.json"));
    await forge(room, { timestamp: (body) => ({ ...body, version: floors.timestamp.version }) });
    expect(await room.refresh(floors)).toEqual(floors);
    expect(readFileSync(join(room.metadataFolder, "timestamp.json"))).toEqual(kept);
    wipe();
    const error = await expectRefused("older", () => room.refresh(floors));
    expect(error.message).toContain("other content");
  });

  it("T24: a clock that was set back is refused, and a small step of it lends no time", async () => {
    room.clock.advance(DAY_MS - 60_000);
    const floors = await room.refresh();
    room.clock.jumpWall(-60_000);
    expect((await room.refresh(floors)).atMs).toBe(floors.atMs);
    room.clock.jumpWall(-2 * DAY_MS);
    await expectRefused("clock", () => room.refresh(floors));
    // Within the slack, but expired by the time that was seen.
    room.clock.jumpWall(2 * DAY_MS + 60_000 + 120_000);
    const late = { ...floors, atMs: room.clock.wallMs() };
    room.clock.jumpWall(-120_000);
    await expectRefused("expired", () => room.refresh(late));
  });

  it("T24: a clock that is far ahead is refused, and is not remembered", async () => {
    const floors = await room.refresh();
    room.clock.jumpWall(400 * DAY_MS);
    await expectRefused("expired", () => room.refresh(floors));
    room.clock.jumpWall(-400 * DAY_MS);
    expect((await room.refresh(floors)).atMs).toBe(floors.atMs);
  });

  it("T25: an older set is refused where the local metadata was corrupted", async () => {
    await room.publish("1.0.0");
    const old = room.copy();
    await room.publish("1.1.0");
    const floors = await room.refresh();
    for (const name of ["timestamp.json", "snapshot.json"]) writeFileSync(join(room.metadataFolder, name), "{");
    room.restore(old);
    await expectRefused("older", () => room.refresh(floors));
  });

  it("T26: an older set is refused where the local metadata was deleted, all of it or all but the root", async () => {
    await room.publish("1.0.0");
    const old = room.copy();
    await room.publish("1.1.0");
    const floors = await room.refresh();
    room.restore(old);
    for (const name of readdirSync(room.metadataFolder)) if (name !== "root.json") rmSync(join(room.metadataFolder, name));
    await expectRefused("older", () => room.refresh(floors));
    wipe();
    await expectRefused("older", () => room.refresh(floors));
  });

  it("T26: each version has its own floor", async () => {
    await room.publish("1.0.0");
    await room.publish("1.0.0", { channel: "self" });
    const floors = await room.refresh();
    wipe();
    for (const role of ["root", "timestamp", "snapshot", "targets", "self"] as const) {
      const higher = { ...floors, [role]: { ...floors[role], version: 99 } };
      const error = await caught(() => room.refresh(higher));
      expect(error.message).toContain(`${role} has version`);
      const other = { ...floors, [role]: { ...floors[role], digest: "0".repeat(64) } };
      expect((await caught(() => room.refresh(other))).message).toContain(`${role} has version`);
    }
  });

  it("T27: a damaged root falls back to the one that Instar was given, and the client goes on", async () => {
    const floors = await room.refresh();
    const unsigned = JSON.stringify({ ...room.read("1.root.json"), signatures: [] });
    for (const damage of ["", "{", "null", "[]", unsigned, room.shippedRoot.subarray(0, 300).toString()]) {
      writeFileSync(join(room.metadataFolder, "root.json"), damage);
      const { notes } = await room.open({ floors }).refresh();
      expect(notes).toEqual([expect.stringContaining("damaged")]);
      expect(readFileSync(join(room.metadataFolder, "root.json"))).toEqual(room.shippedRoot);
    }
  });

  it("T27: a newer root that Instar was given goes before an older one of the folder", async () => {
    const floors = await room.refresh();
    await rotateKeys({ ...room, changes: [] });
    const shippedRoot = readFileSync(join(room.folder, "metadata/2.root.json"));
    room.answers.set("metadata/2.root.json", (_, response) => response.writeHead(404).end());
    expect((await room.open({ floors, shippedRoot }).refresh()).floors.root.version).toBe(2);
  });

  it("T27: a root that somebody else put into the folder is not where trust begins", async () => {
    const floors = await room.refresh();
    const evil = await makeTrustRoom();
    try {
      await evil.publish("9.9.9");
      writeFileSync(join(room.metadataFolder, "root.json"), evil.shippedRoot);
      for (const name of ["snapshot.json", "targets.json", "timestamp.json", "self.json"]) rmSync(join(room.metadataFolder, name));
      const { notes } = await room.open({ floors }).refresh();
      expect(notes).toEqual([expect.stringContaining("not the one that was recorded")]);
      writeFileSync(join(room.metadataFolder, "root.json"), evil.shippedRoot);
      await expectRefused("unsigned", () => room.open({ floors, metadataUrl: `${evil.origin}/metadata` }).refresh());
      await expectRefused("unsigned", () => room.open({ metadataUrl: `${evil.origin}/metadata` }).refresh());
    } finally {
      await evil.close();
    }
  });

  it.each(["timestamp.json", "snapshot.json", "targets.json", "self.json"])("T28: a damaged %s is asked for again", async (name) => {
    await room.publish("1.0.0");
    const floors = await room.refresh();
    const good = readFileSync(join(room.metadataFolder, name));
    for (const damage of [Buffer.alloc(0), good.subarray(0, 100), Buffer.from("garbage"), Buffer.from("{}"), Buffer.alloc(200, 0)]) {
      writeFileSync(join(room.metadataFolder, name), damage);
      expect(await room.refresh(floors)).toEqual(floors);
      expect(readFileSync(join(room.metadataFolder, name))).toEqual(good);
    }
  });

  it("T29: the repository is asked each time, whatever is kept", async () => {
    const floors = await room.refresh();
    room.asked.length = 0;
    await room.refresh(floors);
    expect(room.asked).toEqual(["metadata/2.root.json", "metadata/timestamp.json"]);
    room.answers.set("metadata/timestamp.json", (_, response) => response.writeHead(503).end());
    expect(await caught(() => room.refresh(floors))).toMatchObject({ code: "SOURCE_GONE", transient: true });
  });
});
