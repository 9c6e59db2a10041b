import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "./clock.ts";
import { endProcessTree, readProcessTree } from "./end-process-tree.ts";
import { isSameProcess, type ProcessIdentity, readProcessIdentity } from "./process-identity.ts";

const clock = systemClock;
/** The same tests may run twice on one machine. */
const mine = randomUUID();
const started: ChildProcess[] = [];
const seen: ProcessIdentity[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) endGroup(child);
  for (const identity of seen.splice(0)) if (await isSameProcess(identity)) process.kill(identity.pid, "SIGKILL");
});

/** Not by the code under test: it must leave nothing behind even when that is broken. */
function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** Starts a shell in a session of its own and reads the pids that it prints, one a line. */
async function start(script: string, pids: number, environment: Record<string, string> = {}): Promise<{ root: ProcessIdentity; others: ProcessIdentity[] }> {
  const child = spawn("sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"], env: { PATH: process.env.PATH ?? "", ...environment } });
  started.push(child);
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await expect.poll(() => text.split("\n").length - 1, { timeout: 5_000 }).toBe(pids);
  const others = await Promise.all(
    text
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((pid) => identify(Number(pid))),
  );
  return { root: await identify(child.pid ?? 0), others };
}

/** The leader waits to be killed, so that it can be identified first. */
async function startAndLose(script: string, pids: number): Promise<{ root: ProcessIdentity; others: ProcessIdentity[] }> {
  const found = await start(`${script}; wait`, pids);
  process.kill(found.root.pid, "SIGKILL");
  await expect.poll(() => isSameProcess(found.root), { timeout: 5_000 }).toBe(false);
  return found;
}

async function identify(pid: number): Promise<ProcessIdentity> {
  const identity = await readProcessIdentity(pid);
  if (identity === undefined) throw new Error(`${pid} is gone already`);
  seen.push(identity);
  return identity;
}

async function areGone(identities: readonly ProcessIdentity[]): Promise<boolean> {
  return (await Promise.all(identities.map(isSameProcess))).every((alive) => !alive);
}

test("a tree ends with its group and with a child that took a session of its own", async () => {
  const { root, others } = await start("sleep 100 & echo $!; setsid sleep 100 & echo $!; wait", 2);
  expect(await endProcessTree({ identity: root, graceMs: 0, signal: "SIGTERM", clock })).toBeGreaterThanOrEqual(3);
  expect(await areGone([root, ...others])).toBe(true);
});

test.skipIf(process.platform !== "linux")("what left by setsid and a double fork is found by its marker", async () => {
  const script = "(setsid sh -c 'echo $$; exec sleep 100' &) ; exec sleep 100";
  const { root, others } = await start(script, 1, { INSTAR_TEST: `${mine}/this/one` });
  const { others: strangers } = await start(script, 1, { INSTAR_TEST: `${mine}/this/one/not` });
  await endProcessTree({ identity: root, marker: { name: "INSTAR_TEST", value: `${mine}/this/one` }, graceMs: 0, signal: "SIGTERM", clock });
  expect(await areGone([root, ...others])).toBe(true);
  expect(await areGone(strangers)).toBe(false);
  expect(await endProcessTree({ marker: { name: "INSTAR_TEST", value: `${mine}/this/`, isPrefix: true }, graceMs: 0, signal: "SIGTERM", clock })).toBe(2);
});

test("the rest of a group is ended although its leader has gone", async () => {
  const { root, others } = await startAndLose("sleep 100 & echo $!; sleep 100 & echo $!", 2);
  await endProcessTree({ identity: root, graceMs: 0, signal: "SIGTERM", clock });
  expect(await areGone(others)).toBe(true);
});

test("a polite program is asked once and has time to end by itself", async () => {
  const script =
    'process.on("SIGTERM", () => { console.log("asked"); setTimeout(() => process.exit(3), 200); }); setInterval(() => {}, 1000); console.log("ready");';
  const child = spawn(process.execPath, ["-e", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await expect.poll(() => text, { timeout: 10_000 }).toContain("ready");
  const exit = once(child, "exit");
  await endProcessTree({ pid: child.pid ?? 0, graceMs: 20_000, signal: "SIGTERM", clock });
  expect(await exit).toEqual([3, null]);
  expect(text.match(/asked/g)).toHaveLength(1);
});

test("one that ignores the question is killed when its time is up", async () => {
  const { root, others } = await start("trap '' TERM; sleep 100 & echo $!; while :; do wait; done", 1);
  await endProcessTree({ identity: root, graceMs: 100, signal: "SIGTERM", clock });
  expect(await areGone([root, ...others])).toBe(true);
});

test.skipIf(process.platform !== "linux")("a tree that forks while it is being ended is ended all the same", async () => {
  const breed = "i=0; while [ $i -lt 150 ]; do setsid sleep 100 & i=$((i+1)); done";
  const { root } = await start(`(${breed}) & (${breed}) & echo $$; wait`, 1, { INSTAR_TEST: `${mine}/breeder` });
  const marker = { name: "INSTAR_TEST", value: `${mine}/breeder` };
  await endProcessTree({ identity: root, graceMs: 0, signal: "SIGKILL", clock, marker });
  expect(await readProcessTree({ identity: root, marker })).toEqual([]);
});

test("a pid that has passed to another process is left alone, with its group", async () => {
  const { root, others } = await start("sleep 100 & echo $!; wait", 1);
  const earlier = { pid: root.pid, startedAt: `${root.startedAt}0` };
  expect(await endProcessTree({ identity: earlier, graceMs: 0, signal: "SIGKILL", clock })).toBe(0);
  expect(await areGone([root, ...others])).toBe(false);
  expect((await Promise.all([root, ...others].map(isSameProcess))).every(Boolean)).toBe(true);
});

test.skipIf(process.platform !== "linux")("a group of after a reboot is not the one of before it", async () => {
  const { root, others } = await startAndLose("sleep 100 & echo $!", 1);
  expect(await endProcessTree({ identity: { pid: root.pid, startedAt: "an-earlier-boot/5" }, graceMs: 0, signal: "SIGKILL", clock })).toBe(0);
  expect(await areGone(others)).toBe(false);
});

test("neither pid 1, nor this process, nor its ancestors are ever touched", async () => {
  for (const pid of [-1, 0, 1, process.pid, process.ppid]) expect(await endProcessTree({ pid, graceMs: 0, signal: "SIGKILL", clock })).toBe(0);
});
