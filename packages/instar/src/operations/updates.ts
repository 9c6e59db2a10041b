import { foldUpdateEvents, type Implementations, type InputOf, InstarError, type UpdateView } from "@instar/protocol";
import { beginUpdate } from "../daemon/begin-update.ts";
import { type Instance, readBreaker, readStanding, resetBreaker } from "../daemon/instance.ts";
import { type Candidate, findNewest, mostToSay, planFound } from "../daemon/look-for-updates.ts";
import type { Daemon } from "../daemon/run-daemon.ts";
import { readMarks } from "../daemon/version-marks.ts";
import { transact } from "../database/open-database.ts";
import { foldJournalEvents } from "../update/fold-journal-events.ts";
import type { UpdateId, UpdateStart } from "../update/journal-entry.ts";
import { planNextMove } from "../update/plan-next-move.ts";
import { findMarkAgainst } from "../update/plan-version-policy.ts";
import { startOf } from "../update/run-update.ts";
import type { OperationContext } from "./context.ts";
import { parseDuration } from "./parse-duration.ts";
import { lookAs, readTarget, sourceIdOf } from "./read-target.ts";

export function implementUpdates(
  context: OperationContext,
): Pick<Implementations, "update.check" | "update.list" | "update.show" | "update.apply" | "update.cancel" | "update.resolve" | "update.resume"> {
  const { instance } = context;
  return {
    "update.check": async ({ source }) => {
      const only = sourceIdOf(instance, source);
      const all = await daemonOf(context).lookout.look({ ...lookAs(context), ...(only === undefined ? {} : { source: only }) }, new AbortController().signal);
      const [looked] = all.toSorted(mostToSay);
      if (looked === undefined) throw new InstarError("SOURCE_EMPTY", "no source answered");
      return {
        source: looked.source,
        found: looked.decision !== "nothing",
        version: looked.found?.version ?? null,
        commit: looked.found?.commit ?? null,
        decision: looked.decision,
        because: looked.because,
      };
    },
    "update.list": async ({ limit, before, outcome, version }) => {
      const found = instance.journal.page({ before: before === undefined ? undefined : findUpdate(instance, before), outcome, version, limit: limit + 1 });
      const shown = found.updates.slice(0, limit);
      return { updates: shown.map((update) => withoutEvidence(readUpdate(instance, update))), total: found.total, hasMore: found.updates.length > limit };
    },
    "update.show": async ({ update }) => readUpdate(instance, findUpdate(instance, update)),
    "update.apply": async (input) => readUpdate(instance, await applyByHand(context, input)),
    "update.cancel": async ({ update }) => {
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      const journal = instance.journal.read(found);
      if (planNextMove(journal, 0).move === "nothing")
        throw new InstarError("CONFLICT", `update ${found} has ended`, { advice: "`instar rollback` goes back from a version that stayed." });
      if (!journal.some((entry) => entry.kind === "cancel-requested"))
        daemonOf(context).tell(found, { kind: "cancel-requested", by: context.actor.id, because: `${context.actor.id} cancelled it` });
      return readUpdate(instance, found);
    },
    "update.resolve": async ({ how, update, loseWrites }) => {
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      const stuck = instance.journal.read(found).findLast((entry) => entry.kind === "stuck" || entry.kind === "resolved" || entry.kind === "ended");
      if (stuck?.kind !== "stuck") throw new InstarError("CONFLICT", `update ${found} is not stuck`, { advice: "`instar update show` says what it is doing." });
      daemonOf(context).tell(found, { kind: "resolved", how, by: context.actor.id, mayLoseWrites: loseWrites });
      return readUpdate(instance, found);
    },
    "update.resume": async () => {
      daemonOf(context);
      const { isOpen, failed } = readBreaker(instance);
      if (!isOpen) return { wasOpen: false, because: "updates begin by themselves as instar.yaml lets them" };
      transact(instance.database, () => {
        resetBreaker(instance);
        instance.ledger.append({
          event: "BREAKER_RESET",
          actor: context.actor,
          description: `${context.actor.id} lets updates begin by themselves again`,
          success: true,
          details: { updates: [...failed] },
        });
      });
      return { wasOpen: true, because: "updates begin by themselves again" };
    },
  };
}

export function readUpdate(instance: Instance, update: UpdateId): UpdateView {
  const view = foldUpdateEvents(foldJournalEvents(instance.journal.read(update), instance.definitions));
  if (view === undefined) throw new InstarError("DATA_DAMAGED", `the journal of update ${update} does not begin as it should`, { facts: { update } });
  return view;
}

/** A list is for finding an update; what was measured is in `update show`. */
const withoutEvidence = (view: UpdateView): UpdateView => ({ ...view, steps: view.steps.map((step) => ({ ...step, evidence: null })) });

export function findUpdate(instance: Instance, prefix: string): UpdateId {
  const matches = instance.journal.list().filter((update) => update.startsWith(prefix));
  const [only] = matches;
  if (only === undefined) throw new InstarError("NOT_FOUND", `there is no update ${prefix}`, { advice: "`instar update list` shows them all." });
  if (matches.length > 1)
    throw new InstarError("INPUT_INVALID", `${prefix} could be ${matches.slice(0, 4).join(", ")}`, { advice: "Give more of its letters." });
  return only;
}

export function openUpdate({ journal }: Instance): UpdateId {
  const [open] = journal.unfinished();
  if (open === undefined) throw new InstarError("CONFLICT", "no update is under way", { advice: "`instar update list` shows the past ones." });
  return open;
}

async function applyByHand(context: OperationContext, input: InputOf<"update.apply">): Promise<UpdateId> {
  const { instance } = context;
  const confirmWithinMs = input.confirmWithin === undefined ? undefined : parseDuration(input.confirmWithin, "confirmWithin");
  if (context.actor.type === "agent") assertLowersNoGate(input);
  daemonOf(context);
  assertNothingUnderWay(instance);
  const signal = AbortSignal.timeout(900_000);
  const { running } = readStanding(instance);
  const candidate =
    input.target === undefined
      ? (await findNewest(instance, signal)).candidate
      : (await readTarget(instance, input.target, context.actor.type, signal)).candidate;
  const { commit, ref, version, source, sighting, origin } = candidate;
  if (input.target === undefined && running?.commit === commit)
    throw new InstarError("CONFLICT", `upstream has nothing newer than ${running.version}, which runs`, {
      advice: `\`instar update apply ${commit}\` makes the same version anew.`,
    });
  if (sighting.refusedBecause !== null) throw new InstarError("PACKAGE_REFUSED", `${version} is not taken: ${sighting.refusedBecause}`);
  assertNotMarked(instance, { version, commit });
  if (context.actor.type === "agent") assertStartsByItself(instance, candidate);
  return begin(context, {
    commit,
    ref,
    source,
    versionTo: version,
    origin,
    // What an agent proposes no person has looked at: it goes the way of what was found.
    trigger: context.actor.type === "agent" ? "found" : "by-hand",
    overrides: {
      untested: input.untested,
      quarantined: input.quarantined,
      ...(input.conflicts === undefined ? {} : { conflicts: input.conflicts }),
      ...(confirmWithinMs === undefined ? {} : { confirmWithinMs }),
    },
  });
}

/** What people said of a version holds for who asks by hand, too. @throws InstarError CONFLICT */
export function assertNotMarked(instance: Instance, { version, commit }: { readonly version: string; readonly commit: string }): void {
  const against = findMarkAgainst({ version, commit }, readMarks(instance));
  if (against !== undefined) throw new InstarError("CONFLICT", `${version} is not taken: ${against}`);
}

/** What a person may answer for, an agent may not ask for. @throws InstarError FORBIDDEN */
function assertLowersNoGate({ untested, quarantined, conflicts, confirmWithin }: InputOf<"update.apply">): void {
  const lowers = Object.entries({ untested, quarantined, conflicts, confirmWithin }).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [name],
  );
  if (lowers.length > 0)
    throw new InstarError("FORBIDDEN", `an agent may propose a version, and lower no gate for it: ${lowers.join(", ")}`, {
      facts: { lowers },
      advice: "Propose it without; or a person does it.",
    });
}

/** An agent's word is nobody's leave: what instar.yaml keeps for a person waits for one. @throws InstarError FORBIDDEN */
function assertStartsByItself(instance: Instance, candidate: Candidate): void {
  const { decision, because } = planFound(instance, candidate, null);
  if (decision !== "start") throw new InstarError("FORBIDDEN", `it is a person's to start: ${because}`, { facts: { decision, commit: candidate.commit } });
}

function begin(
  { instance, actor }: OperationContext,
  start: Pick<UpdateStart, "commit" | "ref" | "source" | "versionTo" | "origin" | "trigger" | "overrides" | "existingRelease">,
): UpdateId {
  const standing = readStanding(instance);
  return beginUpdate(instance, {
    kind: "code",
    target: instance.name,
    versionFrom: standing.running?.version ?? null,
    releaseFrom: standing.running?.release ?? null,
    wayBack: standing.committed?.release ?? null,
    actor,
    ...start,
  });
}

/** @throws InstarError CONFLICT */
export function assertNothingUnderWay(instance: Instance): void {
  const [open] = instance.journal.unfinished();
  if (open !== undefined)
    throw new InstarError("CONFLICT", `update ${open} to ${startOf(instance.journal.read(open)).start.versionTo} is under way`, {
      advice: "Wait for it, or `instar update cancel`.",
    });
}

/** @throws InstarError NOT_RUNNING: without a daemon nothing can be commanded */
export function daemonOf({ daemon, instance }: OperationContext): Daemon {
  if (daemon === undefined) throw new InstarError("NOT_RUNNING", `Instar does not run for ${instance.name}`, { advice: "Start it with `instar up`." });
  return daemon;
}
