import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../packages/instar/src/platform/clock.ts";
import { createJobRunner } from "../../packages/instar/src/platform/run-job.ts";
import { createBubblewrap } from "../../packages/instar/src/sandbox/bubblewrap.ts";
import { createLimits } from "../../packages/instar/src/sandbox/hold-limits.ts";
import { createNoSandbox } from "../../packages/instar/src/sandbox/no-sandbox.ts";
import { runEntered } from "../../packages/instar/src/sandbox/run-entered.ts";
import type { ConfinedJob, RunConfined, StartConfined } from "../../packages/instar/src/sandbox/sandbox.ts";
import { createSandboxRuntime } from "../../packages/instar/src/sandbox/sandbox-runtime.ts";
import { createConfinedStarter } from "../../packages/instar/src/sandbox/start-confined.ts";
import type { Place } from "../place.ts";
import type { Way } from "./sandbox-samples.ts";

export type Sandboxed = Exclude<Way, "bare">;

export interface Subject {
  readonly run: RunConfined;
  readonly start: StartConfined;
}

export interface Subjects {
  /** A reason where a sandbox is not there. */
  readonly of: Readonly<Record<Sandboxed, Subject | string>>;
  /** A job with a new scratch folder. */
  readonly job: (argv: readonly string[], more?: { readonly cwd?: string; readonly readable?: readonly string[] }) => ConfinedJob;
}

/** The sandboxes as the daemon puts them together, each described first, so that what is looked at once is not measured. */
export async function openSubjects(place: Place): Promise<Subjects> {
  const instanceId = `bench-${randomUUID()}`;
  const runJob = createJobRunner({ clock: systemClock, instanceId });
  const options = { runJob, limits: createLimits({ clock: systemClock, instanceId }), folder: join(place.folder, "sandboxes"), hidden: [] };
  const adapters = [createNoSandbox(options), createBubblewrap(options), createSandboxRuntime(options)];
  const found: Partial<Record<Sandboxed, Subject | string>> = {};
  for (const adapter of adapters) {
    const report = await adapter.describe();
    const run: RunConfined = async (job) => ({ ...(await runEntered(adapter, job, runJob)), confinedBy: { sandbox: adapter.name, missing: [] } });
    found[adapter.name] = report.available ? { run, start: createConfinedStarter({ runConfined: run, clock: systemClock }) } : report.because;
  }
  return { of: found as Record<Sandboxed, Subject | string>, job: createJobs(place) };
}

function createJobs(place: Place): Subjects["job"] {
  let made = 0;
  return (argv, { cwd, readable = [] } = {}) => {
    made += 1;
    const folder = join(place.folder, `job-${made}`);
    const scratch = join(folder, "scratch");
    mkdirSync(scratch, { recursive: true });
    return {
      argv,
      cwd: cwd ?? scratch,
      environment: plainEnvironment(scratch),
      timeoutMs: 300_000,
      logPath: join(folder, "log"),
      title: "bench",
      confinement: {
        use: "test",
        readable: [process.execPath, ...readable],
        writable: [],
        scratch,
        network: { kind: "private" },
        limits: { memoryBytes: 4 * 1_073_741_824, processes: 512, descriptors: 4_096, diskBytes: 1_073_741_824 },
      },
    };
  };
}

/** The same for the bare program. */
export const plainEnvironment = (scratch: string): Record<string, string> => ({ PATH: "/usr/bin:/bin", HOME: scratch, TMPDIR: scratch });
