import { mkdir, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { HealthReport } from "../../observation/health-report.ts";
import { probeHealth } from "../../observation/probe-health.ts";
import type { JobResult, RunJob } from "../../platform/run-job.ts";
import type { RehearsedAgent } from "../../rehearsal/rehearsed-agent.ts";
import type { ConfinedService, ExecResult, SandboxChoice } from "../../sandbox/sandbox.ts";
import { planAgentEnvironment } from "../../settings/plan-agent-environment.ts";
import { planCommand } from "../../settings/plan-command.ts";
import { planConfinement } from "../confine-jobs.ts";
import { judgeAnswerer } from "../judge-answerer.ts";
import type { StepRooms } from "../step-rooms.ts";
import { askRehearsed } from "./ask-rehearsed.ts";
import type { RehearsalPlace } from "./plan-rehearsal-place.ts";
import { readLoopDelay } from "./read-loop-delay.ts";
import { readRehearsedUsage } from "./read-rehearsed-usage.ts";

export interface RehearsedBoot {
  readonly release: string;
  readonly version: string;
  /** The copy of the state that this start may write to, on this machine; null where the agent has none. */
  readonly stateCopy: string | null;
  readonly place: RehearsalPlace;
  readonly choice: SandboxChoice;
  /** Of this start alone. */
  readonly scratch: string;
  readonly environmentFile: Readonly<Record<string, string>>;
}

export interface BootedAgent extends RehearsedAgent {
  /** Waits until its health checks pass, for health.readyWithin at most. Silence and a dead process are answers, not errors. */
  waitUntilReady(signal: AbortSignal): Promise<HealthReport>;
  /** Asks it to stop, as its slot would, and ends what is left. Returns when nothing of it runs. */
  end(): Promise<void>;
}

const READY_POLL_MS = 100;
const LOG_BYTES = 1_048_576;

/**
 * Starts a release aside: in the sandbox, on a copy of the state, with its own loopback where there is one. It gets what its slot would give
 * it, except for the home folder, which is empty, and for what `rehearsal.environment` says otherwise.
 *
 * @throws InstarError SANDBOX_WEAK, SANDBOX_FAILED, SETTINGS_INVALID
 */
export async function bootRehearsed(rooms: StepRooms, boot: RehearsedBoot): Promise<BootedAgent> {
  const { settings, releases, clock } = rooms;
  const { place, scratch } = boot;
  await mkdir(join(scratch, "home/tmp"), { recursive: true, mode: 0o700 });
  const tree = releases.treePath(boot.release);
  const stateInside = boot.stateCopy === null ? null : (place.stateAt ?? boot.stateCopy);
  const logPath = join(scratch, "agent.log");
  const loopFile = join(scratch, "home/.event-loop.jsonl");
  const values = { release: tree, ...(place.port === null ? {} : { port: place.port }), ...(stateInside === null ? {} : { state: stateInside }) };
  const environment = planRehearsedEnvironment(rooms, boot, stateInside, loopFile);
  const cwd = join(tree, settings.agent.directory);
  const startedAtMs = clock.wallMs();
  const service = await rooms.startConfined({
    argv: planCommand(settings.agent.start, values),
    cwd,
    environment,
    // The whole rehearsal is bounded by its driver; this only ends what a dead daemon's successor would otherwise find.
    timeoutMs: settings.rehearsal.within + settings.health.readyWithin * 2 + 60_000,
    logPath,
    title: `rehearsal of ${boot.version}`,
    confinement: {
      ...planConfinement(
        rooms,
        {
          use: "rehearse",
          readable: [tree, `${rooms.folder}/dependencies`, place.probePath],
          writable: boot.stateCopy === null ? [] : [boot.stateCopy],
          scratch,
          network: place.isPrivate ? { kind: "private" } : { kind: "host" },
        },
        cwd,
      ),
      ...(boot.stateCopy === null || place.stateAt === null ? {} : { placed: [{ from: boot.stateCopy, at: place.stateAt }] }),
    },
  });
  let isOver = false;
  service.ended.then(
    () => {
      isOver = true;
    },
    () => {
      isOver = true;
    },
  );
  const connect = (port: number) => service.connect(port);
  const asked = askRehearsed({ port: place.port, connect, clock });
  const target = () => ({
    alive: !isOver,
    port: place.port,
    connect,
    cwd,
    // As this machine sees it: the heartbeat is looked at from outside.
    stateDirectory: boot.stateCopy,
    releaseFolder: tree,
    logPath,
    logFrom: 0,
    startedAtMs,
    environment,
  });
  return {
    version: boot.version,
    ask: asked.ask,
    isAlive: () => !isOver,
    run: async (command, timeoutMs) => {
      const result = await service.exec({ argv: planCommand(command, values), cwd, environment, timeoutMs });
      if (result.kind !== "exited") return { kind: "failed", because: result.because };
      return { kind: "exited", status: result.status, output: result.stdout === "" ? result.stderr : result.stdout };
    },
    readUsage: () => readRehearsedUsage(service.pid),
    readEventLoop: () => readLoopDelay(loopFile),
    readLog: () => readNewest(logPath),
    waitUntilReady: async (signal) => {
      const untilMs = clock.monotonicMs() + settings.health.readyWithin;
      let last: HealthReport = { verdict: "nodata", because: "it was not asked yet" };
      while (clock.monotonicMs() < untilMs) {
        signal.throwIfAborted();
        if (isOver) return { verdict: "fail", because: await sayEnd(service, logPath) };
        last = await probeHealth(place.settings, target(), { clock, runJob: execAsJob(service), jobLogPath: logPath });
        // Where both share this machine's loopback, a version whose port somebody else has would pass by the other's answer.
        if (last.verdict === "pass" && !place.isPrivate) last = await judgeAnswerer({ port: place.port, pid: service.pid }, last);
        if (last.verdict === "pass") return last;
        await clock.sleep(READY_POLL_MS, signal);
      }
      return {
        verdict: "fail",
        because: `it was not ready within ${Math.round(settings.health.readyWithin / 1_000)} s: ${last.because}${await sayLast(logPath)}`,
      };
    },
    end: async () => {
      asked.close();
      await service.end({ signal: settings.agent.stopSignal, graceMs: settings.agent.stopWithin });
    },
  };
}

function planRehearsedEnvironment(rooms: StepRooms, boot: RehearsedBoot, stateInside: string | null, loopFile: string): Record<string, string> {
  const { settings, inherited } = rooms;
  const home = join(boot.scratch, "home");
  const environment = {
    ...planAgentEnvironment({
      settings,
      release: { id: boot.release, version: boot.version },
      inherited: { ...inherited, HOME: home, TMPDIR: join(home, "tmp") },
      ...(boot.place.port === null ? {} : { port: boot.place.port }),
      ...(stateInside === null ? {} : { stateDirectory: stateInside }),
      environmentFile: boot.environmentFile,
    }),
    ...settings.rehearsal.environment,
  };
  // Programs that are not Node pass it over.
  const options = [environment.NODE_OPTIONS, `--import=${boot.place.probePath}`].filter((option) => option !== undefined && option !== "").join(" ");
  return { ...environment, NODE_OPTIONS: options, INSTAR_EVENT_LOOP_FILE: loopFile };
}

/** What a health command needs of a job runner, by a program beside the agent in its sandbox. */
function execAsJob(service: ConfinedService): RunJob {
  return async ({ argv, cwd, environment, timeoutMs }) => asJobResult(await service.exec({ argv, cwd, environment, timeoutMs }), timeoutMs);
}

function asJobResult(result: ExecResult, timeoutMs: number): JobResult {
  const rest = { tail: `${result.stdout}${result.stderr}`.slice(-8_192), leftBehind: 0, durationMs: 0 };
  switch (result.kind) {
    case "exited":
      return { kind: "exited", status: result.status, ...rest };
    case "timed-out":
      return { kind: "timed-out", afterMs: timeoutMs, ...rest };
    case "signalled":
      return { kind: "signalled", signal: "SIGKILL", ...rest };
    case "not-started":
      return { kind: "not-started", because: result.because, ...rest };
    default:
      return result satisfies never;
  }
}

async function sayEnd(service: ConfinedService, logPath: string): Promise<string> {
  const end = await service.ended.catch((error: unknown) => (InstarError.is(error) ? error : new InstarError("SANDBOX_FAILED", String(error))));
  const how =
    end instanceof InstarError
      ? end.message
      : (end.exceeded ??
        (end.kind === "exited" ? `it exited with ${end.status}` : end.kind === "signalled" ? `it was ended by ${end.signal}` : `it ${end.kind}`));
  return `${how} before it was ready${await sayLast(logPath)}`;
}

/** The end of what it wrote: the words that tell why. */
async function sayLast(logPath: string): Promise<string> {
  const lines = (await readNewest(logPath))
    .trimEnd()
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("== "));
  const words = lines.slice(-3).join(" | ").slice(-300);
  return words === "" ? "" : `; its output ends: ${words}`;
}

async function readNewest(path: string): Promise<string> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) return "";
  const file = await open(path);
  try {
    const from = Math.max(0, size - LOG_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}
