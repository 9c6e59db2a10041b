import { generateKeyPairSync } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parsePublicKey, readKeyFolder } from "./signing-keys.ts";
import { codeOf, makeHolder, makeTrustRoom, type TrustRoom } from "./trust-room.testing.ts";

let room: TrustRoom;
beforeEach(async () => {
  room = await makeTrustRoom();
});
afterEach(() => room.close());

const holder = (...names: string[]) => makeHolder(room, ...names);

describe("keys", () => {
  it("that others may read are not used", async () => {
    chmodSync(join(room.keysFolder, "gate.pem"), 0o644);
    expect(await codeOf(() => room.publish("1.0.0"))).toBe("FORBIDDEN");
  });

  it("bad input: what is no Ed25519 key is refused, and its content is told to nobody", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey.export({ type: "pkcs8", format: "pem" });
    for (const text of ["", "garbage", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n", rsa as string, "x".repeat(40_000)]) {
      const folder = holder();
      writeFileSync(join(folder, "bad.pem"), text, { mode: 0o600 });
      const error = await readKeyFolder(folder).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "INPUT_INVALID" });
      expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain("secret");
    }
    for (const pem of ["", "garbage", readFileSync(join(room.keysFolder, "gate.pem"), "utf8")])
      expect(() => parsePublicKey(pem)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  });
});
