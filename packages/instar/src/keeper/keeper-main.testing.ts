// A keeper in a process of its own, for tests that kill it: options as JSON in the first argument.

import { readFileSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { InstarError } from "@instar/protocol";
import { systemClock } from "../platform/clock.ts";
import { type KeeperOptions, runKeeper } from "./run-keeper.ts";

export interface KeeperMainOptions extends Omit<KeeperOptions, "clock" | "say"> {
  /** Dies by SIGKILL when a slot's process is recorded: just before, or just after the record is in place. */
  readonly dieAtRecord?: "before" | "after";
}

const options = JSON.parse(process.argv[2] ?? "{}") as KeeperMainOptions;
if (options.dieAtRecord !== undefined) dieAtRecord(options.dieAtRecord);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
try {
  await runKeeper({ ...options, clock: systemClock, say: (line) => process.stdout.write(`${line}\n`) }, stop.signal);
} catch (error) {
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
