import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applied, done, ended, STEPS, tellJournal } from "../update/tell-journal.testing.ts";
import type { Instance } from "./instance.ts";
import type { LookOptions } from "./lookout.ts";
import { planTaskTools } from "./task-tools.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-task-tools-"));
  writeFileSync(join(folder, "agent.env"), "HOOK_SECRET=s3\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const asked: LookOptions[] = [];
const never = new AbortController().signal;
const slot = (release: string | null, port: number | null, alive = true) => ({
  ...{ release, port, alive },
  logPath: release === null ? null : `/data/logs/agent-${release}.log`,
});
/** Release r1 serves; the keeper says of its slots what the test says. */
function tools(slots: object, agent: object = {}) {
  const journal = tellJournal([...done("fetch"), applied("stage", { release: "r1" }), ended("committed")], STEPS);
  const settings = { tasks: { hosts: ["lan"] }, agent: { environmentFile: "agent.env", ...agent } };
  const rooms = { settings, settingsFolder: folder, keeper: { state: async () => ({ slots }) }, clock: {} };
  const foldEach = (fold: (entries: typeof journal, again: () => typeof journal) => unknown) => [fold(journal, () => journal)];
  const update = { list: () => [journal[0]?.update], read: () => journal, unfinished: () => [], foldEach };
  const instance = { folder, settings, rooms, journal: update, sources: [{ id: "git" }, { id: "npm" }] } as unknown as Instance;
  const look = async (options: LookOptions) => {
    asked.push(options);
    return [
      { source: "git", because: "nothing newer" },
      { source: "npm", because: "2.0.0 waits for a person" },
    ];
  };
  return planTaskTools(instance, { look: look as never });
}

describe("a task's tools", () => {
  it("find the agent at the version that serves, and at no other", async () => {
    expect(await tools({ blue: slot("r0", 8_000), green: slot("r1", 9_000) }).findAgent()).toBe("http://127.0.0.1:9000");
    for (const green of [slot("r1", 9_000, false), slot("r1", null), slot("r2", 9_000)])
      expect(await tools({ blue: slot("r0", 8_000), green }).findAgent()).toBeNull();
  });
  it("know which logs are open", async () => {
    const { openLogs } = tools({ blue: slot("r1", 8_000), green: slot(null, null) });
    expect(await openLogs()).toEqual(new Set(["daemon.log", "keeper.log", "agent-r1.log"]));
  });
  it("read a secret of the agent's variables, and none where there are none", async () => {
    expect(await tools({}).readSecret("HOOK_SECRET")).toBe("s3");
    expect(await tools({}).readSecret("OTHER")).toBeUndefined();
    expect(await tools({}, { environmentFile: undefined }).readSecret("HOOK_SECRET")).toBeUndefined();
  });
  it("ask for updates in an agent's name where it is an agent's task, and only the source that is named", async () => {
    const { lookForUpdates } = tools({});
    expect(await lookForUpdates(null, { type: "user", id: "ada" }, never)).toBe("git: nothing newer; npm: 2.0.0 waits for a person");
    await lookForUpdates("npm", { type: "agent", id: "bot" }, never);
    expect(asked).toEqual([{ reason: "schedule" }, { reason: "schedule", source: "npm", actor: { type: "agent", id: "bot" } }]);
    await expect(lookForUpdates("svn", { type: "user", id: "ada" }, never)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
