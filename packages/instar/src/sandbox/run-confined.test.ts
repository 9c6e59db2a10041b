import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock as clock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { sandboxSettings } from "../settings/sandbox-settings.ts";
import { createBubblewrap } from "./bubblewrap.ts";
import { describeChoice } from "./find-sandbox.ts";
import { createLimits } from "./hold-limits.ts";
import { createNoSandbox } from "./no-sandbox.ts";
import { BUBBLEWRAP_PLACES } from "./prepare-bubblewrap.ts";
import { createConfinedRunner } from "./run-confined.ts";
import type { ConfinedJob, SandboxAdapter } from "./sandbox.ts";

const instanceId = `test-${randomUUID()}`;
const runJob = createJobRunner({ clock, instanceId });
const limits = createLimits({ clock, instanceId });
const hasBubblewrap = BUBBLEWRAP_PLACES.some((path) => existsSync(path));

let folder: string;
let scratch: string;
let none: SandboxAdapter;
let bubblewrap: SandboxAdapter;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-confined-"));
  scratch = join(folder, "scratch");
  await mkdir(scratch);
  none = createNoSandbox({ limits, runJob, folder: join(folder, "own") });
  bubblewrap = createBubblewrap({ limits, runJob, folder: join(folder, "own"), hidden: [] });
});
afterEach(async () => rm(folder, { recursive: true }));

function job(script: string, more: Partial<ConfinedJob> = {}): ConfinedJob {
  return {
    argv: ["/bin/sh", "-c", script],
    cwd: scratch,
    environment: { PATH: "/usr/bin:/bin" },
    timeoutMs: 30_000,
    logPath: join(folder, "log"),
    title: "a test",
    confinement: {
      use: "test",
      readable: [],
      writable: [],
      scratch,
      network: { kind: "private" },
      limits: { memoryBytes: 268_435_456, processes: 64, descriptors: 256, diskBytes: 8_388_608 },
    },
    ...more,
  };
}

const settings = (text: object) => sandboxSettings.parse(text);

describe("where there is nothing but none", () => {
  test("a job is refused, and it is said what is missing and what to do", async () => {
    const run = createConfinedRunner({ runJob, adapters: [none], settings: settings({ use: "none" }) });
    const refused = await run(job(`touch ${join(folder, "ran")}`)).catch((error: unknown) => error);
    expect(InstarError.is(refused, "SANDBOX_WEAK") && refused.facts).toMatchObject({ wanted: "none", missing: expect.arrayContaining(["files", "network"]) });
    expect(InstarError.is(refused) && refused.advice).toContain("sandbox.weaker");
    expect(existsSync(join(folder, "ran"))).toBe(false);
  });

  test("auto does not fall back to none unless weaker sandboxes are allowed", async () => {
    const strict = createConfinedRunner({ runJob, adapters: [none], settings: settings({}) });
    await expect(strict(job("true"))).rejects.toMatchObject({ code: "SANDBOX_WEAK" });
    const lenient = createConfinedRunner({ runJob, adapters: [none], settings: settings({ weaker: "allowed" }) });
    expect(await lenient(job("exit 3"))).toMatchObject({
      kind: "exited",
      status: 3,
      confinedBy: { sandbox: "none", missing: expect.arrayContaining(["files", "network"]) },
    });
  });

  test("nothing is insisted on where the operator says so", async () => {
    const run = createConfinedRunner({ runJob, adapters: [none], settings: settings({ use: "none", least: { test: [] } }) });
    expect(await run(job("true"))).toMatchObject({ kind: "exited", status: 0, confinedBy: { sandbox: "none", missing: [] } });
  });
});

const loose = { use: "none", weaker: "allowed" };

test("variables of sandbox.environment reach the job, and win", async () => {
  const run = createConfinedRunner({ runJob, adapters: [none], settings: settings({ ...loose, environment: { COLOUR: "blue" } }) });
  expect(await run(job('echo "$COLOUR"', { environment: { PATH: "/usr/bin:/bin", COLOUR: "red" } }))).toMatchObject({ tail: "blue" });
});

test("a program that is not there is not started, and told in the runner's own words", async () => {
  const run = createConfinedRunner({ runJob, adapters: [none], settings: settings(loose) });
  expect(await run(job("", { argv: ["instar-no-such-program"] }))).toMatchObject({
    kind: "not-started",
    because: "there is no program instar-no-such-program",
  });
});

test("a job that exceeds a limit is ended, and told which", async () => {
  const run = createConfinedRunner({ runJob, adapters: [none], settings: settings(loose) });
  const result = await run(job('i=0; while [ "$i" -lt 90 ]; do sleep 30 & i=$((i+1)); done; wait'));
  expect(result).toMatchObject({ kind: "stopped", exceeded: expect.stringContaining("sandbox.limits.processes allows 64") });
});

test("nothing of a job stays in Instar's own folder", async () => {
  const run = createConfinedRunner({ runJob, adapters: [none], settings: settings(loose) });
  await run(job("true"));
  expect(await readdir(join(folder, "own"))).toEqual([]);
});

describe.skipIf(!hasBubblewrap)("with bubblewrap", () => {
  test("auto takes it, and nothing is missing", async (context) => {
    if (!(await bubblewrap.describe()).available) return context.skip();
    const run = createConfinedRunner({ runJob, adapters: [none, bubblewrap], settings: settings({}) });
    expect(await run(job("ls /"))).toMatchObject({ kind: "exited", status: 0, confinedBy: { sandbox: "bubblewrap", missing: [] } });
    const choice = await describeChoice("rehearse", { adapters: [none, bubblewrap], settings: settings({}) });
    expect(choice).toMatchObject({ sandbox: "bubblewrap", missing: [], canPlace: true, enforces: expect.arrayContaining(["files", "network", "time"]) });
  });

  test("a rehearsed agent has the agent's filter, and every other job the stricter one", async (context) => {
    if (!(await bubblewrap.describe()).available) return context.skip();
    const run = createConfinedRunner({ runJob, adapters: [bubblewrap], settings: settings({}) });
    // openat2(2), number 437 on x64 and arm64, with a size that the kernel refuses: EINVAL where it is reached, ENOSYS where the filter answers.
    const asks = job("", {
      argv: ["/usr/bin/python3", "-c", "import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall(437, -100, b'/', b'', 0); print(ctypes.get_errno())"],
    });
    const answers = async (use: "test" | "rehearse") => (await run({ ...asks, confinement: { ...asks.confinement, use } })).tail;
    if (!existsSync("/usr/bin/python3")) return context.skip();
    expect([await answers("test"), await answers("rehearse")]).toEqual(["38", "22"]);
  });

  test("a tool that vanished after it was tried runs nothing outside", async (context) => {
    if (!(await bubblewrap.describe()).available) return context.skip();
    const gone = createBubblewrap({ limits, runJob, folder: join(folder, "own"), hidden: [], tool: join(folder, "bwrap") });
    const run = createConfinedRunner({ runJob, adapters: [{ ...gone, describe: bubblewrap.describe }], settings: settings({}) });
    await expect(run(job(`touch ${join(scratch, "ran")}`))).rejects.toMatchObject({ code: "SANDBOX_FAILED" });
    expect(existsSync(join(scratch, "ran"))).toBe(false);
  });
});
