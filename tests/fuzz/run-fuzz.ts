// npm run test:fuzz [-- --minutes 10 --only <pattern> --seed N]: bytes that nobody would send, for every parser of what anybody may have written. What made one throw
// anything but a refusal, give what it must never give, take longer than a second, end the process or never end is kept in tests/fuzz/corpus and tried first ever
// after. Exit 1 where there was such a thing.
import { fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { keepFind } from "./corpus.ts";
import { FUZZ_TARGETS } from "./fuzz-targets.ts";
import { readLastInput } from "./last-input.ts";
import type { FuzzJob, FuzzNews } from "./try-without-end.ts";

const PROGRAM = fileURLToPath(new URL("try-without-end.ts", import.meta.url));
/** On a machine that has other things to do as well. */
const ENDLESS_MS = 5_000;
const LOOK_MS = 500;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, only: { type: "string" }, seed: { type: "string" } } });
const seed = Number(values.seed ?? randomInt(1_000_000_000));
const left = new Set(FUZZ_TARGETS.flatMap(({ name }, at) => (values.only === undefined || new RegExp(values.only).test(name) ? [at] : [])));
const tried = new Map([...left].map((at) => [FUZZ_TARGETS[at]?.name ?? "", 0]));
const untilMs = Date.now() + Number(values.minutes) * 60_000;
/** By parser. */
const found = new Map<string, number>();
const scratch = mkdtempSync(join(tmpdir(), "instar-fuzz-"));
const lastInput = join(scratch, "last-input");
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    isStopped = true;
  });

process.stdout.write(`seed ${seed}: ${left.size} parsers for ${values.minutes} minutes\n`);
try {
  for (let round = 0; left.size > 0 && !isOver(); round += 1) await tryUntilOneEndsIt(round);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const [name, count] of tried) process.stdout.write(`${name.padEnd(28)} ${count} inputs\n`);
process.stdout.write(found.size === 0 ? "nothing but refusals\n" : `finds in ${found.size} parsers: ${[...found.keys()].join(", ")}\n`);
process.exitCode = found.size === 0 && tried.size > 0 ? 0 : 1;

function isOver(): boolean {
  return isStopped || Date.now() >= untilMs;
}

/** A parser that ended the process, or did not end, is left out from then on: nothing else would come to its turn. */
async function tryUntilOneEndsIt(round: number): Promise<void> {
  const job: FuzzJob = { scratch, lastInput, seed: seed + round, targets: [...left], found: [...found], beginsWithCorpus: round === 0 };
  rmSync(lastInput, { force: true });
  const child = fork(PROGRAM, [JSON.stringify(job)]);
  child.on("message", (news: FuzzNews) => {
    if ("found" in news) tell(news.found, news.because, news.path);
    else for (const [name, count] of Object.entries(news.tried)) tried.set(name, (tried.get(name) ?? 0) + count);
  });
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let [count, sinceMs, isEndless] = [0, performance.now(), false];
  const watch = setInterval(() => {
    if (isOver()) child.send("stop", () => undefined);
    const last = readLastInput(lastInput);
    if (last?.count !== count) [count, sinceMs] = [last?.count ?? 0, performance.now()];
    // Before the first input it loads all parsers.
    isEndless = count > 0 && performance.now() - sinceMs > ENDLESS_MS;
    if (isEndless) child.kill("SIGKILL");
  }, LOOK_MS);
  const [status, signal] = await ended;
  clearInterval(watch);
  if (status === 0) return;
  const last = readLastInput(lastInput);
  const name = FUZZ_TARGETS[last?.target ?? -1]?.name;
  if (last === undefined || name === undefined) throw new Error(`the process that tries ended before it had begun: ${status ?? signal}`);
  left.delete(last.target);
  tell(name, isEndless ? `it did not end within ${ENDLESS_MS / 1_000} s` : `it ended the process (${signal ?? status})`, keepFind(name, last.bytes));
}

function tell(name: string, because: string, path: string): void {
  found.set(name, (found.get(name) ?? 0) + 1);
  process.stdout.write(`FOUND  ${name}: ${because.slice(0, 200)} (${path})\n`);
}
