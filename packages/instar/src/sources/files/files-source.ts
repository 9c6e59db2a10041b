import { basename } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import type { FilesSourceSettings } from "../../settings/files-source-settings.ts";
import type { GitMirror } from "../git-mirror.ts";
import { readTime } from "../write-commit.ts";
import type { Burst } from "./collect-hints.ts";
import { findConflictMarkers } from "./find-conflict-markers.ts";
import { type ImportedFolder, importFolder, type KnownFiles } from "./import-folder.ts";
import { isAtRest } from "./is-at-rest.ts";
import { createPathRules } from "./path-rules.ts";
import { watchFolder } from "./watch-folder.ts";

export interface FilesSourceParts extends FilesSourceSettings {
  /** Absolute. */
  readonly folder: string;
  readonly clock: Clock;
  /** The commit that the last look gave, as the caller keeps it; null before the first, and where the mirror no longer has it. */
  readonly parent: () => string | null;
}

export type FolderLook = ({ readonly kind: "found" } & ImportedFolder) | { readonly kind: "waits"; readonly because: string };

export interface FilesSource {
  /**
   * Makes a commit of what is in the folder now: `found` with the parent and no changes where nothing changed. `waits` while git has something under
   * way there. One look at a time, and nobody else writes in the mirror meanwhile.
   *
   * @param mirror always the same one
   * @throws InstarError DETECTION_FAILED (also: conflict markers, by file), SOURCE_EMPTY, PACKAGE_REFUSED, DISK_FULL, TIMED_OUT, PLATFORM_FAILED
   */
  look(mirror: GitMirror, signal?: AbortSignal): Promise<FolderLook>;
  /**
   * Calls when a look is worth its while, until the signal aborts: when the watch stands (what changed before was hinted by nobody), when files that
   * count were hinted, and when what a look waited for is over.
   */
  watch(onChange: (burst: Burst) => void | Promise<void>, signal: AbortSignal): Promise<void>;
}

/** @throws InstarError SETTINGS_INVALID (a pattern) */
export function createFilesSource(parts: FilesSourceParts): FilesSource {
  const { folder, clock } = parts;
  const rules = createPathRules(parts);
  const known: KnownFiles = new Map();
  let isWaiting = false;
  const busy = async (): Promise<Extract<FolderLook, { kind: "waits" }> | undefined> => {
    const rest = await isAtRest(folder);
    isWaiting = rest.kind === "busy";
    return rest.kind === "busy" ? { kind: "waits", because: rest.because } : undefined;
  };
  return {
    look: async (mirror, signal) => {
      const waits = await busy();
      if (waits !== undefined) return waits;
      await mirror.prepare();
      const parent = parts.parent();
      if (parent === null) known.clear(); // a mirror that was made anew has none of the objects
      const atSeconds = parent === null ? 0 : await readTime(mirror, parent);
      const message = `What is in the folder ${JSON.stringify(basename(folder))}`;
      const made = await importFolder(mirror, { folder, isIgnored: rules.isIgnored, message, parent, atSeconds, known, clock }, signal);
      const waitsNow = await busy(); // git may have begun meanwhile
      if (waitsNow !== undefined) return waitsNow;
      if (made.changed.length > 0) assertMerged(await findConflictMarkers(mirror, parent, made.tree, signal));
      return { kind: "found", ...made };
    },
    watch: async (onChange, signal) => {
      const tell = async (burst: Burst): Promise<void> => {
        const paths = burst.kind === "paths" ? new Set([...burst.paths].filter(rules.counts)) : undefined;
        if (paths === undefined) await onChange(burst);
        else if (paths.size > 0) await onChange({ kind: "paths", paths });
      };
      const ended = new AbortController();
      const either = AbortSignal.any([signal, ended.signal]);
      const begin = Promise.withResolvers<void>();
      const watched = watchFolder(
        { folder, isIgnored: rules.isIgnored, quietMs: parts.quiet, longestMs: parts.longest, clock, signal: either, onReady: begin.resolve },
        tell,
      );
      const waited = begin.promise.then(async () => {
        await onChange({ kind: "anything", because: "the watch has begun" });
        await untilRestOver(either);
      });
      try {
        await Promise.all([watched, waited]);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        ended.abort(new Error("the watch has ended"));
      }

      /** git's own folder is not watched: that a merge is over changes no file that is. */
      async function untilRestOver(until: AbortSignal): Promise<never> {
        for (;;) {
          await clock.sleep(REST_EVERY_MS, until);
          if (isWaiting && (await busy()) === undefined) await onChange({ kind: "anything", because: "what git had under way in the folder is over" });
        }
      }
    },
  };
}

const REST_EVERY_MS = 1_000;

function assertMerged(marked: readonly string[]): void {
  if (marked.length === 0) return;
  const more = marked.length > 5 ? ` and ${marked.length - 5} more` : "";
  const named = marked.slice(0, 5).map((path) => JSON.stringify(path));
  throw new InstarError("DETECTION_FAILED", `${named.join(", ")}${more} still ${marked.length === 1 ? "holds" : "hold"} the marks of a merge's conflict`, {
    facts: { paths: marked.slice(0, 100) },
    advice: "Finish the merge. A file that holds such marks on purpose can be named in ignore.",
  });
}
