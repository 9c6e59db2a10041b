import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { processesNaming, TestInstance, until } from "./test-instance.ts";

const MAIN = fileURLToPath(new URL("../../packages/instar/src/main.ts", import.meta.url));
const can = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;

describe("as a container's first process", () => {
  const isPossible = process.platform === "linux" && can("unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "true");
  it.skipIf(!isPossible)("it reaps orphans, comes back when its keeper is killed, and ends everything on SIGTERM", async () => {
    const instance = await TestInstance.create({ settings: "agent: { start: [sh, -c, 'sh -c \"sleep 0.3 &\"; exec node server.js'] }" });
    let container: ChildProcess | undefined;
    try {
      container = startContainer(instance);
      await until("it serves", async () => (await instance.served())?.status === 200 || undefined);
      const keeper = processesNaming(instance.folder).find((pid) => isKeeper(pid));
      if (keeper === undefined) throw new Error("there is no keeper");
      process.kill(keeper, "SIGKILL");
      await until(
        "another keeper serves",
        async () => (processesNaming(instance.folder).some((pid) => pid !== keeper && isKeeper(pid)) && (await instance.served())?.status === 200) || undefined,
      );
      // The agent's first shell left an orphan that has ended by now: nobody but the first process could reap it.
      await until("no zombie is left", () => (zombiesBelow(container?.pid ?? 0).length === 0 ? true : undefined));
      const first = childrenOf(container.pid ?? 0)[0];
      if (first === undefined) throw new Error("the container has no first process");
      process.kill(first, "SIGTERM");
      await until("all has ended", () => (processesNaming(instance.folder).length === 0 ? true : undefined));
    } finally {
      container?.kill("SIGKILL");
      instance.end();
    }
  });
});

describe("as a container's first process, when its keeper is replaced", () => {
  const isPossible = process.platform === "linux" && can("unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "true");
  it.skipIf(!isPossible)("it goes on with the new one, starts another when that is killed, and ends everything on SIGTERM", async () => {
    const instance = await TestInstance.create();
    const container = startContainer(instance);
    try {
      await until("it serves", async () => (await instance.served())?.status === 200 || undefined);
      const [first] = keepersOf(instance);
      await until("the keeper was replaced", () => instance.ask("POST", "/v1/keeper/replace").catch(() => undefined));
      await until("only the new one is left", () => (keepersOf(instance).length === 1 && keepersOf(instance)[0] !== first ? true : undefined));
      const [second] = keepersOf(instance);
      await until("it serves", async () => (await instance.served())?.status === 200 || undefined);
      process.kill(second ?? 0, "SIGKILL");
      await until(
        "another one serves",
        async () => (keepersOf(instance).some((pid) => pid !== second) && (await instance.served())?.status === 200) || undefined,
      );
      await until("no zombie is left", () => (zombiesBelow(container.pid ?? 0).length === 0 ? true : undefined));
      const third = keepersOf(instance);
      await until("the keeper was replaced once more", () => instance.ask("POST", "/v1/keeper/replace").catch(() => undefined));
      await until("only the new one is left", () => (keepersOf(instance).length === 1 && keepersOf(instance)[0] !== third[0] ? true : undefined));
      process.kill(childrenOf(container.pid ?? 0)[0] ?? 0, "SIGTERM");
      await until("all has ended", () => (processesNaming(instance.folder).length === 0 ? true : undefined));
      expect(container.exitCode ?? (await new Promise((resolve) => container.once("exit", resolve)))).toBe(0);
    } finally {
      container.kill("SIGKILL");
      instance.end();
    }
  });
});

describe("under systemd", () => {
  it("prints a unit that systemd accepts, and whose stop leaves nothing to systemd's own killing", async () => {
    const instance = await TestInstance.create();
    const folder = mkdtempSync(join(tmpdir(), "instar-unit-"));
    try {
      for (const kind of [[], ["--system"]]) {
        const unit = instance.json<{ path: string; text: string }>("service", ...kind);
        expect(unit.text).toMatch(/^KillMode=process$/m);
        expect(unit.text).toMatch(/^Restart=always$/m);
        expect(unit.text).toMatch(/^ExecStop=.*"down"/m);
        expect(unit.text).toContain("INSTAR_KEEPER_MANAGED=systemd");
        expect(unit.text).toContain(`\nPIDFile=${instance.data}/keeper/pid\n`);
        expect(unit.text).toContain(`INSTAR_DATA=${dirname(instance.data)}`);
        const path = join(folder, "instar-tested.service");
        writeFileSync(path, unit.text);
        if (!can("systemd-analyze", "--version")) continue;
        const verified = spawnSync("systemd-analyze", [...(kind.length === 0 ? ["--user"] : []), "--man=no", "verify", path], { encoding: "utf8" });
        expect(verified.stderr.split("\n").filter((line) => line.includes("instar-tested"))).toEqual([]);
      }
    } finally {
      rmSync(folder, { recursive: true });
      instance.end();
    }
  });

  it("leaves a killed keeper to systemd, so that no two are started", async () => {
    const instance = await TestInstance.create();
    const start = () =>
      spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, "up", "--foreground", "--folder", instance.agent], {
        stdio: "ignore",
        detached: true,
        env: { PATH: process.env.PATH, HOME: instance.folder, INSTAR_DATA: dirname(instance.data), INSTAR_KEEPER_MANAGED: "systemd" },
      });
    let keeper = start();
    try {
      await until("it serves", async () => (await instance.served())?.status === 200 || undefined);
      const { agent, daemon } = instance.pids();
      process.kill(keeper.pid ?? 0, "SIGKILL");
      await until("the front is gone", async () => ((await instance.served()) === undefined ? true : undefined));
      keeper = start();
      await until("the front is back", async () => (await instance.served())?.status === 200 || undefined);
      // It serves a moment before it has written down where it is told things.
      await until("the new keeper is the one", () => (instance.pids().keeper === keeper.pid ? true : undefined));
      expect(instance.pids()).toEqual({ keeper: keeper.pid, daemon, agent });
    } finally {
      instance.end();
      keeper.kill("SIGKILL");
    }
  });
});

function startContainer(instance: TestInstance): ChildProcess {
  return spawn(
    "unshare",
    [
      "--fork",
      "--pid",
      "--mount-proc",
      "--kill-child",
      "--",
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      MAIN,
      "up",
      "--foreground",
      "--folder",
      instance.agent,
    ],
    {
      stdio: "ignore",
      env: { PATH: process.env.PATH, HOME: instance.folder, INSTAR_DATA: dirname(instance.data) },
    },
  );
}

const keepersOf = (instance: TestInstance) => processesNaming(instance.folder).filter((pid) => isKeeper(pid));

function isKeeper(pid: number): boolean {
  const words = commandOf(pid);
  return /\0(up\0--foreground|keeper)\0/.test(words) && !words.startsWith("sh\0") && !words.startsWith("unshare");
}

/** Empty for a process that has ended, also between looking for it and reading. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

function processes(): { pid: number; parent: number; state: string }[] {
  return spawnSync("ps", ["-eo", "pid=,ppid=,stat="], { encoding: "utf8" })
    .stdout.trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, state]) => ({ pid: Number(pid), parent: Number(parent), state: state ?? "" }));
}
const childrenOf = (pid: number) => processes().flatMap((each) => (each.parent === pid ? [each.pid] : []));
function zombiesBelow(pid: number): number[] {
  const all = processes();
  const below = new Set([pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const each of all)
      if (below.has(each.parent) && !below.has(each.pid)) {
        below.add(each.pid);
        grown = true;
      }
  }
  return all.filter((each) => below.has(each.pid) && each.state.startsWith("Z")).map((each) => each.pid);
}
