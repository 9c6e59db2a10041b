import { InstarError } from "@instar/protocol";
import type { Standing } from "../update/fold-standing.ts";
import type { UpdateId } from "../update/journal-entry.ts";

export interface GoingBack {
  /** The update whose snapshot is put back with the code; undefined where the state stays as it is. */
  readonly stateOf?: UpdateId;
}

/**
 * What a way back by hand does with the state. Where the rehearsal has shown that the old version does not run on what the new one leaves, code alone is
 * refused before anything stops: the person decides, with what it costs in front of them. Pure.
 *
 * @param target the release to go back to
 * @throws InstarError CONFLICT
 */
export function planGoingBack(standing: Standing, target: string, asked: { readonly withState: boolean; readonly codeAlone: boolean }): GoingBack {
  const { running } = standing;
  // A backup that was restored since changed the state and brought no version.
  const bringer = standing.ended.findLast(
    ({ start, given, outcome }) => start.trigger !== "restore" && given.release === running?.release && outcome !== "rolled-back" && outcome !== "refused",
  );
  const isOneBack = bringer?.start.wayBack === target || bringer?.start.releaseFrom === target;
  if (asked.withState) {
    if (asked.codeAlone) throw new InstarError("INPUT_INVALID", "--with-state and --code-alone exclude each other");
    if (bringer === undefined || !isOneBack || typeof bringer.given.snapshot !== "string")
      throw new InstarError("CONFLICT", "there is no snapshot of the state from before the version that runs came in that one's place", {
        advice: "`instar rollback <release>` goes back with the code alone.",
      });
    return { stateOf: bringer.given.snapshot as UpdateId };
  }
  if (!asked.codeAlone && isOneBack && bringer?.given.wayBack === "with-state")
    throw new InstarError("CONFLICT", `code alone cannot go back: ${String(bringer.given.wayBackBecause)}`, {
      facts: { update: bringer.update },
      advice:
        "`instar rollback --with-state` puts the state of before that update back too, and keeps today's aside: what was written since is not in it. `--code-alone` tries all the same.",
    });
  return {};
}
