import { randomInt } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { classifyBump } from "../sources/classify-bump.ts";
import { type CandidatePlan, type CandidateQuestion, planCandidate } from "../update/plan-candidate.ts";
import { startOf } from "../update/run-update.ts";
import { beginUpdate } from "./begin-update.ts";
import { type Instance, readBreaker, readStanding, type SourceFact } from "./instance.ts";

export interface Looked extends CandidatePlan {
  readonly found: { readonly commit: string; readonly version: string; readonly ref: string } | null;
}

/**
 * Asks upstream once and acts on the answer: begins an update, or writes down why not. A source that fails is said so in
 * `status` and asked again later and later; it never stops anything else.
 *
 * @param supersede closes the window of the update that is being watched, and returns once it has ended
 */
export async function lookForUpdates(instance: Instance, supersede: (because: string) => Promise<void>, signal: AbortSignal): Promise<Looked> {
  const before = instance.facts.read<SourceFact>("source");
  try {
    const looked = await look(instance, signal);
    remember(instance, before, { ...looked, failing: null, failures: 0 });
    if (looked.decision === "start" && looked.found !== null) await begin(instance, looked.found, looked.because, supersede);
    return looked;
  } catch (error) {
    signal.throwIfAborted();
    const failing = error instanceof Error ? error.message : String(error);
    remember(instance, before, {
      found: before?.found ?? null,
      decision: "nothing",
      because: `upstream could not be read: ${failing}`,
      failing,
      failures: (before?.failures ?? 0) + 1,
    });
    throw error;
  }
}

/** When upstream is asked next, after the last time: the operator's interval, and longer and longer while it fails. */
export function planNextLookMs(checkEveryMs: number, failures: number): number {
  if (failures === 0) return checkEveryMs;
  const pauseMs = Math.min(checkEveryMs * 2 ** Math.min(failures, 6), 3_600_000);
  // Jitter: many instances of one upstream must not come back in step.
  return Math.max(checkEveryMs, Math.round(pauseMs * (0.8 + randomInt(400) / 1_000)));
}

async function look(instance: Instance, signal: AbortSignal): Promise<Looked> {
  const { rooms, settings, journal } = instance;
  const ref = await rooms.source.look(signal);
  const standing = readStanding(instance);
  const [open] = journal.unfinished();
  if (standing.running?.commit === ref.commit && open === undefined)
    return {
      found: { commit: ref.commit, version: standing.running.version, ref: ref.ref },
      decision: "nothing",
      because: `upstream has nothing newer than ${standing.running.version}, which runs`,
    };
  await rooms.source.fetch(ref.commit, signal, ref.ref);
  const facts = await rooms.source.readCommit(ref.commit, { directory: settings.agent.directory, taggedAs: ref.version, signal });
  const found = { commit: ref.commit, version: facts.version, ref: ref.ref };
  return { ...planFound(instance, found, open === undefined ? null : underWayOf(journal.read(open))), found };
}

/** Whether a version would begin by itself. */
export function planFound(instance: Instance, found: NonNullable<Looked["found"]>, underWay: CandidateQuestion["underWay"]): CandidatePlan {
  const { settings } = instance;
  const { running, ended } = readStanding(instance);
  return planCandidate({
    found,
    running,
    bump: running === null ? "none" : classifyBump(running.version, found.version),
    automatic: settings.updates.automatic,
    hasTests: settings.tests !== undefined,
    ended,
    breakerBecause: readBreaker(instance).because || null,
    underWay,
  });
}

function underWayOf(journal: Parameters<typeof startOf>[0]): { commit: string; version: string; mayBeReplaced: boolean } {
  const { start } = startOf(journal);
  const last = journal.findLast((entry) => "step" in entry);
  // Served already, or waiting for people: there it would only stand in the way of something newer.
  const isWaiting = last !== undefined && "step" in last && (last.step === "watch" || (last.step === "approve" && start.trigger === "found"));
  const mayBeReplaced = isWaiting && !journal.some((entry) => entry.kind === "failed" || entry.kind === "cancel-requested");
  return { commit: start.commit, version: start.versionTo, mayBeReplaced };
}

async function begin(instance: Instance, found: NonNullable<Looked["found"]>, because: string, supersede: (because: string) => Promise<void>): Promise<void> {
  if (instance.journal.unfinished().length > 0) await supersede(because);
  const standing = readStanding(instance);
  try {
    beginUpdate(instance, {
      kind: "code",
      target: instance.name,
      ...found,
      versionFrom: standing.running?.version ?? null,
      versionTo: found.version,
      releaseFrom: standing.running?.release ?? null,
      wayBack: standing.committed?.release ?? null,
      trigger: standing.running === null ? "first" : "found",
      actor: { type: "system", id: "daemon" },
      overrides: {},
    });
  } catch (error) {
    // Somebody began another one by hand meanwhile: this one is found again at the next look.
    if (!InstarError.is(error, "CONFLICT")) throw error;
  }
}

/** Keeps what was seen. What is newly seen goes to the ledger, and so does what is newly dismissed, with the reason. */
function remember(instance: Instance, before: SourceFact | undefined, now: Omit<SourceFact, "lookedAt">): void {
  transact(instance.database, () => {
    instance.facts.write("source", { ...now, lookedAt: new Date(instance.rooms.clock.wallMs()).toISOString() });
    const { found } = now;
    if (found === null || now.failing !== null) return;
    const isNew = before?.found?.commit !== found.commit;
    if (isNew && now.decision !== "nothing")
      instance.ledger.append({
        event: "UPDATE_DETECTED",
        actor: { type: "system", id: "daemon" },
        description: `upstream has ${found.version}`,
        versionTo: found.version,
        success: true,
        details: { commit: found.commit, ref: found.ref },
      });
    if (now.decision === "dismiss" && (isNew || before?.decision !== "dismiss"))
      instance.ledger.append({
        event: "UPDATE_DISMISSED",
        actor: { type: "system", id: "daemon" },
        description: now.because,
        versionTo: found.version,
        success: true,
        details: { commit: found.commit },
      });
  });
}
