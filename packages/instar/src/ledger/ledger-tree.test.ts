import { generateKeyPairSync } from "node:crypto";
import { appendFileSync, copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { Ledger } from "./ledger.ts";
import { hashLine } from "./ledger-entry.ts";
import { tileReader } from "./log-folder.ts";
import { readEntries, readNewestFirst, readStored } from "./read-ledger.ts";
import { openCheckpoint } from "./tree/checkpoint.ts";
import { rootOf } from "./tree/hash-range.ts";
import { hashLeaf, openFrontier } from "./tree/hash-tree.ts";
import type { NoteKey } from "./tree/note-key.ts";
import { decodeBundle } from "./tree/tile.ts";
import { verifyLedger, verifyLedgerInTurns } from "./verify-ledger.ts";

const key = (name = "instar.local/test"): NoteKey => ({ name, key: generateKeyPairSync("ed25519").privateKey });
const KEY = key();
let folder: string;
let database: ReturnType<typeof openDatabase>;
let ledger: Ledger;
const files = () => join(folder, "ledger");
const open = (signer: NoteKey | null = KEY) => new Ledger({ database, folder: files(), now: () => 0, key: signer });
const say = (count: number, word = "entry") =>
  transact(database, () => {
    for (let at = 0; at < count; at += 1)
      ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: `${word} ${at}`, success: true });
  });
const verify = (more = {}) => verifyLedger(files(), { expected: ledger.head(), key: KEY, ...more });
const tails = () => readdirSync(files()).filter((name) => name.endsWith(".jsonl"));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-tree-"));
  database = openDatabase(join(folder, "instar.db"));
  ledger = open();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

describe("entries as leaves of a tree", () => {
  it("are signed with each write, and the root is that of what is there", async () => {
    for (const count of [1, 2, 300, 511, 1]) {
      say(count);
      await ledger.drain();
      const opened = openCheckpoint(readFileSync(join(files(), "checkpoint")), { origin: KEY.name, keys: [KEY] });
      const frontier = openFrontier();
      for (const { bytes } of readStored(files())) frontier.append(hashLeaf(bytes));
      expect(opened).toMatchObject({ kind: "verified", checkpoint: { size: ledger.head().length, root: frontier.root() } });
      expect(verify()).toMatchObject({ kind: "intact", length: ledger.head().length, signed: ledger.head().length });
    }
  });

  it("lie in bundles of 256 as they come, with their tile, and the rest where it can be appended to", async () => {
    say(200);
    await ledger.drain();
    say(100);
    await ledger.drain();
    expect(decodeBundle(readFileSync(join(files(), "tile/entries/000")), 256)).toHaveLength(256);
    expect(readFileSync(join(files(), "tile/0/000"))).toHaveLength(256 * 32);
    expect(tails()).toEqual(["00000001.jsonl"]);
    expect([...readStored(files(), 250)].map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, at) => 250 + at));
  });

  it("go on where a ledger of before had them: thousands of lines in one file become bundles", async () => {
    const other = new Ledger({ database, folder: join(folder, "aside"), now: () => 0, key: null });
    transact(database, () => {
      for (let at = 0; at < 600; at += 1) other.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "t" }, description: `${at}`, success: true });
    });
    const lines = (database.prepare("SELECT line FROM ledger_outbox ORDER BY idx").all() as { line: string }[]).map(({ line }) => `${line}\n`);
    await ledger.drain();
    rmSync(files(), { recursive: true });
    cpSync(join(folder, "instar.db"), join(folder, "copy.db"));
    const { mkdirSync } = await import("node:fs");
    mkdirSync(files());
    writeFileSync(join(files(), "00000000.jsonl"), lines.join(""));
    ledger = open();
    await ledger.drain();
    expect(tails()).toEqual(["00000002.jsonl"]);
    expect(verify()).toMatchObject({ kind: "intact", length: 600, signed: 600 });
  });

  it("of a ledger that is opened again go on with the same tree", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 5 }), async (counts) => {
        for (const count of counts) {
          ledger = open();
          say(count);
          await ledger.drain();
        }
        expect(verify()).toMatchObject({ kind: "intact", length: ledger.head().length });
      }),
      { numRuns: 10 },
    ));
});

it("takes what is appended while it looks at the files for nothing strange", async () => {
  say(300);
  await ledger.drain();
  for (let turn = 0; turn < 30; turn += 1) {
    // Opened anew each time, so that it looks at the files, and written to at every moment of it.
    ledger = open();
    let isOver = false;
    const append = (): void => {
      say(1);
      if (!isOver) setImmediate(append);
    };
    append();
    await ledger.drain().finally(() => {
      isOver = true;
    });
    expect(ledger.trouble).toBe(null);
    await new Promise(setImmediate);
  }
  await ledger.drain();
  expect(verify()).toMatchObject({ kind: "intact", length: ledger.head().length });
});

/** A crash leaves what the file system had: some of the writes, in their order. */
describe("a crash", () => {
  beforeEach(async () => {
    say(250);
    await ledger.drain();
    cpSync(files(), join(folder, "before"), { recursive: true });
    cpSync(join(folder, "instar.db"), join(folder, "before.db"));
    say(20);
  });
  const rows = () => database.prepare("SELECT * FROM ledger_outbox ORDER BY idx").all();

  it.each([
    ["after the first tile", ["tile/0/000"]],
    ["after the bundle", ["tile/0/000", "tile/entries/000"]],
    ["after the new tail", ["tile/0/000", "tile/entries/000", "00000001.jsonl"]],
    ["after the old tail was removed", ["tile/0/000", "tile/entries/000", "00000001.jsonl", "-00000000.jsonl"]],
    ["after the checkpoint", ["tile/0/000", "tile/entries/000", "00000001.jsonl", "-00000000.jsonl", "checkpoint"]],
  ])("%s is gone on from, with nothing lost and nothing twice", async (_, done) => {
    const waiting = rows() as { idx: number; line: string }[];
    await ledger.drain();
    cpSync(files(), join(folder, "after"), { recursive: true });
    rmSync(files(), { recursive: true });
    cpSync(join(folder, "before"), files(), { recursive: true });
    for (const name of done)
      if (name.startsWith("-")) rmSync(join(files(), name.slice(1)));
      else cpSync(join(folder, "after", name), join(files(), name), { recursive: true });
    for (const { idx, line } of waiting) database.prepare("INSERT INTO ledger_outbox VALUES (?, ?)").run(idx, line);
    ledger = open();
    expect(verifyLedger(files(), { expected: ledger.head(), pending: waiting.map(({ line }) => line), key: KEY })).toMatchObject({
      kind: "intact",
      length: 270,
    });
    await ledger.drain();
    expect(verify()).toMatchObject({ kind: "intact", length: 270, signed: 270 });
    expect(tails()).toEqual(["00000001.jsonl"]);
  });
});

describe("notices", () => {
  beforeEach(async () => {
    say(600);
    await ledger.drain();
  });
  const flip = (name: string, at: number) => {
    const bytes = readFileSync(join(files(), name));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(join(files(), name), bytes);
  };
  const rewritten = async (signer: NoteKey | null) => {
    // Another history of the same length, whose chain is sound.
    rmSync(files(), { recursive: true });
    database.exec("DELETE FROM ledger_head; DELETE FROM ledger_outbox");
    ledger = open(signer);
    say(600, "another");
    await ledger.drain();
  };
  const FAULTS: readonly (readonly [string, () => void | Promise<void>, RegExp])[] = [
    [
      "an edited bundle",
      () => flip("tile/entries/000", 300),
      /entry \d+ (is not JSON|does not follow|says that)|bundle .* cannot be read|not that of its entries/,
    ],
    ["an edited tile", () => flip("tile/0/001", 5), /the tile tile\/0\/001 is not that of its entries/],
    [
      "a truncated bundle",
      () => writeFileSync(join(files(), "tile/entries/001"), readFileSync(join(files(), "tile/entries/001")).subarray(0, -3)),
      /the bundle ends within entry/,
    ],
    ["a truncated tile", () => writeFileSync(join(files(), "tile/0/000"), Buffer.alloc(0)), /the tile tile\/0\/000 is not that of its entries/],
    [
      "bundles that changed places",
      () => {
        renameSync(join(files(), "tile/entries/000"), join(folder, "aside"));
        renameSync(join(files(), "tile/entries/001"), join(files(), "tile/entries/000"));
        renameSync(join(folder, "aside"), join(files(), "tile/entries/001"));
      },
      /entry 0 says that it is entry 256/,
    ],
    ["a duplicated bundle", () => copyFileSync(join(files(), "tile/entries/000"), join(files(), "tile/entries/001")), /entry 256 says that it is entry 0/],
    ["a bundle that is gone", () => rmSync(join(files(), "tile/entries/000")), /entry 0 says that it is entry 512/],
    ["a tile that is gone", () => rmSync(join(files(), "tile/0/001")), /the tile tile\/0\/001 is missing/],
    ["a tail that is gone", () => rmSync(join(files(), "00000002.jsonl")), /the files end at entry 512, and 600 were signed/],
    ["a checkpoint that is gone", () => rmSync(join(files(), "checkpoint")), /the signed checkpoint is missing/],
    ["a checkpoint of nonsense", () => writeFileSync(join(files(), "checkpoint"), "all is well\n"), /the checkpoint is not this ledger's/],
    [
      "a checkpoint with another signature",
      () => flip("checkpoint", readFileSync(join(files(), "checkpoint")).length - 10),
      /the checkpoint is not this ledger's/,
    ],
    ["a history written anew and signed by another key", () => rewritten(key()), /the checkpoint is not this ledger's/],
    [
      "a history written anew, under the signature of before",
      async () => {
        copyFileSync(join(files(), "checkpoint"), join(folder, "checkpoint"));
        await rewritten(null);
        copyFileSync(join(folder, "checkpoint"), join(files(), "checkpoint"));
      },
      /the entries are not those that were signed/,
    ],
    [
      "entries after the newest",
      () => appendFileSync(join(files(), "00000002.jsonl"), `{"index":600,"previous":"${ledger.head().hash}"}\n`),
      /the database knows only 600: it is older than the ledger/,
    ],
  ];
  for (const [fault, damage, because] of FAULTS)
    it(fault, async () => {
      await damage();
      expect(verify()).toMatchObject({ kind: "damaged", because: expect.stringMatching(because) });
    });

  it("files of yesterday while newer entries wait in the outbox", async () => {
    cpSync(files(), join(folder, "yesterday"), { recursive: true });
    say(20);
    await ledger.drain();
    say(1);
    rmSync(files(), { recursive: true });
    cpSync(join(folder, "yesterday"), files(), { recursive: true });
    const pending = (database.prepare("SELECT line FROM ledger_outbox").all() as { line: string }[]).map(({ line }) => line);
    expect(verify({ pending })).toMatchObject({
      kind: "damaged",
      because: "the files end at entry 600, and the database goes on with entry 620: they were cut, or put back",
    });
  });

  it("T36: a checkpoint of another log with the same key", async () => {
    const other = { ...KEY, name: "instar.local/other" };
    await rewritten(other);
    expect(verify()).toMatchObject({ kind: "damaged", because: expect.stringMatching(/the checkpoint is not this ledger's/) });
  });
});

describe("is not written to, and says why, where the files are not those that the database wrote:", () => {
  beforeEach(async () => {
    say(256);
    await ledger.drain();
    cpSync(files(), join(folder, "yesterday"), { recursive: true });
    say(44, "later");
    await ledger.drain();
    say(3);
  });
  const STRANGE: readonly (readonly [string, () => void, RegExp])[] = [
    [
      "files that were put back",
      () => {
        rmSync(join(files(), "00000001.jsonl"));
      },
      /the files end at entry 256, the database knows 300/,
    ],
    [
      "a newest entry that was edited",
      () => {
        const path = join(files(), "00000001.jsonl");
        writeFileSync(path, readFileSync(path, "utf8").replace(/later 43/, "later xx"));
      },
      /the newest entry in the files is not the one that the database wrote/,
    ],
    [
      "an older entry that was edited together with its tile",
      () => {
        const path = join(files(), "00000001.jsonl");
        writeFileSync(path, readFileSync(path, "utf8").replace(/later 5"/, `later y"`));
      },
      /the entries are not those that were signed/,
    ],
    ["a database of yesterday", () => database.exec("DELETE FROM ledger_outbox; UPDATE ledger_head SET length = 200"), /it is older than the ledger/],
    [
      "files and database of yesterday beside today's checkpoint",
      () => {
        copyFileSync(join(files(), "checkpoint"), join(folder, "today"));
        rmSync(files(), { recursive: true });
        cpSync(join(folder, "yesterday"), files(), { recursive: true });
        database.exec("DELETE FROM ledger_outbox");
        database.prepare("UPDATE ledger_head SET length = 256, hash = ?").run(hashLine(readStored(files(), 255).next().value?.bytes ?? ""));
        copyFileSync(join(folder, "today"), join(files(), "checkpoint"));
      },
      /the files end at entry 256, and 300 were signed: they were put back/,
    ],
    ["a checkpoint of another log", () => writeFileSync(join(files(), "checkpoint"), "other\n1\nAAAA\n"), /the checkpoint is not this ledger's/],
  ];
  for (const [what, damage, because] of STRANGE)
    it(what, async () => {
      damage();
      ledger = open();
      const before = readdirSync(files(), { recursive: true }).length;
      await expect(ledger.drain()).rejects.toMatchObject({ code: "LEDGER_DAMAGED", message: expect.stringMatching(because) });
      expect(ledger.trouble).toMatch(because);
      expect(readdirSync(files(), { recursive: true })).toHaveLength(before);
      // What happens meanwhile is not lost.
      say(1);
      await expect(ledger.drain()).rejects.toMatchObject({ code: "LEDGER_DAMAGED" });
    });
});

describe("reading piece by piece", () => {
  it("says what reading at once says", async () => {
    say(3_000);
    await ledger.drain();
    const question = { expected: ledger.head(), key: KEY };
    expect(await verifyLedgerInTurns(files(), question)).toEqual(verifyLedger(files(), question));
    writeFileSync(join(files(), "tile/entries/007"), readFileSync(join(files(), "tile/entries/006")));
    expect(await verifyLedgerInTurns(files(), question)).toEqual(verifyLedger(files(), question));
    expect(await verifyLedgerInTurns(files(), question)).toMatchObject({ kind: "damaged" });
  });

  it("gives others their turn, and meets nothing that is written meanwhile", async () => {
    say(3_000);
    await ledger.drain();
    let turns = 0;
    let isOver = false;
    const expected = ledger.head();
    const verified = ledger.quietly(async () => {
      const found = await verifyLedgerInTurns(files(), { expected, key: KEY });
      isOver = true;
      return found;
    });
    say(300);
    const drained = ledger.drain().then(() => expect(isOver).toBe(true));
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    count();
    expect(await verified).toMatchObject({ kind: "intact", length: 3_000 });
    await drained;
    expect(turns).toBeGreaterThan(2);
    expect(verify()).toMatchObject({ kind: "intact", length: 3_300 });
  });

  it("lets the next one write also where it failed", async () => {
    say(1);
    await expect(ledger.quietly(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await ledger.drain();
    expect(verify()).toMatchObject({ kind: "intact", length: 1 });
  });

  it("gives the newest first, and all of them in order", async () => {
    say(700);
    await ledger.drain();
    const newest: number[] = [];
    for await (const { index } of readNewestFirst(files(), 600)) newest.push(index);
    expect(newest).toEqual(Array.from({ length: 600 }, (_, at) => 599 - at));
    const all: number[] = [];
    for await (const { index } of readEntries(files())) all.push(index);
    expect(all).toEqual(Array.from({ length: 700 }, (_, at) => at));
  });
});

test("the hashes of partial tiles, which are not on disk, are those of a tree of that size", async () => {
  say(900);
  await ledger.drain();
  const lines = [...readStored(files(), 768)].map(({ bytes }) => bytes);
  const frontier = openFrontier();
  for (const { bytes } of readStored(files())) frontier.append(hashLeaf(bytes));
  expect(rootOf(900, tileReader(files(), { bundles: 3, lines }))).toEqual(frontier.root());
  expect(existsSync(join(files(), "tile/1"))).toBe(false);
});
