import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { Ledger } from "./ledger.ts";
import { renderEntry } from "./ledger-entry.ts";
import { readLedgerFiles } from "./read-ledger-files.testing.ts";
import { verifyLedger } from "./verify-ledger.ts";

let folder: string;
let ledger: Ledger;
let database: ReturnType<typeof openDatabase>;
const files = () => join(folder, "ledger");
const say = (description: string) =>
  transact(database, () => ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description, success: true }));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-ledger-"));
  database = openDatabase(join(folder, "instar.db"));
  ledger = new Ledger({ database, folder: files(), now: () => 0, key: null });
  for (const word of ["one", "two", "three"]) say(word);
  await ledger.drain();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

describe("the ledger", () => {
  it("is canonical JSON: keys in order, no spaces, whatever order they were given in (RFC 8785)", () => {
    const line = renderEntry({
      success: true,
      previous: "p",
      index: 0,
      at: "t",
      event: "UPDATE_DETECTED",
      description: "\u20ac\n",
      actor: { type: "user", id: "a" },
      details: { b: 1e21, a: 0.1 },
    });
    expect(line).toBe(
      '{"actor":{"id":"a","type":"user"},"at":"t","description":"€\\n","details":{"a":0.1,"b":1e+21},"event":"UPDATE_DETECTED","index":0,"previous":"p","success":true}',
    );
  });

  it("verifies what it wrote, and shows it in order", () => {
    expect(verifyLedger(files(), { expected: ledger.head() })).toMatchObject({
      kind: "intact",
      length: 3,
      head: ledger.head().hash,
      signed: null,
      archived: 0,
    });
    expect(readLedgerFiles(files()).map((entry) => entry.description)).toEqual(["one", "two", "three"]);
  });

  it("holds nothing of a transaction that did not happen", async () => {
    expect(() =>
      transact(database, () => {
        ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: "lost", success: true });
        throw new Error("no");
      }),
    ).toThrow("no");
    await ledger.drain();
    expect(verifyLedger(files(), { expected: ledger.head() })).toMatchObject({ kind: "intact", length: 3 });
  });

  it("is repaired by the next drain when a crash tore the last line", async () => {
    say("four");
    appendFileSync(join(files(), "00000000.jsonl"), '{"actor":{"id":"te');
    expect(verifyLedger(files(), { expected: ledger.head(), pending: pending() })).toMatchObject({ kind: "intact", length: 4 });
    await ledger.drain();
    expect(verifyLedger(files(), { expected: ledger.head() })).toMatchObject({ kind: "intact", length: 4 });
  });

  it("is not written twice when a crash came between the file and the outbox", async () => {
    const entry = say("four");
    appendFileSync(join(files(), "00000000.jsonl"), `${renderEntry(entry)}\n`);
    await ledger.drain();
    expect(verifyLedger(files(), { expected: ledger.head() })).toMatchObject({ kind: "intact", length: 4 });
  });

  it("takes words of any length from outside, cut and named by their digest, and lone halves of letters", async () => {
    const details = { subject: "x".repeat(5_000_000), many: Array.from({ length: 5_000 }, (_, index) => `file ${index} ${"y".repeat(90)}`), half: "\ud800" };
    transact(database, () =>
      ledger.append({ event: "UPDATE_DETECTED", actor: { type: "system", id: "test" }, description: "z".repeat(70_000), success: true, details }),
    );
    await ledger.drain();
    expect(verifyLedger(files(), { expected: ledger.head() })).toMatchObject({ kind: "intact", length: 4 });
    const entry = readLedgerFiles(files()).at(-1);
    expect(entry?.description).toMatch(/^z{1000}… \(70000 characters, sha256:[0-9a-f]{64}\)$/);
    expect(entry?.details).toEqual({ omitted: expect.stringMatching(/^sha256:/) });
  });

  const path = () => join(files(), "00000000.jsonl");
  const lines = () => readFileSync(path(), "utf8").trimEnd().split("\n");
  for (const [fault, damage, index] of [
    ["an edited entry", () => writeFileSync(path(), readFileSync(path(), "utf8").replace('"two"', '"zwo"')), 2],
    ["an edited newest entry", () => writeFileSync(path(), readFileSync(path(), "utf8").replace('"three"', '"drei"')), 2],
    ["two entries that changed places", () => writeFileSync(path(), `${[lines()[0], lines()[2], lines()[1]].join("\n")}\n`), 1],
    ["a duplicated entry", () => writeFileSync(path(), `${[...lines(), lines()[2]].join("\n")}\n`), 3],
    ["a removed entry", () => writeFileSync(path(), `${[lines()[0], lines()[2]].join("\n")}\n`), 1],
    ["a cut tail", () => writeFileSync(path(), `${lines().slice(0, 2).join("\n")}\n`), 2],
    ["a torn line that no outbox holds", () => truncateSync(path(), readFileSync(path()).length - 5), 2],
    ["a file that is gone", () => rmSync(path()), 0],
  ] as const)
    it(`notices ${fault}`, () => {
      damage();
      expect(verifyLedger(files(), { expected: ledger.head() })).toMatchObject({ kind: "damaged", index });
    });

  it("notices yesterday's database beside today's ledger", async () => {
    const yesterday = ledger.head();
    say("four");
    await ledger.drain();
    expect(verifyLedger(files(), { expected: yesterday })).toMatchObject({ kind: "damaged", because: expect.stringContaining("older than the ledger") });
  });

  const pending = () => (database.prepare("SELECT line FROM ledger_outbox ORDER BY idx").all() as { line: string }[]).map((row) => row.line);
});
