import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OutputOf } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processesNaming, TestInstance, until } from "./test-instance.ts";

let instance: TestInstance;
beforeEach(async () => {
  instance = await TestInstance.create();
  await instance.start();
});
afterEach(() => instance.end());

const serves = () => until("the front is back", async () => ((await instance.served())?.status === 200 ? true : undefined));
/** One that has ended since it was listed is none. */
const isKeeper = (pid: number) => {
  try {
    return /\0keeper\0/.test(readFileSync(`/proc/${pid}/cmdline`, "latin1"));
  } catch {
    return false;
  }
};
const keepers = () => processesNaming(instance.folder).filter((pid) => isKeeper(pid));

describe("`instar keeper replace`", () => {
  it("puts a fresh keeper in the place of the one that runs; agent and daemon do not notice", async () => {
    const before = instance.pids();
    const replaced = instance.json<OutputOf<"keeper.replace">>("keeper", "replace");
    expect(replaced).toMatchObject({ before: before.keeper });
    expect(instance.pids()).toEqual({ ...before, keeper: replaced.pid });
    expect(instance.status()).toMatchObject({ running: { keeper: true, daemon: true }, keeper: { pid: replaced.pid, startedAt: replaced.startedAt } });
    await until("only the new keeper is left", () => (keepers().length === 1 ? true : undefined));
    await until("the replacement is over", async () => ((await instance.statusNow())?.keeper?.handOver === null ? true : undefined));
    // The daemon is still obeyed, and an update goes its way.
    instance.publish("1.0.1");
    expect((await instance.ended("1.0.1")).outcome).toBe("committed");
    expect((await instance.served())?.version).toBe("1.0.1");
    expect(keepers()).toEqual([replaced.pid]);
    expect(instance.cli("keeper", "replace").stdout).toMatch(/^keeper \d+ took over from \d+ in \d+ ms/);
    expect(instance.cli("down").status).toBe(0);
    expect(processesNaming(instance.folder)).toEqual([]);
  });

  it("says why where the new keeper cannot begin, and leaves the old one", async () => {
    const before = instance.pids();
    writeFileSync(join(instance.agent, "instar.yaml"), `${readFileSync(join(instance.agent, "instar.yaml"), "utf8")}nonsense: true\n`);
    const door = JSON.parse(readFileSync(join(instance.data, "daemon.json"), "utf8")) as { port: number; token: string };
    const answer = await fetch(`http://127.0.0.1:${door.port}/v1/keeper/replace`, { method: "POST", headers: { authorization: `Bearer ${door.token}` } });
    expect(await answer.json()).toMatchObject({ code: "SETTINGS_INVALID", detail: expect.stringContaining("nonsense") });
    instance.writeSettings();
    expect(instance.pids()).toEqual(before);
    await serves();
  });

  it("leaves it to the daemon to mend what is killed on the way, and there is one keeper again", async () => {
    const { agent, daemon } = instance.pids();
    const { pid } = instance.json<OutputOf<"keeper.replace">>("keeper", "replace");
    process.kill(pid, "SIGKILL");
    await until("another keeper is there", () => (instance.pids().keeper !== pid ? true : undefined));
    await serves();
    await until("it is the only one", () => (keepers().length === 1 ? true : undefined));
    expect(instance.pids()).toEqual({ agent, daemon, keeper: keepers()[0] });
  });
});
