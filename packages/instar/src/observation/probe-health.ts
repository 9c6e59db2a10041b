import { open, stat } from "node:fs/promises";
import { connect } from "node:net";
import { isAbsolute, join } from "node:path";
import type { Clock } from "../platform/clock.ts";
import type { RunJob } from "../platform/run-job.ts";
import { planCommand } from "../settings/plan-command.ts";
import type { Settings } from "../settings/settings.ts";
import { ANSWER_WITHIN_MS, askHttp, type Connect } from "./ask-http.ts";
import type { HealthReport } from "./health-report.ts";

export interface HealthTarget {
  readonly alive: boolean;
  readonly port: number | null;
  /** How its port is reached, where that is not at this machine's loopback: a version in a sandbox. */
  readonly connect?: Connect;
  readonly cwd: string;
  readonly stateDirectory: string | null;
  readonly releaseFolder: string;
  readonly logPath: string;
  /** Where this start's output begins in the log. */
  readonly logFrom: number;
  readonly startedAtMs: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface HealthTools {
  readonly clock: Clock;
  readonly runJob: RunJob;
  readonly jobLogPath: string;
}

/**
 * Asks a running agent how it is, by everything that instar.yaml names: all must pass. An agent with a port and no named
 * check passes when something answers there; one without either is at least alive. Silence is `nodata`, never a pass.
 */
export async function probeHealth(settings: Settings, target: HealthTarget, tools: HealthTools): Promise<HealthReport> {
  if (!target.alive) return { verdict: "fail", because: "its process is gone" };
  const { health } = settings;
  const checks: Promise<HealthReport>[] = [];
  if (health.http !== undefined && target.port !== null) checks.push(askHttp(target, { ...health.http, named: "health.http" }));
  if (health.heartbeat !== undefined) checks.push(askHeartbeat(health.heartbeat, target, tools.clock));
  if (health.log !== undefined) checks.push(askLog(health.log, target));
  if (health.command !== undefined) checks.push(askCommand(health.command, target, tools));
  if (target.port !== null && health.http === undefined) checks.push(askPort(target));
  const reports = await Promise.all(checks);
  return (
    reports.find((report) => report.verdict === "fail") ??
    reports.find((report) => report.verdict !== "pass") ?? {
      verdict: "pass",
      because: reports.map((report) => report.because).join("; ") || "its process lives",
    }
  );
}

async function askPort({ port, connect: reach }: HealthTarget): Promise<HealthReport> {
  if (port === null) return { verdict: "nodata", because: "it has no port" };
  if (reach !== undefined)
    return reach(port).then(
      (socket) => {
        socket.destroy();
        return { verdict: "pass", because: `port ${port} accepts connections` };
      },
      () => ({ verdict: "nodata", because: `nothing listens on port ${port}` }),
    );
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: ANSWER_WITHIN_MS });
    const end = (report: HealthReport): void => {
      socket.destroy();
      resolve(report);
    };
    socket.on("connect", () => end({ verdict: "pass", because: `port ${port} accepts connections` }));
    socket.on("timeout", () => end({ verdict: "nodata", because: `port ${port} does not answer` }));
    socket.on("error", () => end({ verdict: "nodata", because: `nothing listens on port ${port}` }));
  });
}

async function askHeartbeat(check: { file: string; within: number }, target: HealthTarget, clock: Clock): Promise<HealthReport> {
  const path = isAbsolute(check.file) ? check.file : join(target.stateDirectory ?? target.cwd, check.file);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.mtimeMs < target.startedAtMs) return { verdict: "nodata", because: "no heartbeat since it started" };
  const ageMs = clock.wallMs() - found.mtimeMs;
  if (ageMs > check.within) return { verdict: "fail", because: `its last heartbeat is ${Math.round(ageMs / 1_000)} s old` };
  return { verdict: "pass", because: "its heartbeat is fresh" };
}

async function askLog(check: { ready: string; failed?: string | undefined }, target: HealthTarget): Promise<HealthReport> {
  const text = await readFrom(target.logPath, target.logFrom);
  if (check.failed !== undefined && new RegExp(check.failed, "m").test(text)) return { verdict: "fail", because: "its log shows health.log.failed" };
  if (!new RegExp(check.ready, "m").test(text)) return { verdict: "nodata", because: "its log does not show health.log.ready yet" };
  return { verdict: "pass", because: "its log shows health.log.ready" };
}

/** The log's newest MiB of this start. */
async function readFrom(path: string, from: number): Promise<string> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const start = Math.max(from <= size ? from : 0, size - 1_048_576);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

async function askCommand(check: { run: Settings["agent"]["start"]; within: number }, target: HealthTarget, tools: HealthTools): Promise<HealthReport> {
  const argv = planCommand(check.run, {
    release: target.releaseFolder,
    ...(target.port === null ? {} : { port: target.port }),
    ...(target.stateDirectory === null ? {} : { state: target.stateDirectory }),
  });
  const result = await tools.runJob({
    argv,
    cwd: target.cwd,
    environment: target.environment,
    timeoutMs: check.within,
    logPath: tools.jobLogPath,
    title: "health",
  });
  switch (result.kind) {
    case "exited":
      return result.status === 0
        ? { verdict: "pass", because: "the health command exits 0" }
        : { verdict: "fail", because: `the health command exits ${result.status}` };
    case "timed-out":
      return { verdict: "nodata", because: "the health command did not end in time" };
    default:
      return { verdict: "error", because: "the health command could not be run" };
  }
}
