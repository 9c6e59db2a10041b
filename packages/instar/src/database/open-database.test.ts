import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "./facts.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openDatabase, transact } from "./open-database.ts";

let folder: string;
let path: string;
let database: DatabaseSync | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-database-"));
  path = join(folder, "instar.db");
});
afterEach(() => {
  if (database?.isOpen) database.close();
  rmSync(folder, { recursive: true, force: true });
});
const open = (): DatabaseSync => {
  database = openDatabase(path);
  return database;
};
const pragma = (of: DatabaseSync, name: string) => Object.values(of.prepare(`PRAGMA ${name}`).get() ?? {})[0];

describe("opening the database", () => {
  it("makes one that survives losing power after every transaction", () => {
    const made = open();
    expect({ mode: pragma(made, "journal_mode"), synchronous: pragma(made, "synchronous"), format: pragma(made, "user_version") }).toEqual({
      mode: "wal",
      synchronous: 2,
      format: MIGRATIONS.length,
    });
  });

  it("refuses one of a newer Instar and leaves not a byte changed, not even how it keeps its journal", () => {
    const newer = new DatabaseSync(path);
    newer.exec(`PRAGMA journal_mode = DELETE; CREATE TABLE later (a); PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    newer.close();
    const before = readFileSync(path);
    for (const readOnly of [false, true])
      expect(() => openDatabase(path, { readOnly })).toThrow(
        expect.objectContaining({ code: "DATA_TOO_NEW", facts: { path, found: MIGRATIONS.length + 1, known: MIGRATIONS.length } }),
      );
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(["instar.db"]);
  });

  it("calls one damaged that is none", () => {
    writeFileSync(path, "this is not a database, however long it may be. ".repeat(100));
    expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
  });

  it("lets a reader look while a daemon has it open, and write nothing", () => {
    new Facts(open()).write("seen", true);
    const reader = openDatabase(path, { readOnly: true });
    try {
      expect(new Facts(reader).read("seen")).toBe(true);
      expect(() => new Facts(reader).write("seen", false)).toThrow();
    } finally {
      reader.close();
    }
  });
});

describe("a transaction", () => {
  it("that threw leaves what it wrote undone, and the next one goes on", () => {
    const opened = open();
    const facts = new Facts(opened);
    expect(() =>
      transact(opened, () => {
        facts.write("a", 1);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(facts.read("a")).toBeUndefined();
    expect(transact(opened, () => facts.write("a", 2))).toBeUndefined();
    expect(facts.read("a")).toBe(2);
  });

  it("on a full disk is DISK_FULL and may pass by itself", () => {
    const opened = open();
    opened.exec("PRAGMA max_page_count = 1");
    const facts = new Facts(opened);
    expect(() => transact(opened, () => facts.write("large", "x".repeat(100_000)))).toThrow(expect.objectContaining({ code: "DISK_FULL", transient: true }));
    opened.exec("PRAGMA max_page_count = 1000000");
    transact(opened, () => facts.write("large", "x".repeat(100_000)));
    expect(facts.read<string>("large")).toHaveLength(100_000);
  });
});

describe("a fact", () => {
  it("is replaced whole, and unknown until it was written", () => {
    const facts = new Facts(open());
    expect(facts.read("source")).toBeUndefined();
    facts.write("source", { found: { version: "1.0.0" }, failing: "no" });
    facts.write("source", { found: null });
    expect(facts.read("source")).toEqual({ found: null });
  });
});
