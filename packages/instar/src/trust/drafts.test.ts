import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeRepository } from "./describe-repository.ts";
import { rotateKeys } from "./rotate-keys.ts";
import { discardDraft, signDraft } from "./sign-draft.ts";
import { codeOf, makeHolder, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());

const holder = (...names: string[]) => makeHolder(room, ...names);

describe("a release for which keys are missing", () => {
  it("waits as a draft that nobody sees, until each holder has signed", async () => {
    const waiting = await room.publish("1.0.0", { keysFolder: holder("release", "snapshot", "timestamp") });
    const [gate] = await room.keys("gate");
    expect(waiting).toMatchObject({ kind: "waiting", missing: [{ role: "targets", have: 1, threshold: 2, keyIds: [gate?.keyId] }] });
    const floors = await room.refresh();
    expect(floors.targets.version).toBe(1);
    const view = await describeRepository(room);
    expect(view.drafts).toMatchObject([
      { id: waiting.draft, stale: null, changes: [expect.stringContaining("stable/agent-1.0.0.tgz is added"), expect.stringContaining("version 2")] },
    ]);
    expect(await signDraft({ ...room, draft: waiting.draft, keysFolder: holder("self-1", "self-2") })).toMatchObject({ kind: "waiting" });
    const gated = await signDraft({ ...room, draft: waiting.draft, keysFolder: holder("gate") });
    expect(gated).toMatchObject({ kind: "waiting", missing: [{ role: "snapshot" }, { role: "timestamp" }] });
    expect(await signDraft({ ...room, draft: waiting.draft, keysFolder: holder("snapshot", "timestamp") })).toMatchObject({ kind: "published" });
    expect((await room.refresh(floors)).targets.version).toBe(2);
    expect((await describeRepository(room)).drafts).toEqual([]);
  });

  it("is signed by no key that is not asked for", async () => {
    const { draft } = await room.publish("1.0.0", { keysFolder: holder("release", "root-1", "self-1", "snapshot", "timestamp") });
    const [release] = await room.keys("release");
    const kept = JSON.parse(readFileSync(join(room.folder, "private", "drafts", `${draft}.json`), "utf8"));
    expect(kept.documents.targets.signatures.map(({ keyid }: { keyid: string }) => keyid)).toEqual([release?.keyId]);
  });

  it("signed twice by one holder is signed once", async () => {
    const keysFolder = holder("release", "snapshot", "timestamp");
    const { draft } = await room.publish("1.0.0", { keysFolder });
    expect(await signDraft({ ...room, draft, keysFolder })).toMatchObject({ kind: "waiting", missing: [{ have: 1 }] });
  });

  it("is void once something else was published", async () => {
    const { draft } = await room.publish("1.0.0", { keysFolder: holder("release") });
    await room.publish("1.1.0");
    expect((await describeRepository(room)).drafts).toMatchObject([{ stale: expect.stringContaining("version 1") }]);
    expect(await codeOf(() => signDraft({ ...room, draft }))).toBe("CONFLICT");
    await discardDraft({ ...room, draft });
    expect(await codeOf(() => signDraft({ ...room, draft }))).toBe("NOT_FOUND");
  });

  it("is void once the root changed: its signers may count no more", async () => {
    const { draft } = await room.publish("1.0.0", { keysFolder: holder("release") });
    await rotateKeys({ ...room, changes: [{ role: "root", threshold: 3 }] });
    expect(await codeOf(() => signDraft({ ...room, draft }))).toBe("CONFLICT");
  });

  it("that somebody altered after it was signed has lost its signatures, and shows what it is", async () => {
    const { draft } = await room.publish("1.0.0", { keysFolder: holder("release", "snapshot", "timestamp") });
    const path = join(room.folder, "private", "drafts", `${draft}.json`);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("stable/agent-1.0.0.tgz", "stable/agent-6.6.6.tgz"));
    const view = await describeRepository(room);
    expect(view.drafts).toMatchObject([{ changes: [expect.stringContaining("agent-6.6.6.tgz is added"), expect.anything()], missing: [{ have: 0 }] }]);
    expect(await signDraft({ ...room, draft, keysFolder: holder("gate") })).toMatchObject({ kind: "waiting" });
  });

  it("bad input: drafts that are none are said to be damaged", async () => {
    const { draft } = await room.publish("1.0.0", { keysFolder: holder("release") });
    for (const text of ["", "{", "null", "[]", "{}"]) {
      writeFileSync(join(room.folder, "private", "drafts", `${draft}.json`), text);
      expect(await codeOf(() => signDraft({ ...room, draft }))).toBe("DATA_DAMAGED");
    }
    for (const id of ["", "../lock", "x", "0".repeat(12)]) expect(await codeOf(() => signDraft({ ...room, draft: id }))).toBe("NOT_FOUND");
  });
});
