import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "./clock.ts";
import { endProcessTree } from "./end-process-tree.ts";
import { describeJobContainment, type TreeEnds } from "./job-containment.ts";
import { isSameProcess, type ProcessIdentity, readProcessIdentity } from "./process-identity.ts";
import { createJobRunner, endLeftoverJobs, type JobSpec } from "./run-job.ts";

const clock = systemClock;
const best = (await describeJobContainment()).treeEnds;
const modes = (["namespace", "marker", "group"] as const).filter(
  (mode) => mode === "group" || (mode === "marker" ? process.platform === "linux" : best === "namespace"),
);
/** Its own: the same tests may run twice on one machine, and each ends what it takes for its leftovers. */
const instanceId = `test-${randomUUID()}`;
const strayMarker = { name: "INSTAR_TEST_STRAY", value: `${process.pid}` };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-job-"));
});
afterEach(async () => {
  await endProcessTree({ marker: strayMarker, graceMs: 0, signal: "SIGKILL", clock });
  await rm(folder, { recursive: true });
});

function job(script: string, more: Partial<JobSpec> = {}): JobSpec {
  const environment = { PATH: process.env.PATH ?? "", [strayMarker.name]: strayMarker.value };
  return { argv: ["/bin/sh", "-c", script], cwd: folder, environment, timeoutMs: 30_000, logPath: join(folder, "log"), title: "a test", ...more };
}

function runner(mode: TreeEnds) {
  return createJobRunner({ clock, instanceId, mode });
}

/** Living processes that a script of these tests started: none may be left. */
async function strays(): Promise<number> {
  return endProcessTree({ marker: strayMarker, graceMs: 0, signal: "SIGKILL", clock });
}

describe.each(modes)("with a %s", (mode) => {
  test("a program's status, its output in order and its log are told", async () => {
    const lines: string[] = [];
    const result = await runner(mode)(job("echo one; echo two >&2; printf three; exit 7", { onLine: (line) => lines.push(line) }));
    expect(result).toMatchObject({ kind: "exited", status: 7, tail: "one\ntwo\nthree", leftBehind: 0 });
    expect(lines).toEqual(["one", "two", "three"]);
    expect(await readFile(join(folder, "log"), "utf8")).toBe("== a test\none\ntwo\nthree");
    expect((await stat(join(folder, "log"))).mode & 0o777).toBe(0o600);
  });

  test("a program that a signal ended is told from one that exited", async () => {
    expect(await runner(mode)(job("kill -SEGV $$"))).toMatchObject({ kind: "signalled", signal: "SIGSEGV" });
    expect(await runner(mode)(job("kill -TERM $$"))).toMatchObject({ kind: "signalled", signal: "SIGTERM" });
  });

  test("its input is empty, and it may open its own output by name", async () => {
    expect(await runner(mode)(job("cat; echo by name >/dev/stdout; echo again >/dev/stderr"))).toMatchObject({ status: 0, tail: "by name\nagain" });
  });

  test("it gets its environment, its folder, its arguments untouched, and goes first when memory runs out and last to the processor", async () => {
    const argv = [
      "/bin/sh",
      "-c",
      'echo "$0|$1|$2"; pwd; cat /proc/self/oom_score_adj; nice; cat /proc/self/autogroup || echo no groups; env',
      'a "b" $c',
      "-n",
      "",
    ];
    const result = await runner(mode)(job("", { argv }));
    const lines = result.tail.split("\n");
    expect(lines.slice(0, 4)).toEqual(['a "b" $c|-n|', folder, "1000", String(getPriority() + 10)]);
    expect(lines[4]).toMatch(/nice 10$|no groups|No such file/);
    expect(lines.some((line) => line.startsWith(`INSTAR_JOB=${instanceId}/`))).toBe(true);
    expect(lines.some((line) => line.startsWith("HOME="))).toBe(false);
  });

  test("the whole tree ends at the deadline", async () => {
    const result = await runner(mode)(job("sleep 100 & sleep 100 | cat", { timeoutMs: 300 }));
    expect(result).toMatchObject({ kind: "timed-out", afterMs: 300 });
    expect(await strays()).toBe(0);
  });

  test("the whole tree ends when the job is stopped, and one stopped earlier never starts", async () => {
    const stop = new AbortController();
    const running = runner(mode)(job("sleep 100 & echo begun; wait", { signal: stop.signal, onLine: () => stop.abort() }));
    expect(await running).toMatchObject({ kind: "stopped" });
    expect(await strays()).toBe(0);
    expect(await runner(mode)(job("touch ran", { signal: stop.signal }))).toMatchObject({ kind: "stopped" });
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  test("what a program leaves behind is counted and ended, and cannot hold the job open", async () => {
    const result = await runner(mode)(job("sleep 100 & sleep 100 & echo done"));
    expect(result).toMatchObject({ kind: "exited", status: 0, tail: "done", leftBehind: 2 });
    expect(await strays()).toBe(0);
  });

  test.skipIf(mode === "group")("what left by setsid and a double fork is ended too", async () => {
    const result = await runner(mode)(job("(setsid sh -c 'setsid sleep 100 & exec sleep 100' &) ; sleep 0.1; echo done"));
    expect(result).toMatchObject({ kind: "exited", status: 0, leftBehind: 2 });
    expect(await strays()).toBe(0);
  });

  test("the whole tree ends with the daemon that started it", async () => {
    const pids = join(folder, "pids");
    const script = `echo $$ >>${pids}; sleep 100 & echo $! >>${pids}; ${mode === "namespace" ? "setsid sleep 100 &" : ""} touch begun; wait`;
    await daemonThatIsKilled(job(script, { timeoutMs: 60_000 }), mode);
    // Nobody but the job's own containment ends them: this only looks.
    await expect.poll(livingStrays, { timeout: 10_000 }).toBe(0);
  });

  test("a flood of output neither blocks nor grows the log beyond its limit", async () => {
    const result = await runner(mode)(job("echo first; head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last", { logLimitBytes: 10_000 }));
    expect(result).toMatchObject({ kind: "exited", status: 0 });
    expect(result.tail.endsWith("last")).toBe(true);
    expect(Buffer.byteLength(result.tail)).toBeLessThanOrEqual(8_192);
    const log = await readFile(join(folder, "log"), "utf8");
    expect(log.length).toBeLessThan(10_200);
    expect(log).toMatch(/^== a test\nfirst\nx/);
    expect(log).toMatch(/== 4999\d+ bytes left out here ==/);
    expect(log.endsWith("x\nlast\n")).toBe(true);
  });
});

async function livingStrays(): Promise<number> {
  const { readProcessTree } = await import("./end-process-tree.ts");
  return (await readProcessTree({ marker: strayMarker })).length;
}

/** Runs a job in a process of its own, kills that process once the job has begun, and waits for it to be gone. */
async function daemonThatIsKilled(spec: JobSpec, mode: TreeEnds): Promise<void> {
  const script = join(folder, "daemon.ts");
  await writeFile(
    script,
    `import { createJobRunner } from ${JSON.stringify(join(import.meta.dirname, "run-job.ts"))};
     import { systemClock } from ${JSON.stringify(join(import.meta.dirname, "clock.ts"))};
     await createJobRunner({ clock: systemClock, instanceId: ${JSON.stringify(instanceId)}, mode: ${JSON.stringify(mode)} })(${JSON.stringify(spec)});`,
  );
  const daemon = spawn(process.execPath, [script], { stdio: ["ignore", "ignore", "inherit"] });
  await expect.poll(() => existsSync(join(folder, "begun")), { timeout: 20_000 }).toBe(true);
  daemon.kill("SIGKILL");
  await once(daemon, "exit");
}

test.skipIf(process.platform !== "linux")("a later daemon ends what an earlier one's jobs left, and nobody else's", async () => {
  await daemonThatIsKilled(job("(setsid sh -c 'echo $$ >pid; touch begun; exec sleep 100' &) ; sleep 100"), "marker");
  const left = (await readProcessIdentity(Number(await readFile(join(folder, "pid"), "utf8")))) as ProcessIdentity;
  expect(await endLeftoverJobs({ clock, instanceId: instanceId.slice(0, -1) })).toBe(0);
  expect(await isSameProcess(left)).toBe(true);
  expect(await endLeftoverJobs({ clock, instanceId })).toBeGreaterThanOrEqual(1);
  expect(await isSameProcess(left)).toBe(false);
});

test("what cannot start says why", async () => {
  const run = createJobRunner({ clock, instanceId });
  expect(await run(job("", { argv: ["no-such-program"] }))).toMatchObject({ kind: "not-started", because: "there is no program no-such-program" });
  expect(await run(job("", { argv: [] }))).toMatchObject({ kind: "not-started" });
  expect(await run(job("", { argv: [folder] }))).toMatchObject({ kind: "not-started" });
  expect(await run(job("true", { cwd: join(folder, "none") }))).toMatchObject({ kind: "not-started", because: `there is no folder ${join(folder, "none")}` });
});

test("a program that exits with 127 was started all the same", async () => {
  expect(await createJobRunner({ clock, instanceId })(job("exit 127"))).toMatchObject({ kind: "exited", status: 127 });
});

test("several jobs at once do not end each other", async () => {
  const run = createJobRunner({ clock, instanceId });
  const results = await Promise.all([1, 2, 3, 4].map((status) => run(job(`sleep 0.${status}; exit ${status}`, { logPath: join(folder, `log${status}`) }))));
  expect(results.map((result) => result.kind === "exited" && result.status)).toEqual([1, 2, 3, 4]);
});
