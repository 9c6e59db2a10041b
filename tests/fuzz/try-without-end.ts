// The process that run-fuzz.ts watches: tries inputs until it is told to stop, or a parser ends it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { seedRandom } from "@instar/testkit";
import { keepFind, readCorpus } from "./corpus.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { FUZZ_TARGETS } from "./fuzz-targets.ts";
import { openLastInput } from "./last-input.ts";
import { mutateBytes } from "./mutate-bytes.ts";
import { tryInput } from "./try-input.ts";

/** What it says to the process that watches. */
export type FuzzNews = { readonly tried: Readonly<Record<string, number>> } | { readonly found: string; readonly because: string; readonly path: string };

export interface FuzzJob {
  readonly scratch: string;
  readonly lastInput: string;
  readonly seed: number;
  /** By their places in the list. */
  readonly targets: readonly number[];
  /** How often each parser was found wanting before. */
  readonly found: readonly (readonly [string, number])[];
  /** What was found once is tried first. */
  readonly beginsWithCorpus: boolean;
}

/** No parser may take so long for what it takes at all. */
const SLOW_MS = 1_000;
/** Every parser has as much time, whatever one input costs it. */
const TURN_MS = 100;
/** Of one parser: what is found again and again is found. */
const MOST_FINDS = 5;

const job = JSON.parse(process.argv[2] ?? "") as FuzzJob;
const random = seedRandom(job.seed);
const lastInput = openLastInput(job.lastInput);
const found = new Map<string, number>(job.found);
const say = (news: FuzzNews) => process.send?.(news);
let current: { readonly target: FuzzTarget; readonly bytes: Buffer } | undefined;
let isStopped = false;
process.on("disconnect", () => process.exit());
process.on("message", () => {
  isStopped = true;
});
// What is thrown where nobody waits for it is a find as any other; what is kept is the newest input, which need not be the one.
for (const event of ["uncaughtException", "unhandledRejection"] as const)
  process.on(event, (error: unknown) => {
    if (current !== undefined) tell(current.target, current.bytes, `outside of any call: ${error instanceof Error ? error.message : String(error)}`);
  });

const targets = job.targets.flatMap((at) => FUZZ_TARGETS[at] ?? []);
const pools = new Map(targets.map((target) => [target.name, [...target.seeds, ...readCorpus(target.name)]]));
// What only the first input costs, such as a program that is loaded for it, is no parser's slowness.
for (const target of targets) for (const seed of target.seeds) await tryOne(target, seed, Number.POSITIVE_INFINITY);
if (job.beginsWithCorpus) for (const target of targets) for (const known of readCorpus(target.name)) await tryOne(target, known);
while (!isStopped) {
  for (const target of targets) {
    if (isStopped) break;
    const pool = pools.get(target.name) ?? [];
    let tried = 0;
    for (const untilMs = performance.now() + TURN_MS; performance.now() < untilMs; tried += 1)
      await tryOne(target, mutateBytes(pool[Math.floor(random() * pool.length)] ?? Buffer.alloc(0), random));
    say({ tried: { [target.name]: tried } });
    await new Promise(setImmediate);
  }
}
lastInput.close();
process.disconnect();

async function tryOne(target: FuzzTarget, bytes: Buffer, slowMs = SLOW_MS): Promise<void> {
  const scratch = join(job.scratch, target.name);
  mkdirSync(scratch, { recursive: true });
  lastInput.note(FUZZ_TARGETS.indexOf(target), bytes);
  current = { target, bytes };
  const fromMs = performance.now();
  const trying = tryInput(target, bytes, scratch);
  let because = trying instanceof Promise ? await trying : trying;
  if (performance.now() - fromMs > slowMs) because ??= "it took longer than a second";
  if (because !== undefined) tell(target, bytes, because);
}

function tell({ name }: FuzzTarget, bytes: Buffer, because: string): void {
  const times = (found.get(name) ?? 0) + 1;
  found.set(name, times);
  if (times <= MOST_FINDS) say({ found: name, because, path: keepFind(name, bytes) });
}
