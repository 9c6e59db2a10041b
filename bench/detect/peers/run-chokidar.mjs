// A process that watches a folder with chokidar, and says when it is ready and what it hears: run-ours.ts, with the other watcher.
import { beginWatcher } from "../say-heard.mjs";

await beginWatcher(async (folder, hear, ready) => {
  const { watch } = await import("chokidar");
  return () => {
    watch(folder, { ignoreInitial: true })
      .on("ready", ready)
      .on("all", (_event, path) => hear(path));
  };
});
