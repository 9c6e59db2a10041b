import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { nowMs, sleep } from "../bench-clock.ts";
import { type Row, row } from "../bench-report.ts";
import { installFrom } from "../peers/install-peers.ts";
import { median, percentile } from "../percentile.ts";
import { endProcess, type Place } from "../place.ts";

export interface WatchPlan {
  readonly files: number;
  readonly folders: number;
  readonly rounds: number;
  /** Single writes, one after the other, in each round. */
  readonly writes: number;
}

export const FULL_WATCH: WatchPlan = { files: 10_000, folders: 500, rounds: 5, writes: 40 };

/**
 * Watches one tree with Instar's watcher and with chokidar, each in a process of its own that lives for a round; they take turns. Neither waits for
 * quiet, so what is measured is how soon a write is heard of.
 *
 * @throws Error where chokidar cannot be had
 */
export async function measureWatchFolder(place: Place, plan: WatchPlan, say: (line: string) => void): Promise<readonly Row[]> {
  const missing = await installFrom(PEERS, "chokidar into bench/detect/peers", place, say);
  if (missing !== undefined) throw new Error(missing);
  const tree = join(place.folder, "tree");
  const paths = makeTree(tree, plan);
  const ours = join(place.folder, "run-ours.mjs");
  await build({ entryPoints: [at("run-ours.ts")], outfile: ours, bundle: true, platform: "node", format: "esm", logLevel: "error" });
  const scripts = { ours, chokidar: at("peers/run-chokidar.mjs") } as const;
  const rounds: Record<keyof typeof scripts, Round[]> = { ours: [], chokidar: [] };
  for (let turn = 1; turn <= plan.rounds; turn += 1)
    for (const name of ["ours", "chokidar"] as const) {
      say(`watching ${plan.files} files: round ${turn} of ${plan.rounds}, ${name}`);
      rounds[name].push(await runRound(place, `${name}-${turn}`, { script: scripts[name], tree, paths, writes: plan.writes }));
    }
  return summarise(plan, rounds.ours, rounds.chokidar);
}

const at = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PEERS = at("peers/");

function makeTree(tree: string, { files, folders }: WatchPlan): string[] {
  return Array.from({ length: files }, (_, number) => {
    const folder = join(tree, `part-${number % 20}`, `folder-${number % folders}`);
    if (number < folders) mkdirSync(folder, { recursive: true });
    const path = join(folder, `file-${number}.py`);
    writeFileSync(path, `print(${number})\n`);
    return path;
  });
}

interface Round {
  readonly readyMs: number;
  readonly rssMiB: number;
  /** What the watcher and what it watches add to an idle Node. */
  readonly grownMiB: number;
  readonly heardMs: readonly number[];
}

interface RoundPlan {
  readonly script: string;
  readonly tree: string;
  readonly paths: readonly string[];
  readonly writes: number;
}

async function runRound(place: Place, name: string, { script, tree, paths, writes }: RoundPlan): Promise<Round> {
  const { child, said } = await place.startModule<{ readyMs: number; rssMiB: number; idleMiB: number }>(name, script, [tree]);
  const heardMs: number[] = [];
  try {
    for (let write = 0; write < writes; write += 1) {
      const path = paths[(write * 7_919) % paths.length] ?? "";
      const heard = untilHeard(child, path, place.signal);
      const begunMs = nowMs();
      writeFileSync(path, `print(${begunMs})\n`);
      heardMs.push((await heard) - begunMs);
      await sleep(BETWEEN_MS, place.signal); // the write's other events are not the next one's
    }
  } finally {
    await endProcess(child);
  }
  return { readyMs: said.readyMs, rssMiB: said.rssMiB, grownMiB: said.rssMiB - said.idleMiB, heardMs };
}

/** chokidar tells of a path once in 50 ms only: a write that comes sooner would be measured as never heard. */
const BETWEEN_MS = 120;
const HEARD_WITHIN_MS = 10_000;

function untilHeard(child: ChildProcess, path: string, signal: AbortSignal): Promise<number> {
  const heard = new Promise<number>((resolve) => {
    const take = (message: unknown) => {
      const { heard: said, atMs } = message as { heard?: string; atMs: number };
      if (said === undefined || !path.endsWith(said)) return;
      child.off("message", take);
      resolve(atMs);
    };
    child.on("message", take);
  });
  const inVain = sleep(HEARD_WITHIN_MS, signal).then(() => {
    throw new Error(`a write was not heard of within ${HEARD_WITHIN_MS} ms`);
  });
  inVain.catch(() => {});
  return Promise.race([heard, inVain]);
}

function summarise({ files, folders }: WatchPlan, ours: readonly Round[], peer: readonly Round[]): Row[] {
  const middle = (rounds: readonly Round[], of: (round: Round) => number) => median(rounds.map(of));
  const heard = (rounds: readonly Round[]) => rounds.flatMap(({ heardMs }) => heardMs);
  const tree = `${files} files in ${folders} folders`;
  const memory = "of the whole process when ready; neither collects its garbage for the measurement";
  return [
    row(
      `watch ${tree}: until ready`,
      "ms",
      middle(ours, (each) => each.readyMs),
      PEER,
      middle(peer, (each) => each.readyMs),
    ),
    row(
      `watch ${tree}: memory`,
      "MiB",
      middle(ours, (each) => each.rssMiB),
      PEER,
      middle(peer, (each) => each.rssMiB),
      memory,
    ),
    row(
      `watch ${tree}: memory beyond an idle Node`,
      "MiB",
      middle(ours, (each) => each.grownMiB),
      PEER,
      middle(peer, (each) => each.grownMiB),
    ),
    row(`watch ${tree}: from a write to the event, median`, "ms", median(heard(ours)), PEER, median(heard(peer)), "neither waits for quiet"),
    row(`watch ${tree}: from a write to the event, 95 of 100`, "ms", percentile(heard(ours), 0.95), PEER, percentile(heard(peer), 0.95)),
  ];
}

const PEER = "chokidar";
