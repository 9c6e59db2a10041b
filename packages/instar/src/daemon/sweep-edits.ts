import { editsOf } from "../update/steps/edits-of.ts";
import type { Instance } from "./instance.ts";

/** Of committed updates of the configuration so many can be undone, and no more of what configuration held stays on disk. */
const UNDOABLE = 20;

/** Removes what is known of edits that nobody can go back over any more: of updates that took nothing away in the end, and of old ones. */
export async function sweepEdits({ journal, rooms }: Pick<Instance, "journal" | "rooms">): Promise<void> {
  const known = journal.list().flatMap((update) => {
    const entries = journal.read(update);
    const [first] = entries;
    const last = entries.at(-1);
    if (first?.kind !== "started" || first.start.edits === undefined) return [];
    return [{ id: first.start.edits.id, isOver: last?.kind === "ended", isCommitted: last?.kind === "ended" && last.outcome === "committed" }];
  });
  const needed = new Set([...known.filter(({ isOver }) => !isOver), ...known.filter(({ isCommitted }) => isCommitted).slice(-UNDOABLE)].map(({ id }) => id));
  const edits = editsOf(rooms);
  const named = new Set(known.map(({ id }) => id));
  // What no update names may be put down just now, by an update that is about to begin.
  for (const id of await edits.store.list()) if (!needed.has(id) && (named.has(id) || (await edits.store.isStale(id)))) await edits.forget(id);
}
