import { type DeploymentView, foldUpdateEvents } from "@instar/protocol";
import { foldJournalEvents } from "../update/fold-journal-events.ts";
import type { JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { startOf } from "../update/run-update.ts";
import type { Instance } from "./instance.ts";

const pushedFact = (update: string) => `pushed:${update}`;

/** Writes down what became of pushing it. In the caller's transaction. */
export function notePushed({ facts }: Pick<Instance, "facts">, update: string, words: string): void {
  facts.write(pushedFact(update), words);
}

const PUSHED_AMONG = 20;

/** Committed, asked to be pushed, and not tried yet: oldest first. */
export function findUnpushed(instance: Pick<Instance, "journal" | "definitions" | "facts">): DeploymentView[] {
  const wanted = (update: UpdateId) => startOf(instance.journal.read(update)).start.deploy?.push === true;
  return readDeployments(instance, PUSHED_AMONG)
    .filter(({ update, outcome, pushed }) => outcome === "committed" && pushed === null && wanted(update as UpdateId))
    .toReversed();
}

const acknowledgedFact = (update: string) => `acknowledged:${update}`;

/** So many updates are looked through, the newest first: what is older is on the ledger. */
const LOOKED_THROUGH = 500;

/** What the agent deployed of its own, newest first, at most so many. */
export function readDeployments(instance: Pick<Instance, "journal" | "definitions" | "facts">, limit = LOOKED_THROUGH): DeploymentView[] {
  const found: DeploymentView[] = [];
  for (const update of instance.journal.list().toReversed().slice(0, LOOKED_THROUGH)) {
    if (found.length === limit) break;
    const deployment = describeDeployment(instance, update, instance.journal.read(update));
    if (deployment !== undefined) found.push(deployment);
  }
  return found;
}

/** Writes down that the agent knows how it ended. In the caller's transaction. */
export function acknowledge({ facts }: Pick<Instance, "facts">, update: string): void {
  facts.write(acknowledgedFact(update), true);
}

/** Undefined for an update that is no change of the agent's own. */
function describeDeployment(
  { definitions, facts }: Pick<Instance, "definitions" | "facts">,
  update: UpdateId,
  journal: readonly JournalEntry[],
): DeploymentView | undefined {
  const { start } = startOf(journal);
  const view = start.deploy === undefined ? undefined : foldUpdateEvents(foldJournalEvents(journal, definitions));
  if (start.deploy === undefined || view === undefined) return undefined;
  const rejected = journal.findLast((entry) => entry.kind === "rejected");
  return {
    update,
    commit: start.commit,
    message: start.deploy.message,
    asker: start.deploy.asker,
    by: start.actor.id,
    at: view.startedAt,
    revises: start.deploy.revises,
    state: view.state,
    outcome: view.outcome,
    because: view.because,
    comment: rejected?.kind === "rejected" ? rejected.because : null,
    needsPerson: view.outcome === null && (view.state === "error" || view.steps.some(({ id, state }) => id === "approve" && state === "waiting")),
    pushed: facts.read<string>(pushedFact(update)) ?? null,
    isAcknowledged: facts.read<boolean>(acknowledgedFact(update)) === true,
  };
}
