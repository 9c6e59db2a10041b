import { stat } from "node:fs/promises";
import type { Clock } from "../../platform/clock.ts";
import { type Burst, collectHints, type Hints, untilEither } from "./collect-hints.ts";
import type { IsIgnored } from "./path-rules.ts";
import { watchByLooking } from "./watch-by-looking.ts";
import { type WatchFolder, watchNatively } from "./watch-natively.ts";
import type { Watcher } from "./watcher.ts";

export interface FolderWatchOptions {
  /** Absolute. It need not be there yet, may go and come back, and may be replaced by another. */
  readonly folder: string;
  /** What it says yes to as a folder is not watched and not hinted. */
  readonly isIgnored: IsIgnored;
  readonly quietMs: number;
  /** Bursts that never end are told after this time. */
  readonly longestMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** All watches stand (or it is told why not, by a burst): what changes from now on is hinted. What changed before is for the caller to look at. */
  readonly onReady?: () => void;
  /** Instead of the system's. */
  readonly watch?: WatchFolder;
  readonly isRecursive?: boolean;
}

/**
 * Tells of changes in a folder, one burst at a time, until the signal aborts. A burst is a hint and no more: the caller reads the files to learn what
 * is there. Links in the folder are not followed. No burst comes while the caller still works on the last one.
 *
 * @throws what `onBurst` throws
 */
export async function watchFolder(options: FolderWatchOptions, onBurst: (burst: Burst) => void | Promise<void>): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const hints = collectHints(options);
  const keeper = createKeeper(options, hints);
  const runs = [keeper.run(signal), tellBursts(hints, keeper.settled, onBurst, signal)];
  for (const run of runs) run.catch((error: unknown) => ended.abort(error));
  await Promise.allSettled(runs); // nothing goes on after this function has answered
  keeper.close();
  if (!options.signal.aborted) throw ended.signal.reason;
}

async function tellBursts(hints: Hints, settled: () => Promise<void>, onBurst: (burst: Burst) => void | Promise<void>, signal: AbortSignal): Promise<never> {
  for (;;) await onBurst(await hints.next(settled, signal));
}

interface Keeper {
  readonly run: (signal: AbortSignal) => Promise<never>;
  readonly settled: () => Promise<void>;
  readonly close: () => void;
}

/** How often a folder that is not there is asked for. */
const ABSENT_EVERY_MS = 1_000;

/** Sees to it that whatever folder is at the path is the one that is watched, in the best way that the system allows. */
function createKeeper(options: FolderWatchOptions, hints: Hints): Keeper {
  const { folder, isIgnored, clock } = options;
  let watcher: Watcher | undefined;
  let isNative = true;
  let asked = Promise.withResolvers<void>();

  const lookInstead = ({ code }: NodeJS.ErrnoException) => {
    isNative = false;
    hints.anything(`the system does not watch all of ${folder} (${code}; on Linux see fs.inotify.max_user_watches): its files are looked at every 2 s instead`);
    asked.resolve();
  };
  const open = async (): Promise<Watcher | undefined> => {
    if (!isNative) return watchByLooking({ folder, isIgnored, hints });
    return watchNatively({ ...options, hints, onRootEvent: () => asked.resolve(), onExhausted: lookInstead }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") lookInstead(error);
      return undefined; // gone between two calls: the next round's
    });
  };

  return {
    settled: async () => watcher?.settled(),
    close: () => watcher?.close(),
    run: async (signal) => {
      let held = await readIdentity(folder);
      let wasNative = isNative;
      watcher = held === undefined ? undefined : await open();
      options.onReady?.();
      for (;;) {
        await untilEither(Promise.race([asked.promise, clock.sleep(watcher?.everyMs ?? ABSENT_EVERY_MS, signal)]), signal);
        asked = Promise.withResolvers();
        const now = await readIdentity(folder);
        if (now === held && wasNative === isNative && (watcher !== undefined || now === undefined)) {
          await watcher?.look();
          continue;
        }
        watcher?.close();
        wasNative = isNative;
        watcher = now === undefined ? undefined : await open();
        if (now !== held) hints.anything(now === undefined ? `the folder ${folder} is gone` : `another folder is at ${folder} now`);
        else if (watcher !== undefined) hints.anything(`the folder ${folder} is watched anew`);
        held = now;
      }
    },
  };
}

/** Numbers of removed folders are given out again at once; the time of birth is not. */
async function readIdentity(folder: string): Promise<string | undefined> {
  const found = await stat(folder, { bigint: true }).catch(() => undefined);
  return found?.isDirectory() ? `${found.dev}:${found.ino}:${found.birthtimeNs}` : undefined;
}
