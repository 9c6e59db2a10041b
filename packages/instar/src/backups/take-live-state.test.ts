import { appendFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { removeTree } from "../platform/durable-files.ts";
import { openContentStore } from "../store/content-store.ts";
import { openSnapshotStore, type SnapshotStore } from "./snapshot-store.ts";
import { stageLiveState } from "./stage-live-state.ts";

let home: string;
let state: string;
let store: SnapshotStore;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "instar-live-"));
  state = join(home, "state");
  mkdirSync(state);
  store = openSnapshotStore({ folder: join(home, "snapshots"), store: openContentStore({ folder: join(home, "store") }), clock: later });
});
afterEach(() => removeTree(home));

/** A clock an hour ahead: files written just now are old enough to be trusted. */
const later = { ...systemClock, wallMs: () => systemClock.wallMs() + 3_600_000 };
const ABOUT = { kind: "incremental", tags: [], because: "", update: null, version: null, release: null } as const;

async function take(id: string): Promise<{ copied: number }> {
  const live = await stageLiveState(state, join(home, `staged-${id}`));
  return store.take(id, { about: ABOUT, parts: [{ component: "data", roots: [{ name: "state", path: state, live }], about: {} }], trustUnchanged: true });
}

async function restored(id: string): Promise<string> {
  const to = join(home, `restored-${id}`);
  await store.writePart(id, "data", "state", to);
  return to;
}

/** Whatever `act` does is done again and again, between the reads of whoever reads meanwhile. */
async function meanwhile<T>(act: () => void, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const acting = (async () => {
    while (!isOver) {
      act();
      await setImmediate();
    }
  })();
  try {
    return await work();
  } finally {
    isOver = true;
    await acting;
  }
}

/** Larger than what is read at once, so that there is a between. */
const LARGE = 9 * 1_048_576;

describe("of a state that is written to", () => {
  it("a file that only grows is taken as it was when it had that length", async () => {
    const path = join(state, "log");
    writeFileSync(path, Buffer.alloc(LARGE, "line\n"));
    await meanwhile(
      () => appendFileSync(path, "more\n"),
      () => take("a"),
    );
    const kept = readFileSync(join(await restored("a"), "log"));
    expect(kept.length).toBeGreaterThanOrEqual(LARGE);
    expect(kept.equals(readFileSync(path).subarray(0, kept.length))).toBe(true);
  });

  it("a file that changes all the time is of no moment: there is no backup, and it is named", async () => {
    const path = join(state, "restless");
    writeFileSync(path, Buffer.alloc(LARGE));
    const file = openSync(path, "r+");
    let count = 0;
    const taking = meanwhile(
      () => {
        count += 1;
        writeSync(file, String(count), 0);
        writeSync(file, String(count), LARGE - 10);
      },
      () => take("a"),
    );
    await expect(taking).rejects.toMatchObject({ code: "BACKUP_FAILED", facts: { paths: ["restless"] }, advice: expect.stringContaining("state.copy") });
    expect(await store.isFinished("a")).toBe(false);
  });

  it("a database is of one moment, with what only its log has, and with its own mode and time", async () => {
    const open = new DatabaseSync(join(state, "notes.db"));
    open.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)");
    const insert = open.prepare("INSERT INTO notes VALUES (?)");
    insert.run("before");
    await meanwhile(
      () => insert.run("meanwhile"),
      () => take("a"),
    );
    const to = await restored("a");
    expect(statSync(join(to, "notes.db")).mode).toBe(statSync(join(state, "notes.db")).mode);
    const copy = new DatabaseSync(join(to, "notes.db"));
    expect(copy.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(copy.prepare("SELECT text FROM notes LIMIT 1").get()).toEqual({ text: "before" });
    copy.close();
    open.close();
  });

  it("a database whose file looks as it did is read all the same: what changed may be in its log alone", async () => {
    const open = new DatabaseSync(join(state, "notes.db"));
    open.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT); PRAGMA wal_checkpoint(TRUNCATE)");
    // As in an exchange, when the agent is quiet: then the file itself is read, and how it looked is known the next time.
    await store.copyAhead("a", state);
    await store.finish("a", state);
    const before = statSync(join(state, "notes.db"), { bigint: true });
    open.exec("INSERT INTO notes VALUES ('in the log')");
    expect(statSync(join(state, "notes.db"), { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    await take("b");
    const copy = new DatabaseSync(join(await restored("b"), "notes.db"));
    expect(copy.prepare("SELECT text FROM notes").all()).toEqual([{ text: "in the log" }]);
    copy.close();
    open.close();
  });
});
