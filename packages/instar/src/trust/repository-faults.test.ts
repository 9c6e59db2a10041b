import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeRepository } from "./describe-repository.ts";
import { initRepository } from "./init-repository.ts";
import type { RootBody } from "./metadata-bodies.ts";
import { DEFAULT_LAYOUT } from "./plan-layout.ts";
import { readRepository } from "./read-repository.ts";
import { refreshTimestamp } from "./refresh-timestamp.ts";
import { writePublicly } from "./repository-disk.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { discardDraft, signDraft } from "./sign-draft.ts";
import { makeKey } from "./signing-keys.ts";
import { codeOf, DAY_MS, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";
import { yankRelease } from "./yank-release.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());

describe("faults", () => {
  class Stop extends Error {}

  /** Fails at the n-th write: before it, or after it was made and before anybody heard of it. */
  function failAt(n: number, isKept: boolean) {
    let writes = 0;
    return async (path: string, bytes: Uint8Array) => {
      writes += 1;
      if (writes === n && !isKept) throw new Stop();
      await writePublicly(path, bytes);
      if (writes === n) throw new Stop();
    };
  }

  const acts: Record<string, (write: typeof writePublicly) => Promise<unknown>> = {
    publishing: async (write) => room.publish("1.1.0", { write }),
    "taking back": (write) => yankRelease({ ...room, channel: "stable", component: "agent", version: "1.0.0", reason: "why", write }),
    "a refresh": async (write) => {
      room.clock.advance(5 * DAY_MS);
      // Whoever looks in between finds the old word expired, which is not the crash's doing.
      await refreshTimestamp(room);
      await refreshTimestamp({ ...room, write });
    },
    "a rotation of everything": async (write) => {
      const [gate, self, snapshot, timestamp, root] = await Promise.all(
        ["gate", "self-1", "snapshot", "timestamp", "root-1"].map(async (name) => (await room.keys(name))[0]?.keyId ?? ""),
      );
      const next = async (name: string) => [await makeKey(room.keysFolder, name)];
      await rotateKeys({
        ...room,
        changes: [
          { role: "root", add: await next("root-n"), remove: [root ?? ""] },
          { role: "targets", add: await next("gate-n"), remove: [gate ?? ""] },
          { role: "self", add: await next("self-n"), remove: [self ?? ""] },
          { role: "snapshot", add: await next("snapshot-n"), remove: [snapshot ?? ""] },
          { role: "timestamp", add: await next("timestamp-n"), remove: [timestamp ?? ""] },
        ],
        write,
      });
    },
  };

  for (const [name, act] of Object.entries(acts))
    it(`a crash at any write of ${name} leaves a repository that every client accepts, and that goes on`, async () => {
      await room.publish("1.0.0");
      let crashes = 0;
      for (const isKept of [false, true])
        for (let n = 1; ; n += 1) {
          const floors = await room.refresh();
          const crashed = await act(failAt(n, isKept)).then(
            () => false,
            (error: unknown) => {
              if (!(error instanceof Stop)) throw error;
              return true;
            },
          );
          await room.refresh(floors);
          rmSync(room.metadataFolder, { recursive: true });
          const after = await room.refresh(floors);
          for (const { id, stale } of (await describeRepository(room)).drafts)
            stale === null ? await signDraft({ ...room, draft: id }) : await discardDraft({ ...room, draft: id });
          expect((await readRepository(room.folder)).unsigned).toEqual([]);
          await room.refresh(after);
          await room.close();
          room = await makeTrustRoom();
          await room.publish("1.0.0");
          if (!crashed) break;
          crashes += 1;
        }
      expect(crashes).toBeGreaterThanOrEqual(2);
    });

  it("a number that a crash left on the disk is not given again", async () => {
    await expect(room.publish("1.0.0", { write: failAt(3, false) })).rejects.toThrow(Stop);
    expect(existsSync(join(room.folder, "metadata", "2.targets.json"))).toBe(true);
    for (const { id } of (await describeRepository(room)).drafts) await discardDraft({ ...room, draft: id });
    expect(await room.publish("1.1.0")).toMatchObject({ kind: "published", versions: { targets: 3 } });
  });

  it("a crash at any write of the beginning is gone on from", async () => {
    for (let n = 1; n <= 5; n += 1) {
      const folder = join(room.place, `new-${n}`);
      const keysFolder = join(room.place, `new-keys-${n}`);
      const first = initRepository({ folder, keysFolder, layout: DEFAULT_LAYOUT, clock: room.clock, write: failAt(n, false) });
      await expect(first).rejects.toThrow(Stop);
      expect((await initRepository({ folder, keysFolder, layout: DEFAULT_LAYOUT, clock: room.clock })).roles).toHaveLength(5);
    }
  });

  it("a rotation without lost keys that was cut short is finished by its draft", async () => {
    const next = await makeKey(room.keysFolder, "timestamp-new");
    const [old] = await room.keys("timestamp");
    rmSync(join(room.keysFolder, "timestamp.pem"));
    const changes = [{ role: "timestamp" as const, add: [next], remove: [old?.keyId ?? ""], isLost: true }];
    await expect(rotateKeys({ ...room, changes, write: failAt(4, false) })).rejects.toThrow(Stop);
    const view = await describeRepository(room);
    expect(view.roles.at(-1)?.state).toBe("unsigned");
    expect(await codeOf(() => room.publish("1.0.0"))).toBe("DATA_DAMAGED");
    expect(await signDraft({ ...room, draft: view.drafts[0]?.id ?? "" })).toMatchObject({ kind: "published" });
    await room.refresh();
  });

  it("a file that is empty, cut off or garbage is said to be damaged, whichever it is", async () => {
    await room.publish("1.0.0");
    for (const name of ["1.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", "1.self.json"]) {
      const path = join(room.folder, "metadata", name);
      const good = readFileSync(path);
      for (const damage of [Buffer.alloc(0), good.subarray(0, good.length / 2), Buffer.from("garbage"), Buffer.from("{}"), Buffer.alloc(100)]) {
        writeFileSync(path, damage);
        expect([name, await codeOf(() => describeRepository(room))]).toEqual([name, "DATA_DAMAGED"]);
      }
      rmSync(path);
      expect([name, await codeOf(() => describeRepository(room))]).toEqual([name, name === "timestamp.json" ? "NOT_FOUND" : "DATA_DAMAGED"]);
      writeFileSync(path, good);
    }
    const forged = room.read<RootBody>("1.root.json");
    writeFileSync(join(room.folder, "metadata", "1.root.json"), JSON.stringify({ ...forged, signed: { ...forged.signed, expires: "2099-01-01T00:00:00Z" } }));
    expect(await codeOf(() => describeRepository(room))).toBe("DATA_DAMAGED");
  });
});
