import type { Change } from "./change.ts";
import type { Edit, EditPlan } from "./edit.ts";

/**
 * The edits that take back what edits did, newest first, each expecting what those left: where somebody changed a file since, they are refused and
 * name it. Pure.
 *
 * @param changes of the edits that were applied, in their order
 * @param placeOfOld where the bytes that the nth change took away are kept
 */
export function planInverseEdits(
  changes: readonly Change[],
  placeOfOld: (index: number) => string,
  { because, restart }: { readonly because: string; readonly restart: boolean },
): EditPlan {
  const edits = [...changes.entries()].toReversed().map(([index, change]) => invert(change, placeOfOld(index)));
  return { because, edits, restart };
}

function invert(change: Change, place: string): Edit {
  const { path } = change;
  if (change.kind === "make-folder") return { kind: "directory-remove", path };
  if (change.kind === "remove-folder") return { kind: "directory-create", path, mode: change.mode };
  const { before, after } = change;
  const expect = after?.digest ?? "absent";
  if (before === null) return { kind: "file-delete", path, expect };
  // What was there need not have been well formed.
  return { kind: "file-write", path, content: { staged: place }, mode: before.mode, mtimeMs: before.mtimeMs, expect, parse: false };
}
