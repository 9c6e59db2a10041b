import { randomInt } from "node:crypto";
import { InstarError, type LookReason, type Origin, type UpdateEventView } from "@instar/protocol";
import { classifyUpdateType } from "../analysis/classify-change.ts";
import { transact } from "../database/open-database.ts";
import { classifyBump } from "../sources/classify-bump.ts";
import { isAcceptedOrigin, judgeOrigin } from "../sources/origin.ts";
import type { Sighting, Source } from "../sources/source.ts";
import { readSourceFact, type SourceFact, writeSourceFact } from "../sources/source-fact.ts";
import type { JournalEntry, UpdateId, UpdateStart } from "../update/journal-entry.ts";
import { newId } from "../update/new-id.ts";
import { type CandidatePlan, type CandidateQuestion, planCandidate, type UnderWay } from "../update/plan-candidate.ts";
import { planGivingWay } from "../update/plan-giving-way.ts";
import { planUpdateEvent, type SeenRelease } from "../update/plan-update-event.ts";
import { planVersionPolicy } from "../update/plan-version-policy.ts";
import { startOf } from "../update/run-update.ts";
import { isOnlyAnnounced } from "./announced-releases.ts";
import { beginUpdate } from "./begin-update.ts";
import { type Instance, readBreaker, readStanding } from "./instance.ts";
import { readLedgerTrouble } from "./note-ledger-trouble.ts";
import { readBegunMs, readMarks, sourceOfRunning } from "./version-marks.ts";

export interface Looked extends CandidatePlan {
  readonly source: string;
  readonly found: { readonly commit: string; readonly version: string; readonly ref: string } | null;
  readonly event: UpdateEventView | null;
}

export interface LookTools {
  readonly reason: LookReason;
  readonly actor: UpdateStart["actor"];
  /** Tells the update that is under way to give its place away, and returns once it has ended. */
  readonly supersede: (because: string) => Promise<void>;
  /** One at a time: what one source begins, the next one must see. */
  readonly alone: <T>(act: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
}

/**
 * Asks one source and acts on the answer: begins an update, or writes down why not. A source that fails is said so in `status` and asked again later and
 * later; it never stops anything else.
 */
export async function lookForUpdates(instance: Instance, source: Source, tools: LookTools): Promise<Looked> {
  try {
    const sighting = await source.look(tools.signal);
    if ("waitsBecause" in sighting) return await tools.alone(async () => noteWaiting(instance, source, sighting.waitsBecause));
    const found = await readCandidate(instance, source, sighting, tools.signal);
    return await tools.alone(() => actOn(instance, source, found, tools));
  } catch (error) {
    tools.signal.throwIfAborted();
    const before = readSourceFact(instance.facts, source.id);
    const failing = error instanceof Error ? error.message : String(error);
    const now = { found: before?.found ?? null, decision: "nothing", failing, failures: (before?.failures ?? 0) + 1 } as const;
    transact(instance.database, () => remember(instance, source, { ...now, because: `${nameOf(source)} could not be read: ${failing}` }));
    throw error;
  }
}

/** When a source is asked next, after the last time: the operator's interval, and longer and longer while it fails. */
export function planNextLookMs(checkEveryMs: number, failures: number): number {
  if (failures === 0) return checkEveryMs;
  const pauseMs = Math.min(checkEveryMs * 2 ** Math.min(failures, 6), 3_600_000);
  // Jitter: many instances of one upstream must not come back in step.
  return Math.max(checkEveryMs, Math.round(pauseMs * (0.8 + randomInt(400) / 1_000)));
}

/** What a source has, brought into the mirror and read. */
export interface Candidate {
  readonly source: string;
  readonly sighting: Pick<Sighting, "ref" | "branch" | "digest" | "refusedBecause"> & { readonly trigger: UpdateEventView["trigger"] };
  readonly commit: string;
  readonly version: string;
  readonly ref: string;
  readonly summary: string;
  readonly subjects: readonly string[];
  readonly changedFiles: readonly string[];
  /** History does not lead from what runs to this. */
  readonly isRewritten: boolean;
  readonly origin: Origin;
}

/** What each source had at the last look: a poll that finds the same thing asks the mirror nothing. */
const lately = new WeakMap<Source, { readonly key: string; readonly running: string | null; readonly candidate: Candidate }>();

async function readCandidate(instance: Instance, source: Source, sighting: Sighting, signal: AbortSignal): Promise<Candidate> {
  const running = readStanding(instance).running?.commit ?? null;
  const key = JSON.stringify(sighting);
  const known = lately.get(source);
  if (known !== undefined && known.key === key && known.running === running) return known.candidate;
  const brought = await source.bring(sighting, signal);
  const [described, origin] = await Promise.all([describeCandidate(instance, source.id, sighting, brought, signal), source.prove(sighting, brought, signal)]);
  const candidate = { ...described, origin };
  // Who may vouch is in files, which an operator may mend meanwhile.
  if (isAcceptedOrigin(instance.settings.source.accept, origin)) lately.set(source, { key, running, candidate });
  return candidate;
}

/** What the sources have, of several the one with most to say; asked without acting on it. @throws what the first one failed with where none answers */
export async function findNewest(instance: Instance, signal: AbortSignal): Promise<{ candidate: Candidate; plan: CandidatePlan }> {
  const asked = await Promise.allSettled(
    instance.sources.map(async (source) => {
      const sighting = await source.look(signal);
      if ("waitsBecause" in sighting) throw new InstarError("CONFLICT", sighting.waitsBecause, { transient: true });
      const candidate = await readCandidate(instance, source, sighting, signal);
      return { candidate, plan: planFound(instance, candidate, null) };
    }),
  );
  const [newest] = asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])).toSorted((a, b) => mostToSay(a.plan, b.plan));
  if (newest !== undefined) return newest;
  throw asked.find((each) => each.status === "rejected")?.reason ?? new InstarError("SOURCE_EMPTY", "instar.yaml names no source");
}

const RANK = ["start", "hold", "dismiss", "nothing"] as const;
/** For sorting: what begins before what waits, that before what is not taken. */
export const mostToSay = (a: CandidatePlan, b: CandidatePlan): number => RANK.indexOf(a.decision) - RANK.indexOf(b.decision);

/** Reads what the mirror holds of a commit. */
export async function describeCandidate(
  instance: Instance,
  source: string,
  sighting: Candidate["sighting"] & { readonly version?: string | undefined },
  brought: string,
  signal: AbortSignal,
): Promise<Omit<Candidate, "origin">> {
  const { rooms, settings } = instance;
  const { running } = readStanding(instance);
  const readFacts = (commit: string) =>
    rooms.source.readCommit(commit, { directory: settings.agent.directory, taggedAs: sighting.version, since: running?.commit, signal });
  const before = running === null || running.commit === brought ? null : running.commit;
  // All at once, as if it were not what runs: that it has the same files is rare, and then only its facts are read again.
  const [commit, asBrought, changes, isOfHistory] = await Promise.all([
    sameAsRunning(rooms.source, running?.commit ?? null, brought),
    readFacts(brought),
    before === null ? [] : readChanges(rooms.source, before, brought, signal),
    before === null || rooms.source.isAncestor(before, brought),
  ]);
  const since = commit === brought ? before : null;
  const facts = commit === brought ? asBrought : await readFacts(commit);
  const isRewritten = since !== null && !isOfHistory && !(await rooms.source.isImported(commit)) && !(await rooms.source.isImported(since));
  return {
    source,
    sighting,
    commit,
    version: facts.version,
    ref: sighting.ref,
    summary: facts.subject,
    subjects: facts.changes,
    changedFiles: since === null ? [] : changes.map(({ path }) => path),
    isRewritten,
  };
}

/** Nothing where what runs is no longer in the mirror: that it was made anew is no reason not to see what is new. */
async function readChanges(mirror: Instance["rooms"]["source"], from: string, to: string, signal: AbortSignal) {
  try {
    return await mirror.diff(from, to, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!InstarError.is(error)) throw error;
    return [];
  }
}

/** The same files from another source, or with another history, are what runs. */
async function sameAsRunning(mirror: Instance["rooms"]["source"], running: string | null, commit: string): Promise<string> {
  if (running === null || running === commit || !(await mirror.haveSameFiles(running, commit))) return commit;
  // Not so where git tells both: an empty commit is a person's word that it is to be made anew.
  return (await mirror.isImported(commit)) || (await mirror.isImported(running)) ? running : commit;
}

/** Whether a version would begin by itself. */
export function planFound(instance: Instance, candidate: Candidate, underWay: CandidateQuestion["underWay"]): CandidatePlan {
  const { settings, rooms } = instance;
  const { running: standing, ended } = readStanding(instance);
  const { commit, version, ref, source, sighting, origin } = candidate;
  const running = standing === null ? null : { commit: standing.commit, version: standing.version, source: sourceOfRunning(instance) };
  const bump = running === null ? "none" : classifyBump(running.version, version);
  return planCandidate({
    found: { commit, version, ref, source },
    running,
    ruling: planVersionPolicy({
      found: { version, commit },
      running,
      bump,
      kind: updateTypeOf(candidate, bump),
      source,
      automatic: settings.updates.automatic,
      rules: settings.updates.rules,
      marks: readMarks(instance),
      nowMs: rooms.clock.wallMs(),
      begunMs: readBegunMs(instance),
      perDay: settings.updates.perDay,
    }),
    refused: refusedOf(candidate, running?.source ?? null, sighting.refusedBecause ?? judgeOrigin(settings.source.accept, origin)),
    hasTests: settings.tests !== undefined,
    ended,
    breakerBecause: readLedgerTrouble(instance) ?? (readBreaker(instance).because || null),
    underWay,
  });
}

function refusedOf({ isRewritten, ref }: Candidate, running: string | null, because: string | null): CandidateQuestion["refused"] {
  if (because !== null) return { because, byPerson: false };
  if (!isRewritten) return null;
  if (running === "self")
    return {
      because: `${ref} does not contain what the agent changed of itself, which would be lost. \`instar update apply\` takes it all the same`,
      byPerson: true,
    };
  return {
    because: `${ref} no longer contains what runs: its history was rewritten (a force push). \`instar update apply\` takes it all the same`,
    byPerson: true,
  };
}

const CONFIGURATION = /\.(ya?ml|toml|ini|json|env|conf)$/i;

const updateTypeOf = ({ subjects, changedFiles }: Candidate, bump: ReturnType<typeof classifyBump>) =>
  classifyUpdateType({ subjects, changed: changedFiles.length, isConfiguration: changedFiles.every((path) => CONFIGURATION.test(path)), bump });

async function actOn(instance: Instance, source: Source, candidate: Candidate, { reason, actor, supersede }: LookTools): Promise<Looked> {
  const found = { commit: candidate.commit, version: candidate.version, ref: candidate.ref };
  const plan = planNow(instance, candidate);
  const noted = transact(instance.database, () => {
    remember(instance, source, { ...plan, found, failing: null, failures: 0 });
    return noteEvent(instance, candidate, source, plan, reason);
  });
  const event = await beginNoted(instance, candidate, { plan, event: noted, actor }, supersede);
  return { ...plan, source: source.id, found, event };
}

/**
 * Begins what may begin by itself, and says so in its event. A crash in between leaves an event that does not name its update: the next look finds it by its
 * commit. To be called alone.
 */
export async function beginNoted(
  instance: Instance,
  candidate: Candidate,
  {
    plan,
    event,
    ...asked
  }: {
    readonly plan: CandidatePlan;
    readonly event: UpdateEventView | null;
    readonly actor: UpdateStart["actor"];
    readonly trigger?: "by-hand";
    readonly deploy?: NonNullable<UpdateStart["deploy"]>;
  },
  supersede: (because: string) => Promise<void>,
): Promise<UpdateEventView | null> {
  const update = await beginFound(instance, candidate, { plan, ...asked }, supersede);
  if (update === null || event === null) return event;
  const named = { ...event, update };
  transact(instance.database, () => instance.events.put(named));
  return named;
}

/** Whether it would begin by itself, beside what is under way. */
export function planNow(instance: Instance, candidate: Candidate): CandidatePlan {
  const [open] = instance.journal.unfinished();
  return planFound(instance, candidate, open === undefined ? null : underWayOf(instance, instance.journal.read(open)));
}

/** Null where nothing begins. */
async function beginFound(
  instance: Instance,
  candidate: Candidate,
  { plan, ...asked }: Pick<UpdateStart, "actor" | "deploy"> & { readonly plan: CandidatePlan; readonly trigger?: "by-hand" },
  supersede: (because: string) => Promise<void>,
): Promise<UpdateId | null> {
  if (plan.decision !== "start") return null;
  if (instance.journal.unfinished().length > 0) await supersede(plan.because);
  const standing = readStanding(instance);
  try {
    return beginUpdate(instance, {
      kind: "code",
      target: instance.name,
      commit: candidate.commit,
      ref: candidate.ref,
      source: candidate.source,
      versionFrom: standing.running?.version ?? null,
      versionTo: candidate.version,
      releaseFrom: standing.running?.release ?? null,
      wayBack: standing.committed?.release ?? null,
      trigger: standing.running === null ? "first" : "found",
      origin: candidate.origin,
      ...asked,
      overrides: {},
    });
  } catch (error) {
    // Somebody began another one by hand meanwhile: this one is found again at the next look.
    if (!InstarError.is(error, "CONFLICT")) throw error;
    return null;
  }
}

function underWayOf(instance: Instance, journal: readonly JournalEntry[]): UnderWay {
  const { start } = startOf(journal);
  const keepsItsPlace = planGivingWay(journal, readStanding(instance).ended);
  return { commit: start.commit, version: start.versionTo, source: start.source ?? "git", keepsItsPlace };
}

function noteWaiting(instance: Instance, source: Source, because: string): Looked {
  const found = readSourceFact(instance.facts, source.id)?.found ?? null;
  transact(instance.database, () => remember(instance, source, { found, decision: "nothing", because, failing: null, failures: 0 }));
  return { decision: "nothing", because, source: source.id, found, event: null };
}

/**
 * Writes down what was seen and what became of it; nothing where it is what runs or what is under way, and nobody saw it before. In the caller's
 * transaction.
 */
export function noteEvent(
  instance: Instance,
  candidate: Candidate,
  source: Pick<Source, "id" | "kind" | "address">,
  plan: CandidatePlan,
  reason: LookReason,
): UpdateEventView | null {
  const { events, rooms } = instance;
  const before = events.ofCommit(candidate.commit);
  if (before === undefined && plan.decision === "nothing") return null;
  const { running } = readStanding(instance);
  const seen: SeenRelease = {
    source: source.id,
    kind: source.kind,
    address: source.address,
    trigger: candidate.isRewritten ? "force_push" : candidate.sighting.refusedBecause === null ? candidate.sighting.trigger : "refused",
    branch: candidate.sighting.branch ?? null,
    digest: candidate.sighting.digest ?? null,
    origin: candidate.origin,
    commit: candidate.commit,
    version: candidate.version,
    runningVersion: before?.currentVersion ?? running?.version ?? null,
    updateType: updateTypeOf(candidate, running === null ? "none" : classifyBump(running.version, candidate.version)),
    changedFiles: candidate.changedFiles,
    summary: candidate.summary,
  };
  const made = { id: newId(), at: new Date(rooms.clock.wallMs()).toISOString(), noticedBy: reason };
  // What is under way, runs or ran is not news: what was seen and decided of it then stands.
  const event =
    plan.decision === "nothing" && before !== undefined && !isOnlyAnnounced(before)
      ? { ...before, seenBy: [...new Set([...before.seenBy, source.id])], update: before.update ?? findUpdateOf(instance, candidate.commit) }
      : planUpdateEvent(seen, plan, before, made);
  if (JSON.stringify(event) !== JSON.stringify(before)) events.put(event);
  return event;
}

function findUpdateOf({ journal }: Instance, commit: string): string | null {
  return journal.foldEach(foldCommit).findLast((found) => found?.commit === commit)?.update ?? null;
}

function foldCommit([first]: readonly JournalEntry[]): { update: string; commit: string } | null {
  return first?.kind === "started" && first.start.kind === "code" ? { update: first.update, commit: first.start.commit } : null;
}

/** Keeps what was seen. What is newly seen goes to the ledger, and so does what is newly dismissed, with the reason. In the caller's transaction. */
function remember({ facts, ledger, rooms }: Instance, source: Source, now: Omit<SourceFact, "lookedAt">): void {
  const before = readSourceFact(facts, source.id);
  writeSourceFact(facts, source.id, { ...now, lookedAt: new Date(rooms.clock.wallMs()).toISOString() });
  const { found, decision, because } = now;
  if (found === null || now.failing !== null) return;
  const say = (event: "UPDATE_DETECTED" | "UPDATE_DISMISSED", description: string, details: { readonly commit: string; readonly ref?: string }) =>
    ledger.append({ event, actor: { type: "system", id: "daemon" }, description, versionTo: found.version, success: true, details: { ...details } });
  const isNew = before?.found?.commit !== found.commit;
  if (isNew && decision !== "nothing") say("UPDATE_DETECTED", `${nameOf(source)} has ${found.version}`, { commit: found.commit, ref: found.ref });
  if (decision === "dismiss" && (isNew || before?.decision !== "dismiss" || before.because !== because))
    say("UPDATE_DISMISSED", because, { commit: found.commit });
}

/** Git is what people call upstream. */
const nameOf = ({ id }: Pick<Source, "id">) => (id === "git" ? "upstream" : id);
