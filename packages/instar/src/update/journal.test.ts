import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MIGRATIONS } from "../database/migrations.ts";
import { openDatabase } from "../database/open-database.ts";
import type { LedgerStatement } from "../ledger/ledger-entry.ts";
import { Journal, takeEpoch } from "./journal.ts";
import type { EntryBody, UpdateId } from "./journal-entry.ts";
import { type OpenJournal, openJournal } from "./open-journal.testing.ts";
import { applied, applying, ended, START, STEPS } from "./tell-journal.testing.ts";

const UPDATE = "update-1" as UpdateId;
const started: EntryBody = { kind: "started", steps: STEPS, start: START };
const statement: LedgerStatement = { event: "UPDATE_STARTED", actor: { type: "system", id: "daemon" }, description: "it began", success: true };

let open: OpenJournal;
beforeEach(() => {
  open = openJournal();
});
afterEach(() => open.close());

const append = (body: EntryBody, parts: Partial<Parameters<Journal["append"]>[0]> = {}) =>
  open.journal.append({ update: UPDATE, attempt: 0, body, ledger: [], ...parts });

describe("the journal", () => {
  it("gives back what was written, in order, each update for itself", () => {
    const other = "update-2" as UpdateId;
    const written = [
      append(started),
      append(applying("fetch"), { attempt: 1 }),
      append(applied("fetch", { commit: "c1", nested: { list: [1, null] } }), { attempt: 1 }),
    ];
    append(started, { update: other });
    expect(open.journal.read(UPDATE)).toEqual(written);
    expect(written.map((entry) => entry.seq)).toEqual([0, 1, 2]);
    expect(open.journal.list()).toEqual([UPDATE, other]);
  });

  it("lists what has not ended, oldest first", () => {
    append(started);
    append(started, { update: "update-2" as UpdateId });
    append(ended("refused"));
    expect(open.journal.unfinished()).toEqual(["update-2"]);
    expect(open.journal.list()).toEqual([UPDATE, "update-2"]);
  });

  it("remembers nothing of what a transaction took back, whose number goes to another", () => {
    const [lost, kept] = ["update-2" as UpdateId, "update-3" as UpdateId];
    const count = (entries: readonly { update: string }[]) => entries.length;
    append(started);
    expect(open.journal.list()).toEqual([UPDATE]);
    const tooLate = () => {
      expect(open.journal.list()).toEqual([UPDATE, lost]);
      expect(open.journal.unfinished()).toEqual([UPDATE, lost]);
      expect(open.journal.foldEach(count)).toEqual([1, 1]);
      throw new Error("the disk is full");
    };
    expect(() => append(started, { update: lost, also: tooLate })).toThrow("the disk is full");
    expect(open.journal.list()).toEqual([UPDATE]);
    append(started, { update: kept });
    expect(open.journal.list()).toEqual([UPDATE, kept]);
    expect(open.journal.unfinished()).toEqual([UPDATE, kept]);
    append(ended("refused"));
    expect(open.journal.unfinished()).toEqual([kept]);
  });

  it("is folded once where it has ended, and anew while it is open", () => {
    const other = "update-2" as UpdateId;
    const folded: string[] = [];
    const count = (entries: readonly { update: string }[]) => folded.push(entries[0]?.update ?? "") && entries.length;
    append(started);
    append(started, { update: other });
    append(ended("refused"));
    expect(open.journal.foldEach(count)).toEqual([2, 1]);
    append(applying("fetch"), { update: other });
    expect(open.journal.foldEach(count)).toEqual([2, 2]);
    expect(folded).toEqual([UPDATE, other, other]);
    expect(open.journal.foldEach((entries) => entries.length * 10)).toEqual([20, 20]);
  });

  it("is paged from the newest on, by outcome and by how a version or commit begins", () => {
    const names = ["a", "b", "c", "d", "e"].map((name) => `update-${name}` as UpdateId);
    for (const [at, update] of names.entries())
      append({ kind: "started", steps: STEPS, start: { ...START, versionTo: `1.${at}.0`, commit: `${at}abc` } }, { update });
    append(ended("committed"), { update: "update-a" as UpdateId });
    append(ended("refused"), { update: "update-c" as UpdateId });
    append(ended("committed"), { update: "update-d" as UpdateId });
    const page = (question: Partial<Parameters<Journal["page"]>[0]>) => open.journal.page({ limit: 10, ...question });
    expect(page({ limit: 2 })).toEqual({ updates: ["update-e", "update-d"], total: 5 });
    expect(page({ limit: 2, before: "update-d" as UpdateId })).toEqual({ updates: ["update-c", "update-b"], total: 5 });
    expect(page({ before: "update-a" as UpdateId })).toEqual({ updates: [], total: 5 });
    expect(page({ outcome: "committed" })).toEqual({ updates: ["update-d", "update-a"], total: 2 });
    expect(page({ outcome: "committed", before: "update-d" as UpdateId })).toEqual({ updates: ["update-a"], total: 2 });
    expect(page({ outcome: "open" })).toEqual({ updates: ["update-e", "update-b"], total: 2 });
    expect(page({ version: "1.2" })).toEqual({ updates: ["update-c"], total: 1 });
    expect(page({ version: "3ab" })).toEqual({ updates: ["update-d"], total: 1 });
    expect(page({ version: "%" })).toEqual({ updates: [], total: 0 });
  });

  it("is as it was after the database was closed and opened", () => {
    const written = [append(started), append(applying("fetch"))];
    open.database.close();
    const again = openDatabase(open.path);
    try {
      expect(new Journal(again, open.ledger, { wallMs: () => 0, tickMs: () => 0 }, 0).read(UPDATE)).toEqual(written);
    } finally {
      again.close();
    }
  });
});

describe("what the database itself refuses", () => {
  const raw = (sql: string) => () => open.database.exec(sql);
  const insert = (seq: number, epoch = 1) => `INSERT INTO journal VALUES ('${UPDATE}', ${seq}, 'now', 0, ${epoch}, 0, 'applying', 'fetch', '{}')`;

  it("an entry of a daemon that has been replaced, whatever that daemon believes", () => {
    append(started);
    const other = openDatabase(open.path);
    try {
      expect(takeEpoch(other)).toBe(open.journal.epoch + 1);
    } finally {
      other.close();
    }
    expect(() => append(applying("fetch"))).toThrow(expect.objectContaining({ code: "FENCED" }));
    expect(raw(insert(1))).toThrow("fenced");
    expect(open.journal.read(UPDATE)).toHaveLength(1);
  });

  it("an entry of an epoch that nobody has taken", () => expect(raw(insert(0, 99))).toThrow("fenced"));

  it("a gap", () => {
    append(started);
    expect(raw(insert(2))).toThrow("journal has a gap");
    expect(raw(insert(0))).toThrow();
  });

  it("editing an entry", () => {
    append(started);
    expect(raw("UPDATE journal SET kind = 'ended'")).toThrow("the journal is append-only");
  });

  it("cutting entries away", () => {
    append(started);
    append(applying("fetch"));
    expect(raw("DELETE FROM journal WHERE seq = 1")).toThrow("the journal is append-only");
    expect(open.journal.read(UPDATE)).toHaveLength(2);
  });

  it("putting another entry in the place of one", () => {
    append(started);
    expect(raw(insert(0).replace("INSERT", "INSERT OR REPLACE"))).toThrow();
    expect(open.journal.read(UPDATE)[0]).toMatchObject({ kind: "started" });
  });

  it("an entry after the end", () => {
    append(started);
    append(ended("cancelled"));
    expect(() => append(applying("fetch"))).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    expect(raw(insert(2))).toThrow("the update has ended");
  });
});

describe("an entry and what must be true with it", () => {
  it("become true together", () => {
    append(started, { ledger: [statement], also: (database) => database.exec("INSERT INTO facts VALUES ('with', '1')") });
    expect(open.ledger.head().length).toBe(1);
    expect(open.database.prepare("SELECT count(*) AS n FROM facts WHERE name = 'with'").get()).toEqual({ n: 1 });
  });

  it("leave neither entry nor ledger nor fact where one of them fails", () => {
    const also = (database: DatabaseSync) => {
      database.exec("INSERT INTO facts VALUES ('with', '1')");
      throw new Error("no");
    };
    expect(() => append(started, { ledger: [statement], also })).toThrow("no");
    expect(open.journal.read(UPDATE)).toEqual([]);
    expect(open.ledger.head().length).toBe(0);
    expect(open.database.prepare("SELECT (SELECT count(*) FROM ledger_outbox) + (SELECT count(*) FROM facts) AS n").get()).toEqual({ n: 0 });
  });

  it("leave no entry where the ledger refuses what it should hear", () => {
    // What canonical JSON has no form for.
    expect(() => append(started, { ledger: [{ ...statement, details: { count: 1n as unknown as number } }] })).toThrow(TypeError);
    expect(open.journal.read(UPDATE)).toEqual([]);
  });

  it("leave no ledger entry where the daemon has been replaced", () => {
    takeEpoch(open.database);
    expect(() => append(started, { ledger: [statement] })).toThrow(expect.objectContaining({ code: "FENCED" }));
    expect(open.ledger.head().length).toBe(0);
  });
});

describe("a data folder", () => {
  it("that a newer Instar wrote is refused and left untouched", () => {
    open.database.exec(`PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version = ${MIGRATIONS.length + 1}; PRAGMA wal_checkpoint(TRUNCATE)`);
    open.database.close();
    const before = readFileSync(open.path);
    for (const readOnly of [false, true]) expect(() => openDatabase(open.path, { readOnly })).toThrow(expect.objectContaining({ code: "DATA_TOO_NEW" }));
    expect(readFileSync(open.path).equals(before)).toBe(true);
  });

  it("that is not a database is called damaged", () => {
    open.database.close();
    const path = `${open.folder}/other.db`;
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE t (a)");
    other.close();
    const bytes = readFileSync(path).fill(0x41, 0, 64);
    writeFileSync(path, bytes);
    expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
  });

  it("that is opened again is not migrated again", () => {
    append(started);
    const again = openDatabase(open.path);
    try {
      expect(again.prepare("SELECT count(*) AS n FROM journal").get()).toEqual({ n: 1 });
    } finally {
      again.close();
    }
  });
});
