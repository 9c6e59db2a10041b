import { InstarError } from "@instar/protocol";
import type { ContentStore } from "./content-store.ts";
import { type KeepOptions, keepTree } from "./keep-tree.ts";
import type { Digest } from "./pack-format.ts";
import { renderRaw } from "./raw-path.ts";
import { readTree } from "./read-tree.ts";
import { renderTree } from "./tree-format.ts";
import { type WriteTreeOptions, writeTree } from "./write-tree.ts";

/** Whole folders that do not change, such as a release's tree, by the digest of what they are made of. */
export interface TreeStore {
  /**
   * The digest is the same for equal trees: bytes, names, modes, owners, times, links.
   *
   * @param refer is told once the tree is durable, while no sweep can come between: there its caller writes down that it is wanted
   * @throws InstarError BACKUP_FAILED where a file changes meanwhile
   */
  keep(folder: string, refer: (tree: Digest) => void, options?: Pick<KeepOptions, "signal" | "onProgress">): Promise<void>;
  /** Where nothing is, or in an empty folder; durable when this returns. @throws InstarError DATA_DAMAGED, CONFLICT; what the operating system throws */
  write(tree: Digest, to: string, options?: Pick<WriteTreeOptions, "signal" | "onEntry">): Promise<void>;
}

export function openTreeStore(store: ContentStore): TreeStore {
  return {
    keep: (folder, refer, options = {}) =>
      store.write(async (writer) => {
        const { entries, unsettled } = await keepTree(folder, writer, options);
        if (unsettled.length > 0)
          throw new InstarError("BACKUP_FAILED", `${renderRaw(unsettled[0] ?? "")} changed while it was read`, { facts: { folder }, transient: true });
        const tree = await writer.addAlone(renderTree(entries));
        await writer.flush();
        refer(tree);
      }),
    write: async (tree, to, options = {}) => {
      store.refresh();
      await writeTree(store, readTree(store, tree), to, options);
      await store.files.syncTree(to);
    },
  };
}
