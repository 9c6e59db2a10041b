import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import type { DatabaseSettings } from "../settings/backup-settings.ts";
import type { DatabaseRoom } from "./database-room.ts";
import { dumpDatabase } from "./dump-database.ts";
import { findPostgres, PASSWORD, TestPostgres } from "./postgres.testing.ts";
import { readDatabaseSize } from "./read-database-size.ts";
import { restoreDatabase } from "./restore-database.ts";

let home: string;
let room: DatabaseRoom;
const bin = findPostgres();

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "instar-databases-"));
  mkdirSync(join(home, "dumps"));
  mkdirSync(join(home, "aside"));
  const PATH = `${bin ?? ""}:${process.env.PATH ?? ""}`;
  const runJob = createJobRunner({ clock: systemClock, instanceId: `instar:${home}` });
  room = { runJob, environment: { PATH, HOME: home }, agentVariables: {}, settingsFolder: home, logPath: join(home, "log"), withinMs: 30_000 };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe("an SQLite database", () => {
  const database: DatabaseSettings = { name: "notes", kind: "sqlite", path: "notes.db" };
  const notesIn = (path: string) => {
    const opened = new DatabaseSync(path, { readOnly: true });
    try {
      return (opened.prepare("SELECT text FROM notes ORDER BY rowid").all() as { text: string }[]).map(({ text }) => text);
    } finally {
      opened.close();
    }
  };
  const openNotes = () => {
    const opened = new DatabaseSync(join(home, "notes.db"));
    opened.exec("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS notes (text TEXT)");
    return opened;
  };

  it("is dumped while somebody has it open, with what only its log has yet, and put back as it was", async () => {
    const writer = openNotes();
    writer.exec("INSERT INTO notes VALUES ('one')");
    expect(await dumpDatabase(database, join(home, "dumps"), room)).toMatch(/integrity_check ok/);
    writer.exec("INSERT INTO notes VALUES ('two')");
    writer.close();
    await restoreDatabase(database, join(home, "dumps"), join(home, "aside"), room);
    expect(notesIn(join(home, "notes.db"))).toEqual(["one"]);
    expect(notesIn(join(home, "aside", "notes", "notes.db"))).toEqual(["one", "two"]);
    expect(readdirSync(home).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("half restored when Instar was killed goes on, wherever that was, and loses nothing of today's", async () => {
    const writer = openNotes();
    writer.exec("INSERT INTO notes VALUES ('one')");
    await dumpDatabase(database, join(home, "dumps"), room);
    writer.exec("INSERT INTO notes VALUES ('two')");
    // Its log is not written back: as after a kill.
    for (const side of ["", "-wal"]) writeFileSync(join(home, `kept${side}`), readFileSync(join(home, `notes.db${side}`)));
    writer.close();
    for (const side of ["", "-wal"]) renameSync(join(home, `kept${side}`), join(home, `notes.db${side}`));
    mkdirSync(join(home, "aside", "notes"));
    renameSync(join(home, "notes.db-wal"), join(home, "aside", "notes", "notes.db-wal"));
    writeFileSync(join(home, ".instar-restore-notes.db"), "half a file");
    await restoreDatabase(database, join(home, "dumps"), join(home, "aside"), room);
    await restoreDatabase(database, join(home, "dumps"), join(home, "aside"), room);
    expect(notesIn(join(home, "notes.db"))).toEqual(["one"]);
    expect(notesIn(join(home, "aside", "notes", "notes.db"))).toEqual(["one", "two"]);
  });

  it("that is damaged is not taken for a backup", async () => {
    const writer = openNotes();
    writer.exec("INSERT INTO notes WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT printf('%0100d', i) FROM n");
    writer.close();
    const bytes = readFileSync(join(home, "notes.db"));
    bytes.fill(0xff, 4_096 * 2, 4_096 * 3);
    writeFileSync(join(home, "notes.db"), bytes);
    await expect(dumpDatabase(database, join(home, "dumps"), room)).rejects.toMatchObject({ code: "BACKUP_FAILED" });
    expect(readdirSync(join(home, "dumps"))).toEqual([]);
  });

  it("that is not there is no backup", () =>
    expect(dumpDatabase(database, join(home, "dumps"), room)).rejects.toMatchObject({
      code: "BACKUP_FAILED",
      message: expect.stringContaining("no database at"),
    }));
});

/** Without the server's own programs there is nothing to dump. */
describe.skipIf(bin === undefined)("a PostgreSQL database", () => {
  const database: DatabaseSettings = { name: "main", kind: "postgres", urlVariable: "DATABASE_URL" };
  let server: TestPostgres;
  beforeAll(async () => {
    server = new TestPostgres(bin ?? "");
    await server.start();
  });
  afterAll(() => server.end());
  beforeEach(() => {
    room = { ...room, agentVariables: { DATABASE_URL: server.url } };
    server.ask("DROP TABLE IF EXISTS notes; CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('one')");
  });
  const notes = () => server.ask("SELECT string_agg(text, ',') FROM notes");
  const dumpFile = () => join(home, "dumps", "main.dump");

  it("is dumped and put back by its own tools, and its password is in no log and no dump", async () => {
    expect(await readDatabaseSize(database, room)).toBeGreaterThan(1_000_000);
    expect(await dumpDatabase(database, join(home, "dumps"), room)).toBe("pg_dump --format=custom");
    server.ask("INSERT INTO notes VALUES ('two'); ALTER TABLE notes ADD COLUMN more TEXT");
    await restoreDatabase(database, join(home, "dumps"), join(home, "aside"), room);
    expect(notes()).toBe("one");
    expect(readFileSync(join(home, "log"), "utf8") + readFileSync(dumpFile(), "latin1")).not.toContain(PASSWORD);
  });

  it("half restored holds what it held before: what is cut off, and what took too long", async () => {
    server.ask("INSERT INTO notes SELECT repeat('x', 500) || n FROM generate_series(1, 2000) n");
    await dumpDatabase(database, join(home, "dumps"), room);
    server.ask("TRUNCATE notes; INSERT INTO notes VALUES ('today')");
    const whole = readFileSync(dumpFile());
    truncateSync(dumpFile(), whole.length - 2_000);
    await expect(restoreDatabase(database, join(home, "dumps"), join(home, "aside"), room)).rejects.toMatchObject({ code: "ROLLBACK_FAILED" });
    expect(notes()).toBe("today");

    writeFileSync(dumpFile(), whole);
    const psql = spawn(join(server.bin, "psql"), ["--no-psqlrc", "--quiet", `--dbname=${server.url}`], { stdio: ["pipe", "pipe", "ignore"] });
    psql.stdin.write("BEGIN; LOCK TABLE notes; SELECT 'locked';\n");
    for await (const chunk of psql.stdout) if (String(chunk).includes("locked")) break;
    await expect(restoreDatabase(database, join(home, "dumps"), join(home, "aside"), { ...room, withinMs: 700 })).rejects.toMatchObject({
      code: "ROLLBACK_FAILED",
      message: expect.stringContaining("took longer"),
      advice: expect.stringContaining("It holds what it held before"),
    });
    psql.kill();
    expect(notes()).toBe("today");
    await restoreDatabase(database, join(home, "dumps"), join(home, "aside"), room);
    expect(server.ask("SELECT count(*) FROM notes")).toBe("2001");
  });

  it("that is down is no backup, and nothing of it is kept", async () => {
    await server.stop();
    try {
      await expect(readDatabaseSize(database, room)).rejects.toMatchObject({ code: "BACKUP_FAILED", message: "the database main does not answer" });
      await expect(dumpDatabase(database, join(home, "dumps"), room)).rejects.toMatchObject({ code: "BACKUP_FAILED" });
      expect(existsSync(dumpFile())).toBe(false);
    } finally {
      await server.start();
    }
  });

  it("whose own tool ends well and writes nothing is no backup", () =>
    expect(dumpDatabase({ ...database, dump: ["true", "{copy}"], restore: ["true", "{copy}"] }, join(home, "dumps"), room)).rejects.toMatchObject({
      code: "BACKUP_FAILED",
    }));

  it("is dumped by a tool of its own, which finds the address where the agent does", async () => {
    const own: DatabaseSettings = { ...database, dump: 'echo "$DATABASE_URL" | wc -c > {copy}', restore: "cat {copy} >> seen" };
    await dumpDatabase(own, join(home, "dumps"), room);
    await restoreDatabase(own, join(home, "dumps"), join(home, "aside"), room);
    expect(Number(execFileSync("cat", [join(home, "seen")], { encoding: "utf8" }))).toBe(server.url.length + 1);
  });
});
