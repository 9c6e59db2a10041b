/** A version's files on disk, as a commit lists them: nothing that is ignored, installed or built is in it. */
export interface SourceTree {
  /** Absolute. Nothing in it is trusted: no name, no link, no content. */
  readonly root: string;
  /** Sorted by path. */
  readonly files: readonly TreeFile[];
}

export interface TreeFile {
  /** Relative, with `/`; may hold line feeds, quotes and anything else but NUL. */
  readonly path: string;
  readonly kind: "file" | "link" | "submodule";
  readonly sizeBytes: number;
  /** Names the content: equal names, equal bytes. git's blob id, or a digest of ours. */
  readonly content: string;
}
