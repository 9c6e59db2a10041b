import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLedgerKey } from "./ledger-key.ts";
import { renderVerifierKey } from "./tree/note-key.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-key-"));
});
afterEach(() => rmSync(folder, { recursive: true }));
const path = () => join(folder, "keys", "ledger.pem");
const open = (remembered: string | null = null, mayCreate = true) => openLedgerKey({ folder, remembered, mayCreate });

test("the first one is made, is its owner's alone, and is the same ever after", () => {
  const made = open();
  expect(made).toMatchObject({ trouble: null, vkey: expect.stringMatching(/^instar\.local\/[0-9a-f]{16}\+[0-9a-f]{8}\+/) });
  if (process.platform !== "win32") expect([statSync(path()).mode & 0o777, statSync(join(folder, "keys")).mode & 0o777]).toEqual([0o600, 0o700]);
  const again = open(made.vkey);
  expect(again).toMatchObject({ trouble: null, vkey: made.vkey });
  expect(renderVerifierKey(again.signer as never)).toBe(made.vkey);
});

test("who only reads makes none, and verifies by what is remembered", () => {
  expect(open(null, false)).toEqual({ signer: null, verifier: null, trouble: null, vkey: null });
  const { vkey } = open();
  rmSync(path());
  expect(open(vkey, false).verifier).not.toBe(null);
});

test("one that was made before it could be remembered is taken", () => {
  open();
  const pem = readFileSync(path(), "utf8");
  const adopted = open();
  expect(adopted.trouble).toBe(null);
  expect(adopted.signer?.key.export({ type: "pkcs8", format: "pem" })).toBe(pem);
});

const other = () => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
test.each<[string, () => void, RegExp]>([
  ["is missing", () => rmSync(path()), /is missing: put it back from a backup$/],
  ["was swapped", () => writeFileSync(path(), other()), /is not the one that this ledger began with/],
  [
    "is of another kind",
    () => writeFileSync(path(), generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" })),
    /is not a private key in PEM/,
  ],
  ["is nonsense", () => writeFileSync(path(), "-----BEGIN PRIVATE KEY-----\nhello\n"), /is not a private key in PEM/],
  ["is empty", () => writeFileSync(path(), ""), /is not a private key in PEM/],
])("a key that %s signs nothing, is not made anew, and what was signed is verified all the same", (_, damage, trouble) => {
  const { vkey } = open();
  damage();
  const found = open(vkey);
  expect(found).toMatchObject({ signer: null, vkey, trouble: expect.stringMatching(trouble) });
  expect(renderVerifierKey(found.verifier as never)).toBe(vkey);
});

test.skipIf(process.getuid?.() === 0)("a key that may not be read is said so", () => {
  const { vkey } = open();
  chmodSync(path(), 0);
  expect(() => open(vkey)).toThrow(/could not read the ledger's key/);
});
