import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makePrivateFolder } from "../platform/durable-files.ts";
import type { JobResult, RunJob } from "../platform/run-job.ts";
import { runEntered } from "./run-entered.ts";
import type { Confinement, SandboxAdapter } from "./sandbox.ts";
import { PROBE, type ProbeAnswers, parseProbeAnswers } from "./sandbox-probe.ts";

/** What a hostile program could do, and what happened when it went on past each limit. */
export interface SandboxTrial {
  readonly answers: ProbeAnswers;
  readonly wroteOutside: boolean;
  readonly reachedOutside: boolean;
  /** The words with which a limit ended it; undefined where it went on. */
  readonly memory: string | undefined;
  readonly processes: string | undefined;
}

/** Small, so that a trial costs little; above what Node needs to start. */
const MEMORY_BYTES = 160 * 1_048_576;
const PROCESSES = 16;
const DESCRIPTORS = 64;
const DISK_BYTES = 1_048_576;
const TIMEOUT_MS = 30_000;
/** More processes than allowed, which wait, so that somebody can count them. */
const CROWD = 'i=0; while [ "$i" -lt 40 ]; do sleep 10 & i=$((i+1)); done; wait';

/**
 * Runs two small hostile programs in a sandbox, with a decoy secret, a file outside and a listener on this machine's loopback, and tells what came
 * of it: some hundred milliseconds.
 *
 * @param folder private; what the trial makes in it is removed
 * @throws InstarError SANDBOX_FAILED
 */
export async function trySandbox(adapter: SandboxAdapter, { runJob, folder }: { runJob: RunJob; folder: string }): Promise<SandboxTrial> {
  await makePrivateFolder(folder);
  const place = await mkdtemp(join(folder, `trial-${process.pid}-`));
  const elsewhere = await mkdtemp(join(tmpdir(), ELSEWHERE));
  await sweepElsewhere(elsewhere);
  const listener = await listen();
  try {
    const secrets = [join(place, "secret"), join(elsewhere, "secret")];
    for (const path of secrets) await writeSecret(path);
    const scratches = [join(place, "scratch"), join(place, "crowd")];
    for (const path of scratches) await mkdir(path);
    const [first = "", second = ""] = scratches;
    const target = join(elsewhere, "written");
    const words = [...secrets, target, String(listener.port), first, String(DISK_BYTES), String(DESCRIPTORS)];
    const [probe, crowd] = await Promise.all([
      run(adapter, [process.execPath, "-e", PROBE, ...words], { scratch: first, processes: 128, memoryBytes: MEMORY_BYTES }, runJob),
      run(adapter, ["/bin/sh", "-c", CROWD], { scratch: second, processes: PROCESSES, memoryBytes: 1_073_741_824 }, runJob),
    ]);
    return {
      answers: parseProbeAnswers(probe.tail),
      wroteOutside: (await stat(target).catch(() => undefined)) !== undefined,
      reachedOutside: listener.wasReached(),
      memory: probe.exceeded,
      processes: crowd.exceeded,
    };
  } finally {
    listener.server.close();
    await Promise.all([place, elsewhere].map((path) => rm(path, { recursive: true, force: true })));
  }
}

function run(
  adapter: SandboxAdapter,
  argv: readonly string[],
  { scratch, processes, memoryBytes }: { scratch: string; processes: number; memoryBytes: number },
  runJob: RunJob,
): Promise<JobResult> {
  const confinement: Confinement = {
    use: "check",
    readable: [process.execPath],
    writable: [],
    scratch,
    network: { kind: "private" },
    limits: { memoryBytes, processes, descriptors: DESCRIPTORS, diskBytes: DISK_BYTES },
  };
  const environment = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: scratch };
  return runEntered(
    adapter,
    { argv, cwd: scratch, environment, timeoutMs: TIMEOUT_MS, logPath: join(dirname(scratch), "log"), title: "trial", confinement },
    runJob,
  );
}

const ELSEWHERE = "instar-trial-";
/** No trial lasts as long. */
const STALE_MS = 3_600_000;

/** What trials left behind whose process was killed: our own user's only, and none that may still be under way. */
async function sweepElsewhere(own: string): Promise<void> {
  const { mtimeMs, uid } = await stat(own);
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(ELSEWHERE));
  for (const path of names.map((name) => join(tmpdir(), name))) {
    const found = await stat(path).catch(() => undefined);
    if (found?.uid === uid && found.mtimeMs < mtimeMs - STALE_MS) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function writeSecret(path: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  await file.write(randomUUID());
  await file.close();
}

async function listen(): Promise<{ server: Server; port: number; wasReached: () => boolean }> {
  let reached = false;
  const server = createServer((socket) => {
    reached = true;
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0, wasReached: () => reached };
}
