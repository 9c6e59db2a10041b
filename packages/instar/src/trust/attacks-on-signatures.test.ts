import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeAttackTools, takeOver } from "./attack-tools.testing.ts";
import type { RootBody, TargetsBody } from "./metadata-bodies.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { renderDocument } from "./signed-document.ts";
import { makeKey } from "./signing-keys.ts";
import { forge, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());
const { expectRefused, publishAltered, newestRoot } = makeAttackTools(() => room);

describe("who signed", () => {
  it("T02: targets signed by somebody else are refused", async () => {
    await room.refresh();
    await makeKey(room.keysFolder, "mallory");
    await forge(room, { targets: (targets) => targets, targetsSigners: ["mallory"] });
    await expectRefused("unsigned", () => room.refresh());
  });

  it.each(["targets", "self", "snapshot", "timestamp"] as const)("T02: %s without a signature is refused", async (role) => {
    await room.refresh();
    await forge(room, { targets: (targets) => targets, self: (self) => self, [`${role}Signers`]: [] });
    await expectRefused("unsigned", () => room.refresh());
  });

  it.each(["targets", "self"] as const)("T03: %s below its threshold is refused", async (role) => {
    await room.refresh();
    await forge(room, { [role]: (body: TargetsBody) => body, [`${role}Signers`]: [role === "self" ? "self-1" : "release"] });
    await expectRefused("unsigned", () => room.refresh());
  });

  it("T03: a root below its threshold is refused", async () => {
    await room.refresh();
    await forge(room, { root: (root) => root, rootSigners: ["root-1"] });
    await expectRefused("unsigned", () => room.refresh());
  });

  it("T04: one signature written twice counts for nothing", async () => {
    await room.refresh();
    await forge(room, { targets: (targets) => targets, targetsSigners: ["release"] });
    const document = room.read("2.targets.json");
    const doubled = renderDocument({ ...document, signatures: [...document.signatures, ...document.signatures] });
    await publishAltered("2.targets.json", doubled);
    await expectRefused(/unsigned|malformed/, () => room.refresh());
  });

  it("T04: one key under two ids is refused, even where the keepers of root agreed", async () => {
    await room.refresh();
    const [release] = await room.keys("release");
    if (release === undefined) throw new Error("no key");
    const alias = "a".repeat(64);
    await forge(room, {
      root: (root) => ({
        ...root,
        keys: { ...root.keys, [alias]: release.publicKey },
        roles: { ...root.roles, targets: { keyids: [release.keyId, alias], threshold: 2 } },
      }),
      targets: (targets) => targets,
      targetsSigners: ["release"],
    });
    const document = room.read("2.targets.json");
    const [signature] = document.signatures;
    if (signature === undefined) throw new Error("no signature");
    await publishAltered("2.targets.json", renderDocument({ ...document, signatures: [signature, { ...signature, keyid: alias }] }));
    await expectRefused("layout", () => room.refresh());
  });

  it("T15: a root that only strangers signed is refused", async () => {
    await room.refresh();
    const mallory = await makeKey(room.keysFolder, "mallory");
    await forge(room, { root: (root) => takeOver(root, mallory), rootSigners: ["mallory"] });
    await expectRefused("unsigned", () => room.refresh());
  });

  it("T15: a root that the old keys signed and the new ones did not is refused", async () => {
    await room.refresh();
    const mallory = await makeKey(room.keysFolder, "mallory");
    await forge(room, { root: (root) => takeOver(root, mallory), rootSigners: ["root-1", "root-2"] });
    await expectRefused("unsigned", () => room.refresh());
  });

  it("T16: a root that skips a version is refused, and one behind a gap is not looked for", async () => {
    await room.refresh();
    await forge(room, { root: (root) => ({ ...root, version: 3 }) });
    const { root } = await room
      .open()
      .refresh()
      .then(({ floors }) => floors);
    expect(root.version).toBe(1);
    room.answers.set("metadata/2.root.json", readFileSync(join(room.folder, "metadata/3.root.json")));
    await expectRefused("older", () => room.refresh());
  });

  it("T17: a legitimate rotation is followed, also by a client that slept through several", async () => {
    const floors = await room.refresh();
    for (const name of ["root-4", "root-5", "root-6"]) {
      const next = await makeKey(room.keysFolder, name);
      const old = room.read<RootBody>(`${newestRoot().version}.root.json`).signed.roles.root.keyids[0] ?? "";
      const rotated = await rotateKeys({ ...room, changes: [{ role: "root", add: [next], remove: [old] }] });
      expect(rotated.kind).toBe("published");
    }
    expect((await room.refresh(floors)).root.version).toBe(4);
  });

  it("T18: a key that was rotated away signs nothing any more", async () => {
    const floors = await room.refresh();
    const [old] = await room.keys("timestamp");
    const next = await makeKey(room.keysFolder, "timestamp-2");
    await rotateKeys({ ...room, changes: [{ role: "timestamp", add: [next], remove: [old?.keyId ?? ""] }] });
    const seen = await room.refresh(floors);
    await forge(room, { timestampSigners: ["timestamp"] });
    await expectRefused("unsigned", () => room.refresh(seen));
  });
});
