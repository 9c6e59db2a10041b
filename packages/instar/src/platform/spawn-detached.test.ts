import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "./clock.ts";
import { endProcessTree } from "./end-process-tree.ts";
import { isSameProcess, type ProcessIdentity, readProcessIdentity } from "./process-identity.ts";
import { type DetachedProgram, spawnDetached } from "./spawn-detached.ts";

let folder: string;
const seen: ProcessIdentity[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-spawn-"));
});
afterEach(async () => {
  for (const identity of seen.splice(0)) await endProcessTree({ identity, graceMs: 0, signal: "SIGKILL", clock: systemClock });
  await rm(folder, { recursive: true });
});

function program(script: string, more: Partial<DetachedProgram> = {}): DetachedProgram {
  const log = join(folder, "log");
  const beforeGo = async (identity: ProcessIdentity) => void seen.push(identity);
  return { argv: ["/bin/sh", "-c", script], cwd: folder, environment: { PATH: "/usr/bin:/bin" }, stdoutPath: log, stderrPath: log, beforeGo, ...more };
}

test("the identity that is recorded is the program's own, in a session of its own", async () => {
  const identity = await spawnDetached(program("echo $$ >pid; ps -o sid= -p $$ >session; exec sleep 100"));
  await expect.poll(() => readFile(join(folder, "session"), "utf8").catch(() => ""), { timeout: 10_000 }).not.toBe("");
  expect(Number(await readFile(join(folder, "pid"), "utf8"))).toBe(identity.pid);
  expect(Number(await readFile(join(folder, "session"), "utf8"))).toBe(identity.pid);
  expect(seen).toEqual([identity]);
  expect(await isSameProcess(identity)).toBe(true);
});

test("the program has not begun while its identity is being recorded", async () => {
  let began: boolean | undefined;
  const beforeGo = async (identity: ProcessIdentity) => {
    seen.push(identity);
    // Long enough for a program without a gate to have run: it would be found out, though never wrongly accused.
    for (let round = 0; round < 200; round++) await readProcessIdentity(identity.pid);
    began = existsSync(join(folder, "ran"));
  };
  await spawnDetached(program("touch ran", { beforeGo }));
  expect(began).toBe(false);
  await expect.poll(() => existsSync(join(folder, "ran")), { timeout: 10_000 }).toBe(true);
});

test("a record that cannot be written turns the program away", async () => {
  const beforeGo = async (identity: ProcessIdentity) => {
    seen.push(identity);
    throw new Error("disk full");
  };
  await expect(spawnDetached(program("touch ran", { beforeGo }))).rejects.toThrow("disk full");
  expect(await Promise.all(seen.map(isSameProcess))).toEqual([false]);
  expect(existsSync(join(folder, "ran"))).toBe(false);
});

test("a starter that is killed before the record leaves no process and nothing has run", async () => {
  const script = join(folder, "starter.ts");
  await writeFile(
    script,
    `import { spawnDetached } from ${JSON.stringify(join(import.meta.dirname, "spawn-detached.ts"))};
     await spawnDetached({ argv: ["/bin/sh", "-c", "touch ran; exec sleep 100"], cwd: ${JSON.stringify(folder)}, environment: { PATH: "/usr/bin:/bin" },
       stdoutPath: ${JSON.stringify(join(folder, "log"))}, stderrPath: ${JSON.stringify(join(folder, "log"))},
       beforeGo: (identity) => { console.log(JSON.stringify(identity)); return new Promise(() => setInterval(() => {}, 1000)); } });`,
  );
  const starter = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const identity = JSON.parse((await once(starter.stdout, "data")).toString()) as ProcessIdentity;
  seen.push(identity);
  expect(await isSameProcess(identity)).toBe(true);
  starter.kill("SIGKILL");
  await once(starter, "exit");
  await expect.poll(() => isSameProcess(identity), { timeout: 10_000 }).toBe(false);
  expect(existsSync(join(folder, "ran"))).toBe(false);
});

test("the program outlives its starter and goes on writing to its log", async () => {
  const script = join(folder, "starter.ts");
  const log = JSON.stringify(join(folder, "log"));
  await writeFile(
    script,
    `import { spawnDetached } from ${JSON.stringify(join(import.meta.dirname, "spawn-detached.ts"))};
     const identity = await spawnDetached({ argv: ["/bin/sh", "-c", "while [ ! -e over ]; do sleep 0.02; done; echo still here"], cwd: ${JSON.stringify(folder)},
       environment: { PATH: "/usr/bin:/bin" }, stdoutPath: ${log}, stderrPath: ${log}, beforeGo: async () => {} });
     console.log(JSON.stringify(identity));`,
  );
  const starter = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  seen.push(JSON.parse((await once(starter.stdout, "data")).toString()) as ProcessIdentity);
  await once(starter, "exit");
  await writeFile(join(folder, "over"), "");
  await expect.poll(() => readFile(join(folder, "log"), "utf8"), { timeout: 10_000 }).toBe("still here\n");
  expect((await stat(join(folder, "log"))).mode & 0o777).toBe(0o600);
});

test("a program that does not exist ends with 127 and says so in its log", async () => {
  const exits: (number | null)[] = [];
  await spawnDetached(program("", { argv: ["/no/such/program"], onExit: (exit) => exits.push(exit.status) }));
  await expect.poll(() => exits, { timeout: 10_000 }).toEqual([127]);
  expect(await readFile(join(folder, "log"), "utf8")).toContain("/no/such/program");
});

test("a folder that does not exist is an error, not a process", async () => {
  await expect(spawnDetached(program("true", { cwd: join(folder, "none") }))).rejects.toMatchObject({ code: "PLATFORM_FAILED" });
});

test("the program gets its own environment and no open gate", async () => {
  await spawnDetached(program("env >environment; ls /proc/self/fd >files; touch done", { environment: { PATH: "/usr/bin:/bin", MINE: "a b" } }));
  await expect.poll(() => existsSync(join(folder, "done")), { timeout: 10_000 }).toBe(true);
  const environment = await readFile(join(folder, "environment"), "utf8");
  expect(environment).toContain("MINE=a b");
  expect(environment).not.toContain("HOME=");
});
