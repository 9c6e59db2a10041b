import { createHmac } from "node:crypto";
import { existsSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runTask, type TaskTools } from "./run-task.ts";
import type { Task, TaskInput } from "./task.ts";

const heard: { url: string | undefined; body: string; headers: IncomingHttpHeaders }[] = [];
let status = 200;
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    heard.push({ url: request.url, body, headers: request.headers });
    // Nothing at all is an answer that never comes.
    if (status !== 0) response.writeHead(status, { location: "/elsewhere" }).end();
  });
});
let folder: string;
let here: string;
let clock: SimulatedClock;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-task-"));
  clock = new SimulatedClock();
  heard.length = 0;
  status = 200;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;
const tools = (parts: Partial<TaskTools> = {}): TaskTools => ({
  ...{ clock, logsFolder: folder, hosts: [] },
  lookForUpdates: async (source, owner) => `${source} for ${owner.id}`,
  checkHealth: async () => ({ kind: "failed", because: "alive: it is not" }),
  readSecret: async (name) => (name === "SECRET" ? "s3" : undefined),
  findAgent: async () => here,
  openLogs: async () => new Set(["daemon.log"]),
  ...parts,
});
const run = (input: TaskInput, parts: Partial<TaskTools> = {}, until = never) =>
  runTask({ input, withinMs: 60_000, createdBy: { type: "agent", id: "bot" } } as Task, { id: "r1" }, tools(parts), until);
const webhook = (parts: object = {}): TaskInput => ({ type: "webhook", url: `${here}/hook`, body: '{"a":1}', secretVariable: null, ...parts }) as TaskInput;

describe("a webhook", () => {
  it("is sent its JSON, signed where a secret is named", async () => {
    expect(await run(webhook({ secretVariable: "SECRET" }))).toEqual({ kind: "done", because: "it was answered with 200" });
    const signature = `sha256=${createHmac("sha256", "s3").update('{"a":1}').digest("hex")}`;
    expect(heard).toMatchObject([{ url: "/hook", body: '{"a":1}', headers: { "x-instar-signature": signature, "x-instar-delivery": "r1" } }]);
  });
  it("is not called unsigned where the secret is gone", async () => {
    expect(await run(webhook({ secretVariable: "OTHER" }))).toEqual({ kind: "failed", because: "agent.environmentFile has no OTHER to sign with" });
    expect(heard).toEqual([]);
  });
  it("that sends elsewhere is not followed", async () => {
    status = 302;
    expect(await run(webhook())).toEqual({ kind: "failed", because: "it was answered with 302" });
    expect(heard).toHaveLength(1);
  });
  it("that nobody listens at fails in words", async () => {
    expect(await run(webhook({ url: "http://127.0.0.1:1/" }))).toMatchObject({ kind: "failed", because: expect.stringContaining("could not be reached") });
  });
  it("whose host instar.yaml no longer lists is not called", async () => {
    expect(await run(webhook({ url: "http://hooks.lan/" }))).toMatchObject({ kind: "failed", because: expect.stringContaining("plain http") });
  });
});

describe("a run that never ends", () => {
  it("is ended by its deadline, and hears of it", async () => {
    status = 0;
    const running = run(webhook());
    await expect.poll(() => heard.length).toBe(1);
    clock.advance(60_000);
    expect(await running).toEqual({ kind: "failed", because: "it did not end within 60 s" });
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
  });
  it("also where it heeds no signal", async () => {
    const running = run({ type: "health-check" }, { checkHealth: () => new Promise(() => undefined) });
    await expect.poll(() => clock.sleepers).toBe(1);
    clock.advance(60_000);
    expect(await running).toMatchObject({ kind: "failed" });
  });
  it("ends at once when the daemon ends, by no fault of its own", async () => {
    const stop = new AbortController();
    const running = run({ type: "health-check" }, { checkHealth: () => new Promise(() => undefined) }, stop.signal);
    stop.abort(new Error("the test ends it"));
    expect(await running).toEqual({ kind: "interrupted", because: "the daemon ended during it" });
    expect(clock.sleepers).toBe(0);
  });
});

describe("a task", () => {
  it("tells the agent, on its own port", async () => {
    expect(await run({ type: "message", path: "/wake", text: "good\nmorning" })).toMatchObject({ kind: "done" });
    expect(heard).toMatchObject([{ url: "/wake", body: '{"text":"good\\nmorning"}' }]);
  });
  it("cannot tell an agent that listens nowhere", async () => {
    expect(await run({ type: "message", path: "/wake", text: "x" }, { findAgent: async () => null })).toMatchObject({ kind: "failed" });
  });
  it("asks for updates in the name of whose it is", async () => {
    expect(await run({ type: "check-for-updates", source: "git" })).toEqual({ kind: "done", because: "git for bot" });
  });
  it("fails with the check that failed, and with what was thrown", async () => {
    expect(await run({ type: "health-check" })).toEqual({ kind: "failed", because: "alive: it is not" });
    const throwing = async () => {
      throw new Error("no keeper");
    };
    expect(await run({ type: "health-check" }, { checkHealth: throwing })).toEqual({ kind: "failed", because: "no keeper" });
  });
});

describe("a cleanup of logs", () => {
  const DAY = 86_400;
  const write = (name: string, days: number, bytes = 10) => {
    writeFileSync(join(folder, name), "x".repeat(bytes));
    const at = clock.wallMs() / 1_000 - days * DAY;
    utimesSync(join(folder, name), at, at);
  };
  const clean = (keepDays: number | null, keepBytes: number | null) => run({ type: "log-cleanup", keepDays, keepBytes });

  it("removes what is older, and nothing that is open or no log", async () => {
    write("update-a.log", 8);
    write("update-b.log", 6);
    write("daemon.log", 30);
    write("ledger.jsonl", 30);
    mkdirSync(join(folder, "deep.log"));
    expect(await clean(7, null)).toEqual({ kind: "done", because: "1 log of 10 bytes went" });
    expect(readdirSync(folder).sort()).toEqual(["daemon.log", "deep.log", "ledger.jsonl", "update-b.log"]);
  });
  it("removes the oldest until the size fits, and what is of today in no case", async () => {
    write("update-a.log", 3, 100);
    write("update-b.log", 2, 100);
    write("update-c.log", 0.5, 100);
    await clean(null, 250);
    expect(readdirSync(folder).sort()).toEqual(["update-b.log", "update-c.log"]);
    await clean(null, 0);
    expect(readdirSync(folder)).toEqual(["update-c.log"]);
  });
  it("goes through no link", async () => {
    const other = mkdtempSync(join(tmpdir(), "instar-other-"));
    try {
      writeFileSync(join(other, "x.log"), "");
      utimesSync(join(other, "x.log"), 1, 1);
      symlinkSync(join(other, "x.log"), join(folder, "link.log"));
      lutimesSync(join(folder, "link.log"), 1, 1);
      await clean(1, 0);
      expect([existsSync(join(other, "x.log")), existsSync(join(folder, "link.log"))]).toEqual([true, true]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });
});
