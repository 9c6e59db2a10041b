import type { UpdateId } from "../update/journal-entry.ts";
import { foldGives } from "../update/plan-next-move.ts";
import { type Instance, readStanding } from "./instance.ts";

/** What serves: also a version that is still watched, with the update that watches it. */
export function findServing(
  instance: Pick<Instance, "journal">,
): { readonly release: string; readonly version: string; readonly update: UpdateId | null } | null {
  const [open] = instance.journal.unfinished();
  const journal = open === undefined ? [] : instance.journal.read(open);
  const [first] = journal;
  const isConfirmed =
    first?.kind === "started" && journal.some((entry) => entry.kind === "applied" && first.steps.find(({ id }) => id === entry.step)?.endsLease === true);
  const isGoingBack = journal.some(({ kind }) => kind === "undoing");
  const { release } = foldGives(journal);
  if (first?.kind === "started" && isConfirmed && !isGoingBack && typeof release === "string")
    return { release, version: first.start.versionTo, update: first.update };
  const { running } = readStanding(instance);
  return running === null ? null : { release: running.release, version: running.version, update: null };
}
