import type { Edit, EditPlan } from "../../edits/edit.ts";

/**
 * One plan that takes several updates of the configuration back. A file that more than one of them changed goes straight to what it was before the oldest, and
 * must be what the newest left. Pure.
 *
 * @param plans the inverse of each, newest first
 */
export function mergeInverseEdits(plans: readonly EditPlan[], because: string): EditPlan {
  const merged = new Map<string, Edit>();
  for (const { edits } of plans)
    for (const edit of edits) {
      const newer = merged.get(edit.path);
      const expected = newer !== undefined && "expect" in newer ? newer.expect : undefined;
      // Where both are known the older one has the content, and the newer one knows what is there now.
      merged.set(edit.path, newer === undefined || !("expect" in edit) ? edit : { ...edit, ...(expected === undefined ? {} : { expect: expected }) });
    }
  return { because, edits: [...merged.values()].filter(isSomething), restart: plans.some(({ restart }) => restart) };
}

/** A file that the oldest update made and that is gone again needs nothing. */
function isSomething(edit: Edit): boolean {
  return !(edit.kind === "file-delete" && edit.expect === "absent");
}
