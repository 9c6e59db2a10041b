import { nowMs } from "../bench-clock.ts";
import type { Place } from "../place.ts";

/** One run of a program in a process of its own. */
export interface Run<Said = object> {
  /** From its start to its end: Node's own start and the loading of the tool are in it. */
  readonly seconds: number;
  readonly peakMiB: number;
  readonly said: Said;
}

/** @throws Error where it fails, with its last words */
export async function measureProcess<Said>(place: Place, cwd: string, script: string, args: readonly string[]): Promise<Run<Said>> {
  const begunMs = nowMs();
  const output = await place.run([process.execPath, "--disable-warning=ExperimentalWarning", script, ...args], { cwd });
  const seconds = (nowMs() - begunMs) / 1_000;
  const said = JSON.parse(output) as Said & { readonly peakMiB: number };
  return { seconds, peakMiB: said.peakMiB, said };
}
