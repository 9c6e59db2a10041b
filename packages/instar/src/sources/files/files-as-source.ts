import type { Facts } from "../../database/facts.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FilesSourceSettings } from "../../settings/files-source-settings.ts";
import type { GitSource } from "../git-source.ts";
import { unproven } from "../origin.ts";
import type { Source } from "../source.ts";
import { createFilesSource } from "./files-source.ts";

export interface FilesFollow {
  readonly settings: FilesSourceSettings;
  /** Absolute. */
  readonly folder: string;
  /** How often it is looked at although nothing was noticed: a watch may miss something. */
  readonly checkEveryMs: number;
  readonly clock: Clock;
  readonly facts: Facts;
}

/** The commit that the last look made: the next one is compared with it. */
const LAST = "files:last";

/** A watched folder as a source of updates. */
export function filesAsSource(git: GitSource, { settings, folder, checkEveryMs, clock, facts }: FilesFollow): Source {
  const last = () => facts.read<{ commit: string }>(LAST)?.commit ?? null;
  let parent: string | null = null;
  const files = createFilesSource({ ...settings, folder, clock, parent: () => parent });
  return {
    id: "files",
    kind: "local_fs",
    address: folder,
    follows: `${settings.watch.length} patterns of files`,
    checkEveryMs,
    look: async (signal) => {
      const looked = await git.alone(async () => {
        const before = last();
        // The mirror may have been made anew since.
        parent = before !== null && (await git.isImported(before)) ? before : null;
        return files.look(git.mirror, signal);
      });
      if (looked.kind === "waits") return { waitsBecause: looked.because };
      await git.keepImported(looked.commit);
      if (looked.commit !== last()) facts.write(LAST, { commit: looked.commit });
      return { key: looked.commit, ref: `folder:${folder}`, digest: `tree:${looked.tree}`, trigger: "files_changed", refusedBecause: null };
    },
    bring: async ({ key }) => key,
    prove: async () => unproven("files of a folder on this machine are signed by nobody"),
    watch: (onChange, signal) => files.watch(() => onChange(), signal),
  };
}
