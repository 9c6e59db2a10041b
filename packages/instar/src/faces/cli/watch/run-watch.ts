import { InstanceReader } from "./instance-reader.ts";
import { printChanges } from "./print-changes.ts";
import { runScreen } from "./run-screen.ts";
import type { WatchOptions } from "./watch-options.ts";

/**
 * The live view: a screen where a person sits before one, else a line for each change.
 *
 * @returns the exit status: of an update that was followed by its name, what its outcome means
 * @throws InstarError where there is no such update, or the token may not look
 */
export async function runWatch(options: WatchOptions): Promise<number> {
  const { stdin, stdout, environment, isJson, askDaemon, askDisk } = options;
  const ends = new AbortController();
  const reader = new InstanceReader({ askDaemon, askDisk, signal: ends.signal });
  const hasScreen = !isJson && stdin.isTTY === true && stdout.isTTY === true && environment.TERM !== "dumb";
  return hasScreen ? runScreen({ ...options, reader, ends }, await options.openScreen()) : printChanges({ ...options, reader, ends });
}
