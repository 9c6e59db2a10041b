import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReleasePolicy } from "./plan-release.ts";
import { makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";
import { yankRelease } from "./yank-release.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());

const FRESH: ReleasePolicy = { current: null, place: 0 };

describe("a release that was published", () => {
  it("is found, downloaded, and is what was signed", async () => {
    const published = await room.publish("1.0.0");
    expect(published).toMatchObject({
      kind: "published",
      path: "stable/agent-1.0.0.tgz",
      versions: { root: 1, targets: 2, self: 1, snapshot: 2, timestamp: 2 },
    });
    const client = room.open();
    const { floors, notes } = await client.refresh();
    expect([floors.targets.version, floors.atMs, notes]).toEqual([2, room.clock.wallMs(), []]);
    const found = client.findRelease("agent", "stable", FRESH);
    if (found.kind === "none") throw new Error(found.because);
    const into = join(room.place, "downloads");
    const { file, manifest } = await client.download(found.release, into);
    expect(manifest).toMatchObject({ component: "agent", version: "1.0.0", files: [{ path: "index.js", sizeBytes: 13 }] });
    expect(readdirSync(into)).toEqual(["agent-1.0.0.tgz"]);
    expect(statSync(file).size).toBe(found.release.lengthBytes);
    const asked = room.asked.length;
    await client.download(found.release, into);
    expect(room.asked.length).toBe(asked);
  });

  it("by an agent is signed by the keys of self", async () => {
    await room.publish("1.0.0", { channel: "self" });
    const client = room.open();
    const { floors } = await client.refresh();
    expect(floors).toMatchObject({ targets: { version: 1 }, self: { version: 2 } });
    expect(client.findRelease("agent", "self", FRESH)).toMatchObject({ kind: "found", release: { role: "self" } });
    expect(client.findRelease("agent", "stable", FRESH)).toMatchObject({ kind: "none" });
  });

  it("is listed with its reason once it was taken back, and not offered", async () => {
    await room.publish("1.0.0");
    await room.publish("1.1.0");
    await yankRelease({ ...room, channel: "stable", component: "agent", version: "1.1.0", reason: "it loses letters" });
    const client = room.open();
    await client.refresh();
    expect(client.findRelease("agent", "stable", FRESH)).toMatchObject({ kind: "found", release: { custom: { version: "1.0.0" } } });
    expect(client.findRelease("agent", "stable", { ...FRESH, current: "1.1.0" })).toMatchObject({ kind: "none", yanked: "it loses letters" });
  });
});

describe("a client", () => {
  it("keeps its metadata private, whole, and nothing beside them", async () => {
    await room.refresh();
    const names = readdirSync(room.metadataFolder).filter((name) => !name.startsWith("lock"));
    expect(names).toEqual(["root.json", "self.json", "snapshot.json", "targets.json", "timestamp.json"]);
    expect(statSync(room.metadataFolder).mode & 0o077).toBe(0);
    expect(readFileSync(join(room.metadataFolder, "root.json"))).toEqual(room.shippedRoot);
  });

  it("finds nothing before it asked", () => {
    expect(() => room.open().findRelease("agent", "stable", FRESH)).toThrow(expect.objectContaining({ code: "CONFLICT" }));
  });

  it("does not go by an answer that has expired since", async () => {
    await room.publish("1.0.0");
    const client = room.open();
    await client.refresh();
    room.clock.advance(2 * 86_400_000);
    expect(() => client.findRelease("agent", "stable", FRESH)).toThrow(expect.objectContaining({ code: "PACKAGE_REFUSED", facts: { reason: "expired" } }));
  });
});
