import type { ContentStore } from "./content-store.ts";
import type { Digest } from "./pack-format.ts";
import { parseTree, type TreeEntry } from "./tree-format.ts";

/** @throws InstarError DATA_DAMAGED where it is missing or not what was stored */
export function readTree(store: ContentStore, tree: Digest): TreeEntry[] {
  return [...parseTree(store.read(tree))];
}
