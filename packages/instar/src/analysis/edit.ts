/**
 * One file-level change between two trees, with its texts. What could not be read as text (binary, larger than `TEXT_LIMIT_BYTES`, a link,
 * a submodule) has `null` on that side although it is there: `hasText` tells the two apart, and what was not read is never taken for harmless.
 */
export interface Edit {
  /** Relative to the tree, with `/`; may hold anything but NUL. */
  readonly path: string;
  /** The path before, of a rename. */
  readonly from?: string;
  readonly status: "added" | "modified" | "deleted" | "renamed" | "type-changed";
  readonly addedLines: number;
  readonly deletedLines: number;
  /** git's modes: 0o100644, 0o100755, 0o120000 (link), 0o160000 (submodule); 0 where it is not there. */
  readonly modeBefore: number;
  readonly modeAfter: number;
  /** null where it is not there, or was not read. */
  readonly before: string | null;
  readonly after: string | null;
  /** Every side that is there was read as text. */
  readonly hasText: boolean;
}

/** Larger files are looked at by name alone, and counted as unread. */
export const TEXT_LIMIT_BYTES = 2 * 1_048_576;
