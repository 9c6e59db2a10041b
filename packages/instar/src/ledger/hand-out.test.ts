import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { run } from "../../../verifier/src/verify.mjs";
import { openDatabase, transact } from "../database/open-database.ts";
import { compareCheckpoint } from "./compare-checkpoint.ts";
import { exportLedger } from "./export-ledger.ts";
import { Ledger } from "./ledger.ts";
import { proveEntry } from "./prove-entry.ts";
import { retainLedger } from "./retain-ledger.ts";
import { renderVerifierKey } from "./tree/note-key.ts";

const DAY_MS = 86_400_000;
const VERIFIER = fileURLToPath(new URL("../../../verifier/src/verify.mjs", import.meta.url));
const KEY = { name: "instar.local/test", key: generateKeyPairSync("ed25519").privateKey };
const VKEY = renderVerifierKey(KEY);
let folder: string;
let database: ReturnType<typeof openDatabase>;
let ledger: Ledger;
let nowMs = 0;
const files = () => join(folder, "ledger");
const say = async (count: number, word = "entry") => {
  transact(database, () => {
    for (let at = 0; at < count; at += 1)
      ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: `${word} ${at}`, success: true });
  });
  await ledger.drain();
};
const open = () => new Ledger({ database, folder: files(), now: () => nowMs, key: KEY });
/** Another history under the same key, of as many entries. */
const writeAnew = async (count: number) => {
  rmSync(files(), { recursive: true });
  database.exec("DELETE FROM ledger_head; DELETE FROM ledger_outbox");
  ledger = open();
  await say(count, "another");
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-hand-out-"));
  database = openDatabase(join(folder, "instar.db"));
  nowMs = 0;
  ledger = open();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

describe("a receipt", () => {
  it("is taken by who shares no code with us, for any entry", async () => {
    await say(300);
    for (const index of [0, 255, 256, 299]) {
      const { entry, receipt } = proveEntry(files(), index, KEY);
      writeFileSync(join(folder, "entry"), entry);
      writeFileSync(join(folder, "receipt"), receipt);
      expect(run(["proof", join(folder, "receipt"), join(folder, "entry"), "--key", VKEY])).toMatchObject({ status: 0 });
    }
  });

  it("is not given out for an entry that was edited", async () => {
    await say(20);
    const path = join(files(), "00000000.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace("entry 7", "entry x"));
    expect(() => proveEntry(files(), 7, KEY)).toThrow(/entry 7 is not the one that was signed/);
  });

  it("is not given out for one that is not there, and not before anything is signed", async () => {
    expect(() => proveEntry(files(), 0, KEY)).toThrow("the ledger has no signed checkpoint yet");
    await say(3);
    expect(() => proveEntry(files(), 3, KEY)).toThrow("entry 3 is not among the 3 that are signed");
  });
});

describe("a checkpoint that was kept", () => {
  const kept = () => readFileSync(join(files(), "checkpoint"), "utf8");

  it("is a beginning of what is there, with the proof", async () => {
    await say(100);
    const older = kept();
    await say(400);
    expect(compareCheckpoint(files(), older, KEY)).toMatchObject({ older: 100, size: 500 });
    expect(compareCheckpoint(files(), older, KEY).proof.length).toBeGreaterThan(0);
    expect(compareCheckpoint(files(), kept(), KEY)).toMatchObject({ older: 500, size: 500 });
    // Somebody else may have seen any tree in between.
    expect(compareCheckpoint(files(), older, KEY, 300)).toMatchObject({ older: 100, size: 300 });
    expect(compareCheckpoint(files(), older, KEY, 100)).toMatchObject({ older: 100, size: 100, proof: [] });
    for (const size of [99, 501]) expect(() => compareCheckpoint(files(), older, KEY, size)).toThrow("is not between the 100 of then and the 500");
  });

  it("shows that the ledger was put back", async () => {
    await say(100);
    const newer = kept();
    await writeAnew(50);
    expect(() => compareCheckpoint(files(), newer, KEY)).toThrow("the ledger was put back: 100 entries were signed once, and now 50 are");
  });

  it("shows that history was written anew, though it is longer and well signed", async () => {
    await say(100);
    const older = kept();
    await writeAnew(150);
    expect(() => compareCheckpoint(files(), older, KEY)).toThrow("the first 100 entries are not those that were signed then");
  });

  it.each([
    ["of another log", () => "other\n1\nAAAA\n"],
    ["of nonsense", () => "hello"],
    ["whose size was changed", () => kept().replace(/^100$/m, "99")],
  ])("%s is none", async (_, forge) => {
    await say(100);
    expect(() => compareCheckpoint(files(), forge(), KEY)).toThrow(/it is no checkpoint of this ledger/);
  });
});

describe("an export", () => {
  const hand = (parts: { from?: string; until?: string } = {}) =>
    exportLedger({
      folder: files(),
      to: join(folder, "out"),
      key: KEY,
      from: parts.from ?? null,
      until: parts.until ?? null,
      madeAt: "2026-01-02T00:00:00.000Z",
      verifier: VERIFIER,
    });
  const verify = (...args: string[]) => run([join(folder, "out"), "--key", VKEY, "--json", ...args]);

  it.each([1, 255, 256, 257, 1_000])("of %i entries is verified by who shares no code with us", async (size) => {
    await say(size);
    expect(await hand()).toMatchObject({ size, shown: size, withheld: 0 });
    expect(existsSync(join(folder, "out", "verify.mjs"))).toBe(true);
    expect(verify()).toMatchObject({ status: 0 });
    expect(JSON.parse(verify().text)).toMatchObject({ verified: true, size, shown: size, withheld: 0 });
  });

  it("goes on from an older checkpoint", async () => {
    await say(300);
    copyFileSync(join(files(), "checkpoint"), join(folder, "older"));
    await say(300);
    await hand();
    expect(verify("--since", join(folder, "older"))).toMatchObject({ status: 0 });
  });

  it("of a period withholds what is outside, whole bundles of it, and is verified all the same", async () => {
    for (let day = 0; day < 4; day += 1) {
      nowMs = day * DAY_MS;
      await say(256);
    }
    expect(await hand({ from: "1970-01-02T00:00:00.000Z", until: "1970-01-03T00:00:00.000Z" })).toMatchObject({ size: 1_024, shown: 256, withheld: 768 });
    expect(JSON.parse(verify().text)).toMatchObject({ verified: true, shown: 256, withheld: 768 });
  });

  it("of what lies compressed, or in an archive, is verified too", async () => {
    await say(600);
    nowMs = 200 * DAY_MS;
    await say(300);
    await retainLedger(files(), nowMs, { compressAfterMs: 30 * DAY_MS, archive: join(folder, "archive"), moveAfterMs: 90 * DAY_MS, keepAtMostBytes: 1e9 });
    expect(await hand()).toMatchObject({ size: 900, shown: 388, withheld: 512 });
    expect(JSON.parse(verify().text)).toMatchObject({ verified: true, shown: 388 });
  });

  it("is not written over what is there", async () => {
    await say(3);
    await hand();
    await expect(hand()).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("is there already") });
  });
});

test("what is read while something is being written waits until it is", async () => {
  await say(10);
  transact(database, () => ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: "last", success: true }));
  void ledger.drain();
  expect(await ledger.quietly(async () => readFileSync(join(files(), "00000000.jsonl"), "utf8").trimEnd().split("\n").length)).toBe(11);
});
