// A keeper in a process of its own, for tests that kill it: options as JSON in the first argument.

import childProcess, { type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { InstarError } from "@instar/protocol";
import { systemClock } from "../platform/clock.ts";
import { Predecessor } from "./predecessor.ts";
import { type KeeperOptions, runKeeper } from "./run-keeper.ts";
import { starterOf } from "./starter-of.ts";

export interface KeeperMainOptions extends Omit<KeeperOptions, "clock" | "say" | "successor" | "predecessor"> {
  /** How the keeper differs that is to replace this one; its own successors are like it. */
  readonly next?: Partial<KeeperMainOptions>;
  /** What a successor is started with instead of a keeper. */
  readonly successorArgv?: readonly string[];
  /** Dies by SIGKILL in a hand-over: `before take` and `after take` when it is to say that word or has said it, `on take` when it hears it. */
  readonly dieIn?: string;
  /** Hears this word, and does nothing any more. */
  readonly stopOn?: string;
  /** Dies by SIGKILL when a slot's process is recorded: just before, or just after the record is in place. */
  readonly dieAtRecord?: "before" | "after";
}

const options = JSON.parse(process.argv[2] ?? "{}") as KeeperMainOptions;
if (options.dieAtRecord !== undefined) dieAtRecord(options.dieAtRecord);
if (options.dieIn !== undefined) dieIn(options.dieIn);
const { stopOn } = options;
if (stopOn !== undefined) process.on("message", (heard: { say: string }) => (heard.say === stopOn ? process.kill(process.pid, "SIGSTOP") : undefined));
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const self = [process.execPath, ...process.execArgv, process.argv[1] ?? ""];
const { next, dieIn: _, ...rest } = options;
const successor = {
  argv: options.successorArgv ?? [...self, JSON.stringify({ ...rest, ...next })],
  cwd: options.folder,
  environment: { ...(process.env as Record<string, string>), INSTAR_TAKES_OVER: String(process.pid) },
};
const predecessor =
  process.send === undefined ? null : new Predecessor({ peer: starterOf(process), pid: Number(process.env.INSTAR_TAKES_OVER), clock: systemClock });
try {
  await runKeeper({ ...options, successor, predecessor, clock: systemClock, say: (line) => process.stdout.write(`${line}\n`) }, stop.signal);
} catch (error) {
  await predecessor?.refuse(error);
  process.stdout.write(`refused: ${InstarError.is(error) ? error.code : String(error)}\n`);
  process.exitCode = 1;
}

function dieAtRecord(when: "before" | "after"): void {
  const { rename } = promises;
  promises.rename = async (from, to) => {
    const isRecord = String(to).endsWith("state.json") && /"pid"/.test(readFileSync(from, "utf8"));
    if (isRecord && when === "before") process.kill(process.pid, "SIGKILL");
    await rename(from, to);
    if (isRecord) process.kill(process.pid, "SIGKILL");
  };
  syncBuiltinESMExports();
}

/** Both ways: as the successor, which speaks with its starter, and as the one before, which speaks with its child. */
function dieIn(point: string): void {
  const die = () => process.kill(process.pid, "SIGKILL");
  const watch = (peer: NodeJS.Process | ChildProcess) => {
    const { send } = peer as { send?: (...given: unknown[]) => boolean };
    if (send === undefined) return;
    peer.on("message", (heard: { say: string }) => (point === `on ${heard.say}` ? die() : undefined));
    peer.send = (words: { say: string }, ...given: unknown[]) => {
      if (point === `before ${words.say}`) die();
      const said = given.at(-1) as () => void;
      return send.call(peer, words, given[0], undefined, () => (point === `after ${words.say}` ? die() : said()));
    };
  };
  watch(process);
  const { spawn } = childProcess;
  childProcess.spawn = ((...given: Parameters<typeof spawn>) => {
    const child = spawn(...given);
    watch(child);
    return child;
  }) as typeof spawn;
  syncBuiltinESMExports();
}
