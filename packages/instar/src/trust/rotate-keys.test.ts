import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeRepository } from "./describe-repository.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { signDraft } from "./sign-draft.ts";
import { makeKey } from "./signing-keys.ts";
import { codeOf, makeHolder, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());

const holder = (...names: string[]) => makeHolder(room, ...names);

describe("a rotation of keys", () => {
  const idOf = async (name: string) => (await room.keys(name))[0]?.keyId ?? "";

  it("of root is signed by the present threshold and by the new one, and every root stays", async () => {
    const [next, removed] = [await makeKey(room.keysFolder, "root-4"), await idOf("root-1")];
    const online = ["snapshot", "timestamp"];
    const changes = [{ role: "root" as const, add: [next], remove: [removed], threshold: 3 }];
    const waiting = await rotateKeys({ ...room, keysFolder: holder("root-1", "root-2", ...online), changes });
    expect(waiting).toMatchObject({ kind: "waiting", missing: [{ role: "root", of: "new keys", have: 1, threshold: 3 }] });
    expect(await signDraft({ ...room, draft: waiting.draft, keysFolder: holder("root-3", ...online) })).toMatchObject({
      kind: "waiting",
      missing: [{ have: 2 }],
    });
    expect(await signDraft({ ...room, draft: waiting.draft, keysFolder: holder("root-4", ...online) })).toMatchObject({
      kind: "published",
      versions: { root: 2 },
    });
    expect(existsSync(join(room.folder, "metadata", "1.root.json"))).toBe(true);
    expect((await room.refresh()).root.version).toBe(2);
  });

  it("is not enough with new keys alone", async () => {
    const next = [await makeKey(room.keysFolder, "root-4"), await makeKey(room.keysFolder, "root-5")];
    const changes = [{ role: "root" as const, add: next, remove: [await idOf("root-1"), await idOf("root-2")] }];
    const waiting = await rotateKeys({ ...room, keysFolder: holder("root-4", "root-5", "snapshot", "timestamp"), changes });
    expect(waiting).toMatchObject({ kind: "waiting", missing: [{ role: "root", of: "present keys", have: 0 }] });
    expect((await room.refresh()).root.version).toBe(1);
  });

  it.each(["targets", "snapshot", "timestamp", "self"] as const)("of %s leaves clients that go on, old and new", async (role) => {
    await room.publish("1.0.0");
    const floors = await room.refresh();
    const old = { targets: "gate", snapshot: "snapshot", timestamp: "timestamp", self: "self-1" }[role];
    const next = await makeKey(room.keysFolder, `${role}-new`);
    expect(await rotateKeys({ ...room, changes: [{ role, add: [next], remove: [await idOf(old)] }] })).toMatchObject({ kind: "published" });
    rmSync(join(room.keysFolder, `${old}.pem`));
    await room.refresh(floors);
    rmSync(room.metadataFolder, { recursive: true });
    await room.refresh(floors);
    await room.publish("1.1.0");
    await room.publish("1.1.0", { channel: "self" });
    expect(await room.refresh(floors)).toMatchObject({ targets: { version: role === "targets" || role === "self" ? 4 : 3 } });
  });

  it("waits for the old keys of a role, unless they are said to be lost", async () => {
    const next = await makeKey(room.keysFolder, "timestamp-new");
    const remove = [await idOf("timestamp")];
    rmSync(join(room.keysFolder, "timestamp.pem"));
    const waiting = await rotateKeys({ ...room, changes: [{ role: "timestamp", add: [next], remove }] });
    expect(waiting).toMatchObject({ kind: "waiting", missing: [{ role: "timestamp", of: "present keys" }] });
    expect(await rotateKeys({ ...room, changes: [{ role: "timestamp", add: [next], remove, isLost: true }] })).toMatchObject({ kind: "published" });
    expect((await room.refresh()).root.version).toBe(2);
  });

  it("bad input: leaves no role without enough keys, and never takes root's keys for lost", async () => {
    const rows = [
      { role: "targets" as const, remove: [await idOf("gate")] },
      { role: "root" as const, threshold: 4 },
      { role: "root" as const, threshold: 0 },
      { role: "self" as const, remove: ["0".repeat(64)] },
      { role: "root" as const, isLost: true },
      { role: "self" as const, isLost: true },
    ];
    for (const change of rows) expect([change.role, await codeOf(() => rotateKeys({ ...room, changes: [change] }))]).toEqual([change.role, "INPUT_INVALID"]);
    expect(await codeOf(() => rotateKeys({ ...room, changes: [{ role: "root" }, { role: "root" }] }))).toBe("INPUT_INVALID");
  });

  it("shows a signer what it changes", async () => {
    const next = await makeKey(room.keysFolder, "gate-2");
    await rotateKeys({ ...room, keysFolder: holder("root-1"), changes: [{ role: "targets", add: [next], threshold: 3 }] });
    const [draft] = (await describeRepository(room)).drafts;
    expect(draft?.changes).toEqual(expect.arrayContaining([`targets: key ${next.keyId} is added`, "targets: 3 must sign, not 2"]));
  });
});
