import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { Ledger } from "./ledger.ts";
import { proveEntry } from "./prove-entry.ts";
import { countEntries, readStored } from "./read-ledger.ts";
import { type Retention, retainLedger } from "./retain-ledger.ts";
import { verifyReceipt } from "./tree/tlog-proof.ts";
import { verifyLedger } from "./verify-ledger.ts";

const DAY = 86_400_000;
const KEY = { name: "instar.local/test", key: generateKeyPairSync("ed25519").privateKey };
let folder: string;
let ledger: Ledger;
let database: ReturnType<typeof openDatabase>;
let nowMs = 0;
const files = () => join(folder, "ledger");
const archive = () => join(folder, "elsewhere");
const rules = (parts: Partial<Retention> = {}): Retention => ({
  compressAfterMs: 30 * DAY,
  archive: null,
  moveAfterMs: 90 * DAY,
  keepAtMostBytes: 1e9,
  ...parts,
});
const verify = () => verifyLedger(files(), { expected: ledger.head(), key: KEY });

/** Four bundles, made at day 0, 10, 20 and 30, and a tail. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-retain-"));
  database = openDatabase(join(folder, "instar.db"));
  ledger = new Ledger({ database, folder: files(), now: () => nowMs, key: KEY });
  for (let bundle = 0; bundle <= 4; bundle += 1) {
    nowMs = bundle * 10 * DAY;
    transact(database, () => {
      for (let at = 0; at < (bundle === 4 ? 10 : 256); at += 1)
        ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: `entry ${at} of ${bundle}`, success: true });
    });
    await ledger.drain();
  }
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});
const bundle = (at: number, ending = "") => join(files(), "tile/entries", `00${at}${ending}`);

test("old bundles are compressed in place, young ones and tiles stay, and doing it again does nothing", async () => {
  expect(await retainLedger(files(), 45 * DAY, rules())).toEqual({ compressed: 2, moved: 0 });
  expect([0, 1, 2, 3].map((at) => [existsSync(bundle(at)), existsSync(bundle(at, ".gz"))])).toEqual([
    [false, true],
    [false, true],
    [true, false],
    [true, false],
  ]);
  expect(verify()).toMatchObject({ kind: "intact", length: 1_034, archived: 0 });
  expect([...readStored(files())]).toHaveLength(1_034);
  expect(await retainLedger(files(), 45 * DAY, rules())).toEqual({ compressed: 0, moved: 0 });
});

test("still older ones are moved into the archive; their hashes stand for them, proofs hold, and put back they are read again", async () => {
  const before = proveEntry(files(), 5, KEY);
  expect(await retainLedger(files(), 95 * DAY, rules({ archive: archive() }))).toEqual({ compressed: 4, moved: 1 });
  expect(verify()).toMatchObject({ kind: "intact", length: 1_034, archived: 256 });
  expect(countEntries(files())).toBe(1_034);
  expect(() => proveEntry(files(), 5, KEY)).toThrow("entry 5 lies in the archive");
  expect(verifyReceipt(before.receipt, Buffer.from(before.entry), { origin: KEY.name, keys: [KEY] })).toMatchObject({ kind: "verified" });
  const later = proveEntry(files(), 1_000, KEY);
  expect(verifyReceipt(later.receipt, Buffer.from(later.entry), { origin: KEY.name, keys: [KEY] })).toMatchObject({ kind: "verified" });
  copyFileSync(join(archive(), "tile/entries/000.gz"), bundle(0, ".gz"));
  expect(verify()).toMatchObject({ kind: "intact", archived: 0 });
  expect(proveEntry(files(), 5, KEY).entry).toBe(before.entry);
});

test("what is too much is moved before its time, the oldest first", async () => {
  const { moved } = await retainLedger(
    files(),
    41 * DAY,
    rules({ archive: archive(), keepAtMostBytes: readFileSync(bundle(3)).length + readFileSync(bundle(2)).length }),
  );
  expect(moved).toBe(2);
  expect(existsSync(bundle(2))).toBe(true);
  expect(verify()).toMatchObject({ kind: "intact", archived: 512 });
});

test("the ledger goes on after its oldest entries lie elsewhere", async () => {
  await retainLedger(files(), 95 * DAY, rules({ archive: archive(), moveAfterMs: 0, compressAfterMs: 0 }));
  ledger = new Ledger({ database, folder: files(), now: () => nowMs, key: KEY });
  transact(database, () => ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: "later", success: true }));
  await ledger.drain();
  expect(verify()).toMatchObject({ kind: "intact", length: 1_035, signed: 1_035, archived: 1_024 });
});

test.each([
  ["after it was compressed and before the plain one went", () => cpSync(join(folder, "plain"), bundle(0))],
  ["after it was copied into the archive", () => cpSync(join(folder, "gz"), bundle(0, ".gz"))],
])("a crash %s is tidied up by the next run", async (_, crash) => {
  cpSync(bundle(0), join(folder, "plain"));
  await retainLedger(files(), 45 * DAY, rules());
  cpSync(bundle(0, ".gz"), join(folder, "gz"));
  await retainLedger(files(), 95 * DAY, rules({ archive: archive() }));
  crash();
  expect(verify()).toMatchObject({ kind: "intact", archived: 0 });
  await retainLedger(files(), 95 * DAY, rules({ archive: archive() }));
  expect(["", ".gz", ".archived"].map((ending) => existsSync(bundle(0, ending)))).toEqual([false, false, true]);
  expect(verify()).toMatchObject({ kind: "intact", archived: 256 });
});

test("a compressed bundle that was changed, and one that swells without end, are noticed", async () => {
  await retainLedger(files(), 45 * DAY, rules());
  const bytes = readFileSync(bundle(0, ".gz"));
  writeFileSync(bundle(0, ".gz"), bytes.subarray(0, bytes.length - 9));
  expect(verify()).toMatchObject({ kind: "damaged", because: expect.stringMatching(/^the bundle tile\/entries\/000 cannot be read/) });
  const { gzipSync } = await import("node:zlib");
  writeFileSync(bundle(0, ".gz"), gzipSync(Buffer.alloc(64 * 1_024 ** 2)));
  // It is not unpacked to its end first.
  expect(verify()).toMatchObject({ kind: "damaged", because: expect.stringMatching(/^the bundle tile\/entries\/000 cannot be read: .*larger than/) });
});
