import { InstarError } from "@instar/protocol";

/** Somebody changed files since the edits: what a person does about it, in the words of the CLI. */
export const undoConflict = (id: string, conflicts: readonly string[]): InstarError =>
  new InstarError("ROLLBACK_FAILED", conflicts.join("; "), {
    facts: { edits: id },
    advice:
      "Nothing was overwritten. Move each of them away and `instar update resolve retry` puts back what was there; `instar update resolve accept` stays with what is there now.",
  });
