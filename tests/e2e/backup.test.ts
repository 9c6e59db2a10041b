import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BackupJob, BackupView, InputOf, UpdateView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPostgres, PASSWORD, TestPostgres } from "../../packages/instar/src/backups/postgres.testing.ts";
import { TestInstance, until } from "./test-instance.ts";

/** Writes through the front, one after the other, until it is told to stop; gives the numbers that were acknowledged. */
function keepWriting(instance: TestInstance): { acknowledged: number[]; stop(): Promise<void> } {
  const acknowledged: number[] = [];
  let isOver = false;
  const done = (async () => {
    while (!isOver) acknowledged.push(await instance.write(`write ${acknowledged.length}`));
  })();
  return {
    acknowledged,
    stop: async () => {
      isOver = true;
      await done;
    },
  };
}

/** Whole lines, numbered without a gap: what the agent itself would take for its state. */
function countWrites(path: string): number {
  const text = readFileSync(path, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  const numbers = text
    .trimEnd()
    .split("\n")
    .map((line) => Number.parseInt(line, 10));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  return numbers.length;
}

function notesIn(path: string, table = "notes"): string[] {
  const opened = new DatabaseSync(path, { readOnly: true });
  try {
    return (opened.prepare(`SELECT text FROM ${table}`).all() as { text: string }[]).map(({ text }) => text);
  } finally {
    opened.close();
  }
}

describe("the backup of a running agent", () => {
  let instance: TestInstance;
  const inAgent = (...path: string[]) => join(instance.agent, ...path);
  const writes = () => inAgent("state", "writes.log");
  const list = async () => (await instance.ask<{ backups: BackupView[] }>("GET", "/v1/backup/list")).backups;

  /** Work of the daemon, at its end. */
  async function work<Name extends "create" | "restore" | "prune">(name: Name, input: Partial<InputOf<`backup.${Name}`>>): Promise<BackupJob> {
    const { id } = await instance.ask<BackupJob>("POST", `/v1/backup/${name}`, input);
    return until(`the ${name} has ended`, async () => {
      const job = await instance.ask<BackupJob>("GET", `/v1/backup/progress?job=${id}`);
      return job.state === "running" ? undefined : job;
    });
  }
  const restored = async (input: Partial<InputOf<"backup.restore">>) => {
    const { update, problem } = await work("restore", input);
    if (update === null) throw new Error(`it was not begun: ${JSON.stringify(problem)}`);
    return until(`update ${update} has ended`, async () => {
      const view = await instance.ask<UpdateView>("GET", `/v1/update/show?update=${update}`).catch(() => undefined);
      return view === undefined || (view.outcome === null && view.state !== "error") ? undefined : view;
    });
  };
  const create = async (input: Partial<InputOf<"backup.create">>) => {
    const { backup, problem } = await work("create", input);
    if (backup === null) throw new Error(`no backup was made: ${JSON.stringify(problem)}`);
    return backup;
  };

  /** A server of the agent's, where this machine has one. */
  let server: TestPostgres | undefined;

  beforeAll(async () => {
    const bin = findPostgres();
    server = bin === undefined ? undefined : new TestPostgres(bin);
    await server?.start();
    const main = server === undefined ? "" : `, { name: main, kind: postgres, url: "postgresql://me@/postgres?host=${server.folder}" }`;
    instance = await TestInstance.create({
      settings: `backup: { config: [prompts], databases: [{ name: notes, kind: sqlite, path: notes.db }${main}] }\nkeep: { reserve: 2MiB, snapshots: 3 }`,
    });
    // The person's own file of passwords, as psql and pg_dump look for it.
    writeFileSync(join(instance.folder, ".pgpass"), `*:*:*:me:${PASSWORD.replaceAll(":", "\\:")}\n`, { mode: 0o600 });
    server?.ask("CREATE TABLE orders (what TEXT); INSERT INTO orders VALUES ('one')");
    mkdirSync(inAgent("prompts"));
    writeFileSync(inAgent("prompts", "system.md"), "be kind\n");
    const notes = new DatabaseSync(inAgent("notes.db"));
    notes.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('one')");
    notes.close();
    await instance.start();
  });
  afterAll(async () => {
    instance.end();
    await server?.end();
  });

  it("has every write that was acknowledged before, is whole, and the agent never stopped", async () => {
    const open = new DatabaseSync(inAgent("state", "memory.db"));
    open.exec("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('only in the log yet')");
    const { agent } = instance.pids();
    const writer = keepWriting(instance);
    await until("there are writes", () => (writer.acknowledged.length >= 20 ? true : undefined));
    const before = writer.acknowledged.at(-1) ?? 0;
    const ran = instance.cli("backup", "create", "--tag", "busy", "--because", "a test asked for it");
    await writer.stop();
    open.close();
    expect(ran).toMatchObject({
      status: 0,
      stderr: "",
      stdout: expect.stringMatching(/ {2}1\.0\.0 {2}incremental: code, config, database, data; .*\[busy\]\n {2}a test asked for it/),
    });

    const to = join(instance.folder, "aside");
    expect(await work("restore", { to })).toMatchObject({ state: "done", restoredTo: to });
    expect(countWrites(join(to, "data", "state", "writes.log"))).toBeGreaterThanOrEqual(before);
    expect(notesIn(join(to, "data", "state", "memory.db"))).toEqual(["only in the log yet"]);
    expect(notesIn(join(to, "database", "notes.sqlite"))).toEqual(["one"]);
    for (const name of ["instar.yaml", "prompts/system.md"]) expect(readFileSync(join(to, "config", name), "utf8")).toBe(readFileSync(inAgent(name), "utf8"));
    expect(readFileSync(join(to, "code", "release", "server.js"), "utf8")).toBe(readFileSync(join(instance.work, "server.js"), "utf8"));
    expect(instance.pids().agent).toBe(agent);
    expect(readdirSync(join(instance.data, "staging"))).toEqual([]);
  });

  it("is put back in place: today's is kept first, and what somebody changed in the configuration is not overwritten unasked", async () => {
    const backup = await create({ component: ["data", "config", "database"] });
    const before = countWrites(writes());
    await instance.write("after the backup");
    writeFileSync(inAgent("prompts", "system.md"), "be brief\n");
    const notes = new DatabaseSync(inAgent("notes.db"));
    notes.exec("INSERT INTO notes VALUES ('two')");
    notes.close();
    server?.ask("INSERT INTO orders VALUES ('two')");
    const dry = instance.cli("backup", "restore", backup.id, "--dry-run");
    expect(dry.stdout).toMatch(/data +would replace .*\/state, which is moved aside.*changed by somebody since: .*prompts\/system\.md.*Nothing was changed\./s);
    expect(await work("restore", { backup: backup.id })).toMatchObject({
      problem: { code: "CONFLICT", facts: { conflicts: [inAgent("prompts", "system.md")] } },
    });
    expect(countWrites(writes())).toBe(before + 1);

    const update = await restored({ backup: backup.id, overwriteConfig: true });
    expect(update).toMatchObject({ outcome: "committed", versionTo: "1.0.0" });
    expect(countWrites(writes())).toBe(before);
    expect(await instance.write("goes on")).toBe(before + 1);
    expect(readFileSync(inAgent("prompts", "system.md"), "utf8")).toBe("be kind\n");
    expect(notesIn(inAgent("notes.db"))).toEqual(["one"]);
    expect(server?.ask("SELECT string_agg(what, ',') FROM orders") ?? "one").toBe("one");

    const backups = await list();
    const today = backups.find(({ tags }) => tags.includes("before-restore"));
    expect(today).toMatchObject({ update: update.id, state: "whole" });
    expect(backups.filter(({ id }) => id.endsWith("-ahead"))).toEqual([]);
    const to = join(instance.folder, "today");
    await work("restore", { backup: today?.id ?? "", to });
    expect(countWrites(join(to, "data", "state", "writes.log"))).toBe(before + 1);
    expect(notesIn(join(to, "database", "notes.sqlite"))).toEqual(["one", "two"]);
    expect(readFileSync(join(to, "config", "prompts", "system.md"), "utf8")).toBe("be brief\n");
  });

  it("is put back although the daemon is killed on the way", async () => {
    const backup = await create({ component: ["data"] });
    const before = countWrites(writes());
    await instance.write("after the backup");
    const { update } = await work("restore", { backup: backup.id });
    await until("it is being put in place", async () => {
      const view = await instance.ask<UpdateView>("GET", `/v1/update/show?update=${update}`);
      return view.steps.find(({ id }) => id === "put-back")?.state === "running" ? true : undefined;
    });
    process.kill(instance.pids().daemon, "SIGKILL");
    const ended = await until("the update has ended", () =>
      instance.ask<UpdateView>("GET", `/v1/update/show?update=${update}`).then(
        (view) => (view.outcome === null ? undefined : view),
        () => undefined,
      ),
    );
    expect(ended).toMatchObject({ outcome: "committed" });
    expect(countWrites(writes())).toBe(before);
    expect(await instance.served()).toMatchObject({ status: 200 });
  });

  it("with which the agent is not well gives way to what was there", async () => {
    await instance.write("today");
    // The agent has its file open and writes on; who opens the backup's state finds a folder in its place.
    renameSync(writes(), `${writes()}.kept`);
    mkdirSync(writes());
    const backup = await create({ component: ["data"] });
    rmdirSync(writes());
    renameSync(`${writes()}.kept`, writes());
    const before = countWrites(writes());
    expect(await restored({ backup: backup.id })).toMatchObject({ outcome: "rolled-back", code: "UNHEALTHY" });
    expect(countWrites(writes())).toBe(before);
    expect(await instance.write("goes on")).toBe(before + 1);
  });

  it("leaves nothing half where the daemon is killed while it is made", async () => {
    // It takes no space, and a while to read.
    writeFileSync(inAgent("state", "large"), "");
    truncateSync(inAgent("state", "large"), 1_024 ** 3);
    const before = await list();
    await instance.ask<BackupJob>("POST", "/v1/backup/create", { kind: "full" });
    await until("it is begun", () => (readdirSync(join(instance.data, "snapshots")).length > before.length + 1 ? true : undefined));
    const { daemon } = instance.pids();
    process.kill(daemon, "SIGKILL");
    await until("another daemon answers", async () =>
      (await list().catch(() => undefined)) !== undefined && instance.pids().daemon !== daemon ? true : undefined,
    );
    rmSync(inAgent("state", "large"));
    expect(await until("it is swept", async () => ((await list()).some(({ state }) => state !== "whole") ? undefined : await list()))).toEqual(before);
    expect(existsSync(join(instance.data, "staging"))).toBe(false);
  });

  it.each([
    ["no such version", { forVersion: "9.9.9" }, /no backup was taken while 9\.9\.9 ran/],
    ["no such time", { at: "2001-01-01T00:00Z" }, /no backup is as old as 2001-01-01/],
    ["what is no time", { at: "soon" }, /soon is no time/],
    ["two ways to say which", { at: "2001-01-01T00:00Z", backup: "a" }, /only one of/],
  ])("is not restored where there is %s", (_, input, because) => expect(work("restore", input)).rejects.toThrow(because));

  it.each([
    ["a folder that is not empty", { to: "/usr" }, "CONFLICT"],
    ["a folder that is in use", { to: "state/here" }, "INPUT_INVALID"],
  ])("is not restored to %s", async (_, input, code) => expect(await work("restore", input)).toMatchObject({ state: "failed", problem: { code } }));

  it("is refused where the disk could be full before it is done, with numbers, and nothing is written", async () => {
    const before = await list();
    writeFileSync(inAgent("state", "large"), "");
    truncateSync(inAgent("state", "large"), 8 * 1_024 ** 4);
    const { problem } = await work("create", { kind: "full" });
    rmSync(inAgent("state", "large"));
    expect(problem).toMatchObject({ code: "DISK_FULL", detail: expect.stringMatching(/up to \d+ MiB are needed, and \d+ MiB are to be had/) });
    expect(await list()).toEqual(before);
  });

  it("is refused where a database is not there, and nothing half is kept", async () => {
    const before = await list();
    renameSync(inAgent("notes.db"), inAgent("notes.gone"));
    const { problem } = await work("create", {});
    renameSync(inAgent("notes.gone"), inAgent("notes.db"));
    expect(problem).toMatchObject({ code: "BACKUP_FAILED", detail: expect.stringContaining("there is no database at") });
    expect(await list()).toEqual(before);
    expect(readdirSync(join(instance.data, "staging"))).toEqual([]);
  });

  it("is refused where a database's server is down, and is not restored either: requests never wait", async () => {
    if (server === undefined) return;
    const backup = await create({ component: ["database"] });
    const before = await list();
    await server.stop();
    const { problem } = await work("create", {});
    const update = await restored({ backup: backup.id });
    await server.start();
    expect(problem).toMatchObject({ code: "BACKUP_FAILED", detail: "the database main does not answer" });
    expect(update).toMatchObject({ outcome: "refused", code: "BACKUP_FAILED", because: "the database main does not answer" });
    expect(await list()).toEqual(before);
  });

  it("goes when it is beyond what is kept, but for what has a tag", async () => {
    const dry = await work("prune", { keep: 1, dryRun: true });
    const before = await list();
    expect(before.length).toBeGreaterThan(dry.pruned.length);
    const done = await work("prune", { keep: 1 });
    expect(done.pruned).toEqual(dry.pruned);
    const left = await list();
    expect(left).toHaveLength(before.length - done.pruned.length);
    expect(left.flatMap(({ tags }) => tags)).toEqual(expect.arrayContaining(["busy", "before-restore"]));
    expect(await work("prune", { tag: "busy" })).toMatchObject({ pruned: [{ because: "it has the tag busy" }] });
  });

  it("that is damaged is found by its bytes and never restored: nothing is touched", async () => {
    const backup = await create({ component: ["data"], kind: "full" });
    const packs = join(instance.data, "store", "packs");
    const [before, { agent }] = [instance.written(), instance.pids()];
    for (const name of readdirSync(packs)) {
      const path = join(packs, name);
      const { atime, mtime } = statSync(path);
      const bytes = readFileSync(path);
      for (let at = 64; at < bytes.length; at += 97) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      writeFileSync(path, bytes);
      utimesSync(path, atime, mtime);
    }
    expect(instance.cli("backup", "verify", backup.id)).toMatchObject({ status: 9, stderr: expect.stringContaining("SNAPSHOT_DAMAGED") });
    expect(await restored({ backup: backup.id })).toMatchObject({ outcome: "refused", code: "SNAPSHOT_DAMAGED" });
    expect(instance.pids().agent).toBe(agent);
    expect(instance.written()).toBe(before);
  });
});
