import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Facts } from "../database/facts.ts";
import { removeTree, renameDurably } from "../platform/durable-files.ts";
import type { Digest } from "../store/pack-format.ts";
import type { TreeStore } from "../store/tree-store.ts";
import { parseReleaseRecord, type ReleaseRecord } from "./release-record.ts";
import type { ReleaseStore } from "./release-store.ts";

/**
 * Copies of sealed releases in the content-addressed store, beside the trees that run: what two releases have in common is there once. From such a
 * copy a release comes back that was removed, or changed underneath. Errors: DISK_FULL, CONFLICT, PLATFORM_FAILED.
 */
export interface KeptReleases {
  /** Keeps a sealed release; nothing to do where it is kept. @throws NOT_FOUND where it is not sealed, RELEASE_DAMAGED where it is not what was sealed */
  keep(id: string, options: { readonly signal: AbortSignal; readonly onFiles?: (files: number) => void }): Promise<void>;
  isKept(id: string): boolean;
  /**
   * Puts a kept release where it was, whatever of it is still there. Nothing may run from it. Called again after a crash it begins anew.
   * @throws NOT_FOUND where no copy is kept, RELEASE_DAMAGED where the copy does not give what was sealed
   */
  restore(id: string, signal: AbortSignal): Promise<void>;
  /** What a sweep of the store must leave. */
  trees(): Digest[];
  /** Lets go of all but these and the newest so many. Space is freed by the next sweep. */
  prune(options: { readonly newest: number; readonly referenced: ReadonlySet<string> }): void;
}

/** What is known of the copies, oldest first. */
interface KeptFact {
  readonly id: string;
  readonly tree: Digest;
  readonly record: ReleaseRecord;
}

const FACT = "keptReleases";

export function openKeptReleases({ facts, trees, releases }: { facts: Facts; trees: TreeStore; releases: ReleaseStore }): KeptReleases {
  const read = (): readonly KeptFact[] => facts.read<readonly KeptFact[]>(FACT) ?? [];
  const find = (id: string) => read().find((kept) => kept.id === id);
  const forget = (id: string) =>
    facts.write(
      FACT,
      read().filter((kept) => kept.id !== id),
    );
  return {
    isKept: (id) => find(id) !== undefined,
    trees: () => read().map(({ tree }) => tree),
    keep: async (id, { signal, onFiles }) => {
      if (find(id) !== undefined) return;
      const record = await releases.readRecord(id);
      await assertIntact(releases, id, "is not what was sealed, so no copy of it is kept");
      // A crash before it is referred to leaves blobs that the next sweep takes.
      const refer = (tree: Digest) => facts.write(FACT, [...read(), { id, tree, record } satisfies KeptFact]);
      await trees.keep(releases.treePath(id), refer, { signal, onProgress: ({ files }) => onFiles?.(files) });
    },
    restore: async (id, signal) => {
      const kept = find(id);
      if (kept === undefined) throw new InstarError("NOT_FOUND", `no copy of release ${id} is kept`, { facts: { release: id } });
      const { id: _, digest, files: __, sizeBytes: ___, sealedAt, ...sealed } = parseReleaseRecord(id, kept.record);
      const folder = dirname(releases.treePath(id));
      const aside = releases.replacedPath(id);
      // Killed from here on: what was there lies aside, and restoring again begins anew.
      if (await isThere(aside)) await removeTree(folder);
      else if (await isThere(folder)) await renameDurably(folder, aside);
      try {
        const tree = releases.treePath(id);
        await mkdir(folder, { recursive: true, mode: 0o755 });
        await trees.write(kept.tree, tree, { signal });
        const record = await releases.seal(id, sealed, { sealedAt });
        if (record.digest !== digest)
          throw new InstarError("RELEASE_DAMAGED", `the copy of release ${id} does not give what was sealed`, { facts: { release: id } });
      } catch (error) {
        // Better what was there than nothing: a damaged release may still start.
        await removeTree(folder);
        if (await isThere(aside)) await renameDurably(aside, folder);
        // A copy that gives nothing is none: the next update keeps a new one.
        if (InstarError.is(error, "DATA_DAMAGED") || InstarError.is(error, "RELEASE_DAMAGED")) forget(id);
        throw error;
      }
      await removeTree(aside);
    },
    prune: ({ newest, referenced }) => {
      const all = read();
      const stay = all.filter(({ id }, index) => referenced.has(id) || index >= all.length - newest);
      if (stay.length < all.length) facts.write(FACT, stay);
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function assertIntact(releases: ReleaseStore, id: string, sentence: string): Promise<void> {
  if ((await releases.verify(id)).kind === "damaged") throw new InstarError("RELEASE_DAMAGED", `release ${id} ${sentence}`, { facts: { release: id } });
}
