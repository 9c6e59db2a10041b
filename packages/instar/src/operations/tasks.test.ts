import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPERATIONS } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../database/open-database.ts";
import { buildProgram } from "../faces/cli/build-program.ts";
import { renderRun, renderTask, renderTaskStory, renderTasks } from "../faces/cli/render-tasks.ts";
import { Ledger } from "../ledger/ledger.ts";
import { settingsSchema } from "../settings/settings.ts";
import type { OperationContext } from "./context.ts";
import { implementTasks } from "./tasks.ts";

const clock = new SimulatedClock({ wallMs: Date.UTC(2026, 0, 2) });
let folder: string;
let instance: OperationContext["instance"];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-task-operations-"));
  const database = openDatabase(join(folder, "instar.db"));
  const settings = settingsSchema.parse({ version: 1, name: "demo", source: { git: "x" }, agent: { start: ["true"] } });
  const ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => clock.wallMs(), key: null });
  instance = { name: "demo", folder, settings, database, ledger, sources: [{ id: "git" }], rooms: { clock } } as unknown as OperationContext["instance"];
});
afterEach(() => {
  instance.database.close();
  rmSync(folder, { recursive: true, force: true });
});

const lookout = { look: async () => [{ source: "git", because: "nothing newer" }] };
const as = (type: "user" | "agent", id: string, daemon: object | undefined = { lookout, over: new AbortController().signal }) =>
  implementTasks({ instance, daemon, actor: { type, id } } as unknown as OperationContext);
const ask = (written: object) => {
  const { input } = OPERATIONS.find(({ name }) => name === "task.add") as Extract<(typeof OPERATIONS)[number], { name: "task.add" }>;
  return input.parse({ type: "check-for-updates", cron: "0 3 * * *", timeZone: "UTC", ...written });
};
const entries = () =>
  (instance.database.prepare("SELECT line FROM ledger_outbox ORDER BY idx").all() as { line: string }[]).map(
    ({ line }) => JSON.parse(line) as { event: string; description: string },
  );

describe("an agent", () => {
  it("has tasks of its own, and each change is on the ledger", async () => {
    const bot = as("agent", "bot");
    await bot["task.add"](ask({ name: "look" }));
    await bot["task.pause"]({ task: "look", because: "a rest" });
    await bot["task.pause"]({ task: "look", because: "again" });
    await bot["task.resume"]({ task: "look" });
    expect(await bot["task.run"]({ task: "look" })).toMatchObject({ outcome: "done", because: "git: nothing newer" });
    const story = await bot["task.show"]({ task: "look", runs: 20 });
    expect(story).toMatchObject({ nextAt: "2026-01-02T03:00:00.000Z", next: expect.objectContaining({ length: 5 }), runs: [{ outcome: "done" }] });
    await bot["task.remove"]({ task: "look" });
    expect(await bot["task.list"]({})).toEqual({ tasks: [] });
    expect(entries().map(({ event }) => event)).toEqual(["TASK_ADDED", "TASK_PAUSED", "TASK_RESUMED", "TASK_REMOVED"]);
    expect(entries()[0]?.description).toBe("bot added the task look: it asks every source for updates, 0 3 * * * (UTC)");
  });
  it("that touches a person's task, or another agent's, or that of a person of its own name, is refused", async () => {
    await as("user", "ada")["task.add"](ask({ name: "hers" }));
    await as("agent", "other")["task.add"](ask({ name: "theirs" }));
    await as("user", "bot")["task.add"](ask({ name: "namesake" }));
    const bot = as("agent", "bot");
    for (const task of ["hers", "theirs", "namesake"])
      for (const act of ["task.pause", "task.resume", "task.remove", "task.run"] as const)
        await expect(bot[act]({ task, because: "" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await bot["task.list"]({})).tasks.map(({ state }) => state)).toEqual(["active", "active", "active"]);
    expect(entries()).toHaveLength(3);
  });
  it("may be told no by a person, who touches every task", async () => {
    await as("agent", "bot")["task.add"](ask({ name: "look" }));
    expect(await as("user", "ada")["task.pause"]({ task: "look", because: "enough" })).toMatchObject({ pausedBecause: "ada paused it: enough", nextAt: null });
    await as("user", "ada")["task.remove"]({ task: "look" });
  });
  it("that adds its 51st task is refused, and nothing is written", async () => {
    const bot = as("agent", "bot");
    for (let index = 0; index < 50; index += 1) await bot["task.add"](ask({ name: `t${index}` }));
    await expect(bot["task.add"](ask({ name: "t50" }))).rejects.toMatchObject({ code: "RATE_LIMITED" });
    expect([(await bot["task.list"]({})).tasks.length, entries().length]).toEqual([50, 50]);
  });
});

describe("a task is refused", () => {
  it.each([
    ["every second", { cron: "* * * * * *" }, "INPUT_INVALID"],
    ["of a source that is none", { source: "svn" }, "NOT_FOUND"],
    ["with cron that never fires", { cron: "0 0 31 2 *" }, "INPUT_INVALID"],
    ["with a zone that is none", { timeZone: "Mars/Base" }, "INPUT_INVALID"],
  ])("%s", async (_, written, code) => {
    await expect(as("agent", "bot")["task.add"](ask({ name: "t", ...written }))).rejects.toMatchObject({ code });
    expect(entries()).toEqual([]);
  });
  it("without a daemon, though it can be looked at", async () => {
    await as("user", "ada")["task.add"](ask({ name: "t" }));
    const offline = as("user", "ada", null as never);
    const none = implementTasks({ instance, daemon: undefined, actor: { type: "user", id: "ada" } } as unknown as OperationContext);
    for (const act of ["task.pause", "task.resume", "task.remove", "task.run"] as const)
      await expect(none[act]({ task: "t", because: "" })).rejects.toMatchObject({ code: "NOT_RUNNING" });
    await expect(none["task.add"](ask({ name: "u" }))).rejects.toMatchObject({ code: "NOT_RUNNING" });
    expect((await offline["task.list"]({})).tasks).toHaveLength(1);
  });
});

describe("what is shown", () => {
  it("names of a webhook's address only the host", async () => {
    const ada = as("user", "ada");
    const hook = { name: "hook", type: "webhook", cron: undefined, timeZone: undefined, every: "90m", url: "https://hooks.example.org/T0/secret?k=1" };
    const added = await ada["task.add"](ask(hook));
    expect(JSON.stringify([added, await ada["task.list"]({}), await ada["task.show"]({ task: "hook", runs: 9 }), entries()])).not.toContain("secret?");
    expect(renderTask(added)).toBe("hook  calls https://hooks.example.org/…  every 90m\n  next 2026-01-02T01:30:00.000Z; added by ada");
  });
  it("is for people to read", async () => {
    const bot = as("agent", "bot");
    expect(renderTasks(await bot["task.list"]({}))).toBe("no tasks yet: `instar task add` makes the first");
    await bot["task.add"](ask({ name: "look" }));
    expect(renderRun(await bot["task.run"]({ task: "look" }))).toBe("2026-01-02T00:00:00.000Z  done: git: nothing newer");
    expect(renderTaskStory(await bot["task.show"]({ task: "look", runs: 1 })).split("\n")).toEqual([
      "look  asks every source for updates  0 3 * * * (UTC)",
      "  next 2026-01-02T03:00:00.000Z; added by the agent bot",
      "  missed runs: once; 1m a run; paused after 5 failures in a row",
      "  next",
      ...[2, 3, 4, 5, 6].map((day) => `    2026-01-0${day}T03:00:00.000Z`),
      "  last",
      "    2026-01-02T00:00:00.000Z  done: git: nothing newer",
    ]);
  });
});

describe("docs/tasks.md", () => {
  const lines = readFileSync(new URL("../../../../docs/tasks.md", import.meta.url), "utf8").split("\n");
  const commands = lines.filter((line) => line.startsWith("    instar task")).map((line) => line.replace(/ {2,}#.*$/, "").trim());
  it("has examples that work as they are written", async () => {
    const ada = as("user", "ada") as unknown as Record<string, (input: unknown) => Promise<unknown>>;
    const asked: string[] = [];
    for (const command of commands) {
      const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain ?? "");
      const program = buildProgram("0", {} as never, async ({ name, input }, written) => {
        asked.push(name);
        await ada[name]?.(input.parse(written));
      });
      await program.exitOverride().parseAsync(["node", ...words]);
    }
    expect(asked).toEqual([...Array(5).fill("task.add"), "task.list", "task.show", "task.run", "task.pause", "task.resume", "task.remove"]);
  });
});
