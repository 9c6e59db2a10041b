import { existsSync } from "node:fs";
import { readVictims } from "./read-victims.ts";

const LOOK_EVERY_MS = 1_000;

/** An instance under test outlives everybody by design. Not the test itself: when that was killed, all of it is ended. */
export function endWithOwner({ data, owner }: { readonly data: string; readonly owner: number }): void {
  const timer = setInterval(() => {
    if (existsSync(`/proc/${owner}`)) return;
    for (const pid of readVictims(data, "all").toSorted((a, b) => Number(a === process.pid) - Number(b === process.pid))) process.kill(pid, "SIGKILL");
  }, LOOK_EVERY_MS);
  timer.unref();
}
