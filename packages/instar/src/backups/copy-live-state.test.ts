import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyDatabase } from "./copy-live-database.ts";
import { copyLiveState } from "./copy-live-state.ts";

/** Two tables that every transaction changes together: a copy in which they differ is of no one moment. */
const WRITER = `
const { DatabaseSync } = require("node:sqlite");
const [path, mode, restMs] = process.argv.slice(1);
const database = new DatabaseSync(path);
database.exec("PRAGMA journal_mode = " + mode + "; PRAGMA busy_timeout = 0; CREATE TABLE IF NOT EXISTS a(n INTEGER, fill TEXT); CREATE TABLE IF NOT EXISTS b(n INTEGER)");
let refused = 0;
const write = (n) => {
  try { database.exec("BEGIN IMMEDIATE; INSERT INTO a VALUES (" + n + ", hex(randomblob(2000))); INSERT INTO b VALUES (" + n + "); COMMIT"); }
  catch { refused += 1; try { database.exec("ROLLBACK"); } catch {} }
};
write(0);
process.stdout.write("writing\\n");
let n = 1, over = false;
process.stdin.on("data", () => { over = true; process.stdout.write("refused " + refused + " of " + n + "\\n"); database.close(); process.exit(0); });
const again = () => { for (let i = 0; i < 5; i += 1) write(n++); if (!over) setTimeout(again, Number(restMs)); };
again();
`;

/** Changes two pages in their place, many MB apart, without a pause: a copy of no one moment passes each of SQLite's checks. */
const WRITER_OF_FAR_PAGES = `
const { DatabaseSync } = require("node:sqlite");
const database = new DatabaseSync(process.argv[1]);
database.exec("PRAGMA journal_mode = " + process.argv[2] + "; PRAGMA busy_timeout = 0; CREATE TABLE a(n INTEGER); INSERT INTO a VALUES (0); CREATE TABLE fill(f); INSERT INTO fill VALUES (zeroblob(" + process.argv[3] + ")); CREATE TABLE b(n INTEGER); INSERT INTO b VALUES (0)");
process.stdout.write("writing\\n");
let n = 1, refused = 0, over = false;
process.stdin.on("data", () => { over = true; process.stdout.write("refused " + refused + " of " + n + "\\n"); database.close(); process.exit(0); });
const again = () => {
  for (let i = 0; i < 5; i += 1, n += 1) {
    try { database.exec("BEGIN IMMEDIATE; UPDATE a SET n = " + n + "; UPDATE b SET n = " + n + "; COMMIT"); }
    catch { refused += 1; try { database.exec("ROLLBACK"); } catch {} }
  }
  if (!over) setImmediate(again);
};
again();
`;

/** Bytes: a backup goes by steps of four MB. */
const MANY_STEPS = "40000000";

let folder = "";
const writers: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-live-"));
  mkdirSync(join(folder, "state/inner"), { recursive: true });
});
afterEach(async () => {
  for (const writer of writers.splice(0)) if (writer.exitCode === null && writer.kill("SIGKILL")) await once(writer, "exit");
  rmSync(folder, { recursive: true, force: true });
});

async function startWriter(program: string, ...given: string[]): Promise<() => Promise<string>> {
  const writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "-e", program, ...given], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  writers.push(writer);
  await once(writer.stdout, "data");
  return async () => {
    const said = once(writer.stdout, "data");
    writer.stdin.write("stop\n");
    return String((await said)[0]);
  };
}

function countsIn(path: string): { a: number; b: number; check: string } {
  const database = new DatabaseSync(path);
  const count = (table: string) => (database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
  const { integrity_check: check } = database.prepare("PRAGMA integrity_check").get() as { integrity_check: string };
  const counts = { a: count("a"), b: count("b"), check };
  database.close();
  return counts;
}

function farPagesOf(path: string): { a: number; b: number } {
  const database = new DatabaseSync(path);
  const found = database.prepare("SELECT a.n AS a, b.n AS b FROM a, b").get() as { a: number; b: number };
  database.close();
  return found;
}

describe("a copy of a state that is being written", () => {
  it.each([
    { mode: "wal", restMs: 25 },
    { mode: "delete", restMs: 25 },
    { mode: "truncate", restMs: 25 },
    { mode: "persist", restMs: 25 },
  ] as const)("holds a database with journal_mode $mode as of one moment, and the writer is refused nothing", async ({ mode, restMs }) => {
    const stop = await startWriter(WRITER, join(folder, "state/agent.db"), mode, String(restMs));
    for (let copy = 0; copy < 3; copy += 1) {
      const made = await copyLiveState(join(folder, "state"), join(folder, `copy-${copy}`));
      expect(made.databases).toBe(1);
      const { a, b, check } = countsIn(join(folder, `copy-${copy}/agent.db`));
      expect(check).toBe("ok");
      expect(a).toBe(b);
      expect(a).toBeGreaterThan(0);
    }
    expect(await stop()).toMatch(/^refused 0 of /);
  });

  it("gives no copy of a database with a rollback journal that is written without a pause, or one of one moment; the writer is refused nothing", async () => {
    const stop = await startWriter(WRITER_OF_FAR_PAGES, join(folder, "state/agent.db"), "delete", "8000000");
    const to = join(folder, "copy.db");
    for (let copy = 0; copy < 6; copy += 1) {
      const how = await copyDatabase(join(folder, "state/agent.db"), to, { forMs: 200 }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "BACKUP_FAILED", transient: true });
        expect(existsSync(to)).toBe(false);
      });
      if (how === undefined) continue;
      const { a, b } = farPagesOf(to);
      expect(a).toBe(b);
    }
    expect(await stop()).toMatch(/^refused 0 of /);
    expect(await copyDatabase(join(folder, "state/agent.db"), to)).toBe("files");
  });

  it("comes to an end with a write-ahead log that is written without a pause, as of one moment; the writer is refused nothing", async () => {
    const stop = await startWriter(WRITER_OF_FAR_PAGES, join(folder, "state/agent.db"), "wal", MANY_STEPS);
    const to = join(folder, "copy.db");
    for (let copy = 0; copy < 3; copy += 1) {
      expect(await copyDatabase(join(folder, "state/agent.db"), to, { signal: AbortSignal.timeout(60_000) })).toBe("online-backup");
      const { a, b } = farPagesOf(to);
      expect(a).toBe(b);
    }
    expect(await stop()).toMatch(/^refused 0 of /);
  });

  it("is given up in its middle when it is told to", async () => {
    const stop = await startWriter(WRITER_OF_FAR_PAGES, join(folder, "state/agent.db"), "wal", MANY_STEPS);
    const controller = new AbortController();
    const copying = copyDatabase(join(folder, "state/agent.db"), join(folder, "copy.db"), { signal: controller.signal });
    controller.abort(new Error("no longer wanted"));
    await expect(copying).rejects.toThrow("no longer wanted");
    expect(existsSync(join(folder, "copy.db"))).toBe(false);
    await stop();
  });

  it("has what only the write-ahead log held", async () => {
    const database = new DatabaseSync(join(folder, "state/agent.db"));
    database.exec(
      "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE a(n); CREATE TABLE b(n); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)",
    );
    await copyLiveState(join(folder, "state"), join(folder, "copy"));
    expect(countsIn(join(folder, "copy/agent.db"))).toEqual({ a: 1, b: 1, check: "ok" });
    database.close();
  });

  it("copies a database whose owner locks it exclusively", async () => {
    const database = new DatabaseSync(join(folder, "state/agent.db"));
    database.exec(
      "PRAGMA locking_mode = exclusive; PRAGMA journal_mode = wal; CREATE TABLE a(n); CREATE TABLE b(n); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)",
    );
    await copyLiveState(join(folder, "state"), join(folder, "copy"));
    expect(countsIn(join(folder, "copy/agent.db"))).toEqual({ a: 1, b: 1, check: "ok" });
    database.close();
  });

  it("keeps modes and links, passes over sockets, and follows no link out of the state", async () => {
    const secret = join(folder, "secret");
    writeFileSync(secret, "outside");
    writeFileSync(join(folder, "state/inner/run.sh"), "#!/bin/sh\n");
    chmodSync(join(folder, "state/inner/run.sh"), 0o750);
    symlinkSync(secret, join(folder, "state/link"));
    const socket = createServer().listen(join(folder, "state/door"));
    await once(socket, "listening");
    const made = await copyLiveState(join(folder, "state"), join(folder, "copy"));
    expect(made).toMatchObject({ files: 1, skipped: 1, unsettled: [] });
    expect(statSync(join(folder, "copy/inner/run.sh")).mode & 0o777).toBe(0o750);
    expect(lstatSync(join(folder, "copy/link")).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(folder, "copy/link"))).toBe(secret);
    socket.close();
  });

  it("takes a text that only begins like a database for what it is: a database that cannot be copied is said", async () => {
    writeFileSync(join(folder, "state/agent.db"), Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(4096, 7)]));
    await expect(copyLiveState(join(folder, "state"), join(folder, "copy"))).rejects.toMatchObject({ code: "BACKUP_FAILED" });
  });

  it("leaves the original's bytes and times alone", async () => {
    writeFileSync(join(folder, "state/notes.txt"), "hello");
    const before = statSync(join(folder, "state/notes.txt"), { bigint: true });
    await copyLiveState(join(folder, "state"), join(folder, "copy"));
    expect(readFileSync(join(folder, "copy/notes.txt"), "utf8")).toBe("hello");
    expect(statSync(join(folder, "state/notes.txt"), { bigint: true }).mtimeNs).toBe(before.mtimeNs);
  });
});
