import type { Edit } from "./edit.ts";
import type { FileFacts } from "./read-live-file.ts";

/**
 * What one edit makes of one file, worked out before anything is written: what must be there, and what is there afterwards. Null: nothing.
 * The inverse is the same with both exchanged.
 */
export type Change = { readonly path: string; readonly base: string; readonly names: readonly string[]; readonly edit: Edit["kind"] } & (
  | { readonly kind: "file"; readonly before: FileFacts | null; readonly after: FileFacts | null; readonly setsTime?: true }
  | { readonly kind: "make-folder"; readonly mode: number }
  | { readonly kind: "remove-folder"; readonly mode: number }
);

/** Same bytes under the same mode. The time tells nothing, and the owner never changes. */
export const isSameFile = (one: Pick<FileFacts, "digest" | "mode"> | null, other: Pick<FileFacts, "digest" | "mode"> | null): boolean =>
  one === null || other === null ? one === other : one.digest === other.digest && one.mode === other.mode;
