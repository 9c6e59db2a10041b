// A process that watches a folder with Instar's watcher, and says when it is ready and what it hears. Bundled before it is run, as Instar is shipped.
import { systemClock } from "../../packages/instar/src/platform/clock.ts";
import { watchFolder } from "../../packages/instar/src/sources/files/watch-folder.ts";
import { beginWatcher } from "./say-heard.mjs";

await beginWatcher(async (folder, hear, ready) => () => {
  const options = { folder, isIgnored: () => false, quietMs: 0, longestMs: 1_000, clock: systemClock, signal: new AbortController().signal };
  void watchFolder({ ...options, onReady: ready }, (burst) => {
    for (const path of burst.kind === "paths" ? burst.paths : []) hear(path);
  });
});
