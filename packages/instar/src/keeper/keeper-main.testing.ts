// A keeper in a process of its own, for tests that kill it: options as JSON in the first argument.

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
  /** As a successor, dies by SIGKILL when it has said this or, of words beginning with `heard-`, heard it; or says no word any more. */
  readonly dieAt?: string;
  readonly fallSilentAt?: string;
  /** Dies by SIGKILL when a slot's process is recorded: just before, or just after the record is in place. */
  readonly dieAtRecord?: "before" | "after";
}

const options = JSON.parse(process.argv[2] ?? "{}") as KeeperMainOptions;
if (options.dieAtRecord !== undefined) dieAtRecord(options.dieAtRecord);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const self = [process.execPath, ...process.execArgv, process.argv[1] ?? ""];
const { next: _, ...rest } = options;
const successor = {
  argv: options.successorArgv ?? [...self, JSON.stringify({ ...rest, ...options.next })],
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
