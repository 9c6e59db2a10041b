import { type Implementations, InstarError, type RollbackPlan } from "@instar/protocol";
import { beginEdits } from "../daemon/begin-edits.ts";
import { beginUpdate } from "../daemon/begin-update.ts";
import type { EditPlan } from "../edits/edit.ts";
import type { Json } from "../ledger/ledger-entry.ts";
import type { UpdateId } from "../update/journal-entry.ts";
import { readInverseEdits } from "../update/read-inverse-edits.ts";
import { mergeInverseEdits } from "../update/rollback/merge-inverse-edits.ts";
import { type PlannedRollback, planRollback } from "../update/rollback/plan-rollback.ts";
import type { KnownRelease, RollbackAsked, RollbackFacts, RollbackTarget } from "../update/rollback/rollback-facts.ts";
import { editsOf } from "../update/steps/edits-of.ts";
import type { OperationContext } from "./context.ts";
import { readRollbackFacts } from "./read-rollback-facts.ts";
import { daemonOf, readUpdate } from "./updates.ts";

type Input = Parameters<Implementations["rollback"]>[0];

/** Going back by hand: the same plan, shown or carried out. */
export function implementRollback(context: OperationContext): Pick<Implementations, "rollback" | "rollback.plan"> {
  const { instance } = context;
  return {
    "rollback.plan": async (input) => {
      assertNothingUnderWay(instance, input);
      return withFiles(instance, planRollback(await readRollbackFacts(instance), askedOf(input)));
    },
    rollback: async (input) => readUpdate(instance, await goBack(context, input)),
  };
}

async function goBack(context: OperationContext, input: Input): Promise<UpdateId> {
  const { instance, actor } = context;
  daemonOf(context);
  assertNothingUnderWay(instance, input);
  const facts = await readRollbackFacts(instance);
  const plan = planRollback(facts, askedOf(input));
  assertAllowed(plan);
  const { standing } = facts;
  const { goesTo, stateOf } = plan;
  const inverse = await readInverse(instance, plan);
  if (inverse !== undefined && plan.parts.every(({ what }) => what === "configuration"))
    return beginEdits(instance, { ...inverse, restart: true }, { actor, base: null });
  const isRebuilt = plan.parts.some(({ what, strategy }) => what === "code" && strategy === "state reconstruction");
  return beginUpdate(instance, {
    kind: "code",
    target: instance.name,
    commit: goesTo.commit,
    ref: "release",
    versionFrom: standing.running?.version ?? null,
    versionTo: goesTo.version,
    releaseFrom: standing.running?.release ?? null,
    wayBack: standing.committed?.release ?? null,
    trigger: "rollback",
    actor,
    overrides: { ...(stateOf === null ? {} : { stateOf }), ...(input.quarantined ? { quarantined: true } : {}) },
    // Put down before the update begins: a crash in between leaves a folder that no update names, and it is swept.
    ...(inverse === undefined ? {} : { edits: { id: await editsOf(instance.rooms).store.stage(inverse, null), because: inverse.because, restart: true } }),
    ...(isRebuilt ? { rebuilds: { release: goesTo.release, digest: goesTo.digest } } : { existingRelease: goesTo.release }),
    ...planLeaving(facts, goesTo),
    rollback: JSON.parse(JSON.stringify(await withFiles(instance, plan))) as Json,
  });
}

/** What is left by going back does not come again by itself; an older one that is left for a newer one has done nothing wrong. */
function planLeaving({ releases, standing }: RollbackFacts, goesTo: KnownRelease): { leaves?: string } {
  const digest = releases.find(({ release }) => release === standing.running?.release)?.digest ?? null;
  // One that was built anew is as old as what it is.
  const ageOf = (wanted: string | null) => releases.findIndex((known) => known.digest === wanted);
  return digest === null || ageOf(digest) <= ageOf(goesTo.digest) ? {} : { leaves: digest };
}

/** What takes the later edits back; refused, naming them, where somebody changed one of the files since: nothing of theirs is overwritten. */
async function readInverse({ rooms, journal }: OperationContext["instance"], { undoes, goesTo }: PlannedRollback): Promise<EditPlan | undefined> {
  if (undoes.length === 0) return undefined;
  const plans: EditPlan[] = [];
  for (const { update } of undoes) {
    const inverse = await readInverseEdits(rooms, journal.read(update as UpdateId));
    if (inverse.kind === "refused") throw new InstarError(inverse.code, inverse.because);
    plans.push(inverse.plan);
  }
  const merged = mergeInverseEdits(plans, `back to ${goesTo.version}, and what was configured then`);
  const looked = await editsOf(rooms).look(merged, null);
  if (looked.kind === "refused")
    throw new InstarError(looked.code, looked.because, { advice: "Put that file aside, or go back to the version alone: `instar rollback <version>`." });
  return merged;
}

function assertNothingUnderWay({ journal }: OperationContext["instance"], { to }: Input): void {
  const [open] = journal.unfinished();
  if (open !== undefined)
    throw new InstarError("CONFLICT", `update ${open} is under way`, {
      advice: `\`instar update cancel\` stops it${to === undefined ? " and puts the version before it back" : ""}.`,
    });
}

function assertAllowed({ checks, goesTo }: PlannedRollback): void {
  const failing = checks.find(({ verdict }) => verdict === "fail");
  if (failing === undefined) return;
  const code =
    failing.check === "check_disk_space" ? "DISK_FULL" : goesTo.quarantined !== null && failing.check === "validate_target_state" ? "QUARANTINED" : "CONFLICT";
  throw new InstarError(code, failing.because, {
    facts: { check: failing.check, release: goesTo.release },
    advice: "`instar rollback --dry-run` shows the whole plan.",
  });
}

function askedOf({ to, at, checkpoint, lastCommitted, withState, codeAlone, quarantined }: Input): RollbackAsked {
  const targets: RollbackTarget[] = [
    ...(to === undefined ? [] : [{ kind: "version", name: to } as const]),
    ...(at === undefined ? [] : [{ kind: "time", atMs: parseTime(at) } as const]),
    ...(checkpoint === undefined ? [] : [{ kind: "checkpoint", id: checkpoint } as const]),
    ...(lastCommitted ? [{ kind: "last-committed" } as const] : []),
  ];
  if (targets.length > 1)
    throw new InstarError("INPUT_INVALID", "name one target: a version, --at, --checkpoint or --last-committed", { facts: { targets: targets.length } });
  return { target: targets[0] ?? { kind: "previous" }, withState, codeAlone, quarantined };
}

function parseTime(text: string): number {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs))
    throw new InstarError("INPUT_INVALID", `${JSON.stringify(text)} is not a time`, { advice: "Write it as 2026-11-28T03:00:00Z, or with an offset." });
  return atMs;
}

/** With what was written since the snapshot that is put back: listed before it is taken from where it is. */
async function withFiles({ rooms }: OperationContext["instance"], plan: PlannedRollback): Promise<RollbackPlan> {
  const shown = withoutInner(plan);
  if (plan.stateOf === null || rooms.stateDirectory === null) return shown;
  const { total, first } = await rooms.snapshots.listChangedSince(plan.stateOf, rooms.stateDirectory);
  return { ...shown, lost: { ...shown.lost, files: { total, first: [...first] } } };
}

function withoutInner({ goesTo: _, stateOf: __, undoes: ___, ...plan }: PlannedRollback): RollbackPlan {
  return plan;
}
