import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "@instar/testkit";
import { until } from "../bench-clock.ts";
import { type Row, row } from "../bench-report.ts";
import { HTTP_PROXY } from "../peers/install-peers.ts";
import { renderNginxConfig, renderNginxUpstream } from "../peers/nginx-config.ts";
import { median } from "../percentile.ts";
import { findProgram, isListening, type Place } from "../place.ts";
import { chooseGenerator, createRawGenerator } from "./run-round.ts";
import { type Round, SHAPES } from "./shapes.ts";

export interface ThroughputPlan {
  readonly rounds: number;
  readonly seconds: number;
  /** Why http-proxy-3 is not there, where it is not. */
  readonly withoutNpmPeers: string | undefined;
}

export interface Throughput {
  readonly rows: readonly Row[];
  readonly toNginx: number | null;
  readonly toHttpProxy: number | null;
  readonly addedMedianMs: number | null;
}

const BUSY = 32;
const LOADS = [
  { key: "small", shape: SHAPES.small, connections: BUSY },
  { key: "large", shape: SHAPES.large, connections: BUSY },
  { key: "upload", shape: SHAPES.upload, connections: BUSY },
  { key: "alone", shape: SHAPES.small, connections: 1 },
] as const;
type LoadKey = (typeof LOADS)[number]["key"];
const OURS = "Instar's front";
const DIRECT = "no proxy";
const NGINX = "nginx, 1 worker";
const HTTP_PROXY_3 = "http-proxy-3";

/** What no proxy at all would give is asked with small answers only: there it is the measure of the rest. */
const isAsked = (name: string, key: LoadKey) => name !== DIRECT || key === "small" || key === "alone";

/** Requests a second and added latency: the same raw agent behind each proxy. Subjects take turns, so that a slow minute of the machine is everybody's. */
export async function measureThroughput(place: Place, plan: ThroughputPlan, say: (line: string) => void): Promise<Throughput> {
  const { ports, missing } = await startSubjects(place, plan);
  const generator = chooseGenerator(place);
  const raw = createRawGenerator(place);
  say(`throughput: load by ${generator.name}; ${plan.rounds} rounds of ${plan.seconds} s`);
  // Just-in-time compilers get to know the work before it counts.
  for (const [name, port] of ports) if (name === OURS || name === HTTP_PROXY_3) await generator.round(port, BUSY, 1, SHAPES.small);
  const measured = new Map<string, Round[]>();
  for (let turn = 1; turn <= plan.rounds; turn += 1) {
    say(`throughput: round ${turn} of ${plan.rounds}`);
    for (const { key, shape, connections } of LOADS)
      for (const [name, port] of ports) {
        if (!isAsked(name, key)) continue;
        const round = await (connections === 1 ? raw : generator).round(port, connections, plan.seconds, shape);
        measured.set(`${name} ${key}`, [...(measured.get(`${name} ${key}`) ?? []), round]);
      }
  }
  return summarise((name, key) => measured.get(`${name} ${key}`) ?? [], missing, generator.name);
}

async function startSubjects(place: Place, plan: ThroughputPlan): Promise<{ ports: Map<string, number>; missing: Map<string, string> }> {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const agent = (await place.startModule<{ port: number }>("raw-agent", here("answer-raw.ts"))).said.port;
  const ports = new Map([[DIRECT, agent]]);
  const missing = new Map<string, string>();
  ports.set(OURS, (await place.startModule<{ port: number }>("front", here("run-front.ts"), [String(agent)])).said.port);
  const nginx = findProgram("nginx");
  if (nginx === undefined) missing.set(NGINX, "not installed (apt-get install nginx-light haproxy)");
  else ports.set(NGINX, await startNginx(place, nginx, agent));
  if (plan.withoutNpmPeers !== undefined) missing.set(HTTP_PROXY_3, plan.withoutNpmPeers);
  else ports.set(HTTP_PROXY_3, (await place.startModule<{ port: number }>("http-proxy-3", HTTP_PROXY, [String(agent)])).said.port);
  return { ports, missing };
}

async function startNginx(place: Place, nginx: string, agent: number): Promise<number> {
  const port = await findFreePort();
  writeFileSync(join(place.folder, "upstream.conf"), renderNginxUpstream(agent));
  writeFileSync(join(place.folder, "nginx.conf"), renderNginxConfig(place.folder, port));
  const child = place.start("nginx", [nginx, "-p", place.folder, "-c", join(place.folder, "nginx.conf")]);
  await until("nginx to listen", async () => {
    if (child.exitCode !== null) throw new Error(`nginx did not start: ${place.lastWords("nginx")}`);
    return (await isListening(port)) ? true : undefined;
  });
  return port;
}

/** Pure: medians of rounds; a ratio is the median of the rounds' ratios, each of neighbours in time. */
export function summarise(roundsOf: (name: string, key: LoadKey) => readonly Round[], missing: ReadonlyMap<string, string>, generator: string): Throughput {
  const rows: Row[] = [];
  const compare = (what: string, unit: string, peer: string, ours: readonly number[], theirs: readonly number[], failed: number) => {
    const note = [
      peer === DIRECT ? "Instar: its front in a process of its own, as a keeper runs it, without a daemon" : undefined,
      missing.get(peer),
      failed > 0 ? `${failed} requests FAILED` : undefined,
    ]
      .filter((part) => part !== undefined)
      .join("; ");
    rows.push(row(what, unit, median(ours), peer, median(theirs), note, median(ours.map((value, turn) => value / (theirs[turn] ?? Number.NaN)))));
    return rows.at(-1)?.ratio ?? null;
  };
  const ratios = new Map<string, number | null>();
  for (const { key, shape, connections } of LOADS.filter((load) => load.key !== "alone"))
    for (const peer of [DIRECT, NGINX, HTTP_PROXY_3].filter((name) => isAsked(name, key))) {
      const [ours, theirs] = [roundsOf(OURS, key), roundsOf(peer, key)];
      const rates = [ours, theirs].map((rounds) => rounds.map(({ requestsPerSecond }) => requestsPerSecond)) as [number[], number[]];
      ratios.set(
        `${peer} ${key}`,
        compare(`throughput, ${shape.name}, ${connections} connections (${generator})`, "requests/s", peer, ...rates, countFailed(ours, theirs)),
      );
    }
  const direct = roundsOf(DIRECT, "alone");
  const added = (name: string, of: "medianMs" | "p99Ms") => roundsOf(name, "alone").map((round, turn) => round[of] - (direct[turn]?.[of] ?? Number.NaN));
  for (const [of, what] of [
    ["medianMs", "median"],
    ["p99Ms", "99th percentile"],
  ] as const)
    for (const peer of [NGINX, HTTP_PROXY_3])
      compare(
        `latency added at 1 connection, ${what}`,
        "ms",
        peer,
        added(OURS, of),
        added(peer, of),
        countFailed(roundsOf(OURS, "alone"), roundsOf(peer, "alone")),
      );
  const addedMedianMs = median(added(OURS, "medianMs"));
  return {
    rows,
    toNginx: ratios.get(`${NGINX} small`) ?? null,
    toHttpProxy: ratios.get(`${HTTP_PROXY_3} small`) ?? null,
    addedMedianMs: Number.isNaN(addedMedianMs) ? null : addedMedianMs,
  };
}

const countFailed = (...rounds: readonly (readonly Round[])[]) => rounds.flat().reduce((sum, { failed }) => sum + failed, 0);
