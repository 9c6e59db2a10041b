import { InstarError } from "@instar/protocol";
import type { applyPatch as ApplyPatch, StructuredPatch } from "diff";
import { FOLDER_LIMITS } from "./folder-limits.ts";

/** Counts for one patch as a whole what placing its hunks costs. */
export interface PatchEffort {
  steps: number;
}

/**
 * The text after the hunks, or undefined where one does not fit: each of its lines must be there as the hunk has it (fuzz 0), at its line or moved as a whole.
 *
 * @throws InstarError INPUT_INVALID where it takes too long to find their places, which only a text made for it does
 */
export function applyHunks(applyPatch: typeof ApplyPatch, source: string, parsed: StructuredPatch, effort: PatchEffort): string | undefined {
  if (parsed.hunks.length === 0) return source;
  // Without a line of the file to be found by, only an empty file says where.
  if (source !== "" && parsed.hunks[0]?.oldLines === 0) return undefined;
  const stepsEach = 1 + longestInsertion(parsed);
  const applied = applyPatch(source, parsed, {
    fuzzFactor: 0,
    compareLine: (_number, line, _operation, wanted) => {
      effort.steps += stepsEach;
      if (effort.steps > FOLDER_LIMITS.patchSteps)
        throw new InstarError("INPUT_INVALID", "it takes too long to find where the hunks of the patch belong: give their right line numbers");
      return line === wanted;
    },
  });
  return applied === false ? undefined : applied;
}

/** Lines that a hunk adds are copied anew at each place that is tried. */
function longestInsertion({ hunks }: StructuredPatch): number {
  let longest = 0;
  for (const { lines } of hunks) {
    let run = 0;
    for (const line of lines) {
      run = line.startsWith("+") ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}
