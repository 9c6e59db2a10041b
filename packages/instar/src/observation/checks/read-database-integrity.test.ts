import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDatabaseIntegrity } from "./read-database-integrity.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-integrity-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function makeDatabase(path: string, sql = "CREATE TABLE job (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX by_name ON job (name)"): void {
  const database = new DatabaseSync(path, { defensive: false });
  database.exec(`BEGIN; ${sql}`);
  for (let row = 0; sql.includes("job") && row < 500; row += 1) database.prepare("INSERT INTO job (name) VALUES (?)").run(`job ${row} ${"x".repeat(100)}`);
  database.exec("COMMIT");
  database.close();
}

describe("the databases in a copy of a state", () => {
  it("are found by their content, wherever they are and whatever they are called", async () => {
    mkdirSync(join(folder, "deep/er"), { recursive: true });
    makeDatabase(join(folder, "deep/er/store"));
    makeDatabase(join(folder, "agent.db"));
    writeFileSync(join(folder, "notes.db"), "not a database");
    writeFileSync(join(folder, "empty.db"), "");
    expect(await readDatabaseIntegrity(folder)).toEqual([
      { path: "agent.db", kind: "whole", because: "SQLite finds it whole" },
      { path: "deep/er/store", kind: "whole", because: "SQLite finds it whole" },
    ]);
  });

  it("are damaged where a page was overwritten", async () => {
    const path = join(folder, "agent.db");
    makeDatabase(path);
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(4_096, 0xff), 0, 4_096, 4_096 * 3);
    closeSync(file);
    expect(await readDatabaseIntegrity(folder)).toMatchObject([{ path: "agent.db", kind: "damaged" }]);
  });

  it("are damaged where the file was cut", async () => {
    writeFileSync(join(folder, "agent.db"), Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(84, 7)]));
    expect(await readDatabaseIntegrity(folder)).toMatchObject([{ path: "agent.db", kind: "damaged" }]);
  });

  it("with tables of a module that only the agent has are not called damaged", async () => {
    const path = join(folder, "agent.db");
    makeDatabase(
      path,
      "PRAGMA writable_schema = ON; CREATE TABLE a (x); INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING vec0(x)')",
    );
    const [fact] = await readDatabaseIntegrity(folder);
    expect(fact?.kind).not.toBe("damaged");
  });

  it("are not looked for behind links, and a pipe is not waited for", async () => {
    const outside = mkdtempSync(join(tmpdir(), "instar-outside-"));
    try {
      makeDatabase(join(outside, "other.db"));
      symlinkSync(outside, join(folder, "link"));
      symlinkSync(join(outside, "other.db"), join(folder, "other.db"));
      execFileSync("mkfifo", [join(folder, "pipe")]);
      expect(await readDatabaseIntegrity(folder)).toEqual([]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});
