import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, type Place } from "../place.ts";
import type { Round, Shape } from "./shapes.ts";

const RAW = fileURLToPath(new URL("generate-raw.ts", import.meta.url));

export interface LoadGenerator {
  readonly name: string;
  round(port: number, connections: number, seconds: number, shape: Shape): Promise<Round>;
}

/** For latencies: wrk adds made-up samples to those that it measured (its correction for a stall), which a single connection does not need. */
export function createRawGenerator(place: Place): LoadGenerator {
  return { name: "raw sockets", round: (...asked) => runRaw(place, ...asked) };
}

/** For throughput: wrk where the machine has it, else our own. */
export function chooseGenerator(place: Place): LoadGenerator {
  const wrk = findProgram("wrk");
  if (wrk === undefined) return createRawGenerator(place);
  return { name: "wrk", round: (...asked) => runWrk(place, wrk, ...asked) };
}

async function runRaw(place: Place, port: number, connections: number, seconds: number, shape: Shape): Promise<Round> {
  return JSON.parse(await place.run([process.execPath, RAW, String(port), String(connections), String(seconds * 1_000), JSON.stringify(shape)])) as Round;
}

async function runWrk(place: Place, wrk: string, port: number, connections: number, seconds: number, shape: Shape): Promise<Round> {
  const script = join(place.folder, "wrk.lua");
  writeFileSync(
    script,
    [
      `wrk.method = "${shape.method}"`,
      ...(shape.bodyBytes === 0 ? [] : [`wrk.body = string.rep("x", ${shape.bodyBytes})`]),
      "function done(summary, latency, requests)",
      "  local e = summary.errors",
      '  io.write(string.format("ROUND %d %d %f %f %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))',
      "end",
    ].join("\n"),
  );
  const said = await place.run([
    wrk,
    "-t1",
    `-c${connections}`,
    `-d${Math.max(1, Math.round(seconds))}s`,
    "-s",
    script,
    `http://127.0.0.1:${port}${shape.path}`,
  ]);
  return parseWrk(said);
}

/** The line that our script makes wrk print: requests, microseconds in all, median and 99th percentile in microseconds, errors. */
export function parseWrk(said: string): Round {
  const found = /^ROUND (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)$/m.exec(said);
  if (found === null) throw new Error(`wrk said something else: ${said.slice(-300)}`);
  const [requests = 0, durationUs = 0, medianUs = 0, p99Us = 0, failed = 0] = found.slice(1).map(Number);
  return { requestsPerSecond: requests / (durationUs / 1_000_000), medianMs: medianUs / 1_000, p99Ms: p99Us / 1_000, failed };
}
