import { exitStatusOfUpdate } from "../connect.ts";
import { LOOK_EVERY_MS } from "./instance-reader.ts";
import { type Change, NOTHING_HEARD, planChanges } from "./plan-changes.ts";
import { renderChangeLine } from "./render-change.ts";
import { renderClock } from "./render-span.ts";
import type { Watching } from "./watch-options.ts";

/** Prints each change once, in words or as an object a line. Ends with the update that was named, or when nobody reads any more. */
export async function printChanges({ update, isJson, showsOutput, stdout, clock, reader, ends }: Watching): Promise<number> {
  const print = (change: Change, at: number) =>
    stdout.write(isJson ? `${JSON.stringify({ at: new Date(at).toISOString(), ...change })}\n` : `${renderClock(at)}  ${renderChangeLine(change)}\n`);
  stdout.on("error", (cause) => ends.abort(cause));
  let before = NOTHING_HEARD;
  while (!ends.signal.aborted) {
    const heard = await reader.look(update ?? null);
    const { changes, now } = planChanges(before, heard);
    const named = update === undefined || heard.kind === "silence" ? null : heard.reading.update;
    // Who named an update wants to hear of that one.
    const isWanted = (change: Change) => (change.change !== "output" || showsOutput) && (named === null || !("update" in change) || change.update === named.id);
    for (const change of changes.filter(isWanted)) print(change, clock.wallMs());
    before = now;
    if (named !== null && (named.outcome !== null || named.state === "error")) return exitStatusOfUpdate("watch", named);
    await clock.sleep(LOOK_EVERY_MS, ends.signal).catch(() => undefined);
  }
  return 0;
}
