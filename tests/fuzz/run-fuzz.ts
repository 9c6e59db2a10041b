// npm run test:fuzz [-- --minutes 10 --only <pattern> --seed N]: bytes that nobody would send, for every parser of what anybody may have written. What made one throw
// anything but a refusal, or take longer than a second, is kept in tests/fuzz/corpus and tried first ever after. Exit 1 where there was such a thing.
import { createHash, randomInt } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { InstarError } from "@instar/protocol";
import { seedRandom } from "@instar/testkit";
import { FUZZ_TARGETS, type FuzzTarget } from "./fuzz-targets.ts";
import { mutateBytes } from "./mutate-bytes.ts";

const CORPUS = fileURLToPath(new URL("corpus/", import.meta.url));
/** No parser may take so long for what it takes at all. */
const SLOW_MS = 1_000;
const AT_ONCE = 500;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, only: { type: "string" }, seed: { type: "string" } } });
const seed = Number(values.seed ?? randomInt(1_000_000_000));
const random = seedRandom(seed);
const targets = FUZZ_TARGETS.filter(({ name }) => values.only === undefined || new RegExp(values.only).test(name));
const untilMs = Date.now() + Number(values.minutes) * 60_000;
const tried = new Map(targets.map(({ name }) => [name, 0]));
const finds: string[] = [];
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    stopped = true;
  });

process.stdout.write(`seed ${seed}: ${targets.length} parsers for ${values.minutes} minutes\n`);
const pools = new Map(targets.map((target) => [target.name, [...target.seeds, ...readCorpus(target)]]));
for (const target of targets) for (const known of readCorpus(target)) tryOne(target, known);
while (Date.now() < untilMs && !stopped) {
  for (const target of targets) {
    const pool = pools.get(target.name) ?? [];
    for (let turn = 0; turn < AT_ONCE; turn += 1) tryOne(target, mutateBytes(pool[Math.floor(random() * pool.length)] ?? Buffer.alloc(0), random));
  }
  await new Promise(setImmediate);
}
for (const [name, count] of tried) process.stdout.write(`${name.padEnd(20)} ${count} inputs\n`);
process.stdout.write(finds.length === 0 ? "nothing but refusals\n" : `${finds.join("\n")}\n`);
process.exitCode = finds.length === 0 && targets.length > 0 ? 0 : 1;

function tryOne({ name, parse }: FuzzTarget, bytes: Buffer): void {
  tried.set(name, (tried.get(name) ?? 0) + 1);
  const fromMs = performance.now();
  let because: string | undefined;
  try {
    parse(bytes);
  } catch (error) {
    if (!InstarError.is(error)) because = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  if (performance.now() - fromMs > SLOW_MS) because ??= "it took longer than a second";
  if (because === undefined) return;
  const path = join(CORPUS, name, createHash("sha256").update(bytes).digest("hex").slice(0, 16));
  mkdirSync(join(CORPUS, name), { recursive: true });
  writeFileSync(path, bytes);
  finds.push(`FOUND  ${name}: ${because.slice(0, 200)} (${path})`);
}

function readCorpus({ name }: FuzzTarget): Buffer[] {
  try {
    return readdirSync(join(CORPUS, name)).map((file) => readFileSync(join(CORPUS, name, file)));
  } catch {
    return [];
  }
}
