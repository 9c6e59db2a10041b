import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Hints } from "./collect-hints.ts";
import type { IsIgnored } from "./path-rules.ts";
import type { Watcher } from "./watcher.ts";

const LOOK_EVERY_MS = 2_000;

/** Where the system will not watch: what every file looked like the last time is kept, and what looks different is hinted. */
export async function watchByLooking({ folder, isIgnored, hints }: { folder: string; isIgnored: IsIgnored; hints: Hints }): Promise<Watcher> {
  let before = await readStamps(folder, isIgnored);
  return {
    settled: async () => {},
    look: async () => {
      const now = await readStamps(folder, isIgnored);
      for (const [path, stamp] of now) if (before.get(path) !== stamp) hints.hint(path);
      for (const path of before.keys()) if (!now.has(path)) hints.hint(path);
      before = now;
    },
    everyMs: LOOK_EVERY_MS,
    close: () => {},
  };
}

/** Not the reading of an import: what cannot be read is left out here, and named there. */
async function readStamps(folder: string, isIgnored: IsIgnored): Promise<ReadonlyMap<string, string>> {
  const stamps = new Map<string, string>();
  const todo = [""];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    for (const name of await readdir(join(folder, at)).catch(() => [])) {
      const path = at === "" ? name : `${at}/${name}`;
      if (isIgnored(path, "folder")) continue;
      const found = await lstat(join(folder, path), { bigint: true }).catch(() => undefined);
      if (found?.isDirectory()) todo.push(path);
      else if (found !== undefined) stamps.set(path, `${found.ino}:${found.size}:${found.mode}:${found.mtimeNs}:${found.ctimeNs}`);
    }
  }
  return stamps;
}
