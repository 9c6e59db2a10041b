import { type BackupJob, type Implementations, type InputOf, InstarError, renderProblem } from "@instar/protocol";
import { type Prunable, planPruneSnapshots, planRemoveSnapshots, prunablesOf } from "../backups/plan-prune-snapshots.ts";
import { planRestoreTarget } from "../backups/plan-restore-target.ts";
import type { SnapshotInfo, WholeSnapshot } from "../backups/snapshot-store.ts";
import { type Instance, readStanding } from "../daemon/instance.ts";
import { transact } from "../database/open-database.ts";
import type { LedgerStatement } from "../ledger/ledger-entry.ts";
import { findBackup } from "../update/find-backup.ts";
import { newId } from "../update/new-id.ts";
import { takeBackup } from "../update/take-backup.ts";
import { assertNoExchange } from "./assert-no-exchange.ts";
import type { JobDesk, JobResults } from "./backup-jobs.ts";
import type { OperationContext } from "./context.ts";
import { describeBackup } from "./describe-backup.ts";
import { restoreBackup } from "./restore-backup.ts";

type Implemented = "backup.create" | "backup.list" | "backup.verify" | "backup.restore" | "backup.prune" | "backup.progress";

/** Long work is begun and looked at; without a daemon it is done at once, by whoever asked. */
export function implementBackups(context: OperationContext): Pick<Implementations, Implemented> {
  const { instance, daemon, backupJobs: jobs } = context;
  const { rooms } = instance;
  const begin = async (what: BackupJob["what"], act: (desk: JobDesk) => Promise<JobResults>, isQuestion = false) => {
    if (isQuestion) return jobs.answer(what, act);
    const { job, ended } = jobs.begin(what, act);
    return daemon === undefined ? ended : job;
  };
  return {
    "backup.create": async (input) => {
      assertDaemon(context);
      assertNoExchange(instance);
      return begin("create", (desk) => create(context, input, desk));
    },
    "backup.list": async () => ({ backups: (await rooms.snapshots.list()).map(describeBackup) }),
    "backup.verify": async ({ backup, all }) => {
      if (all && backup !== undefined) throw new InstarError("INPUT_INVALID", "either one backup or all of them");
      const snapshots = await rooms.snapshots.list();
      const ids = all ? snapshots.filter(({ state }) => state !== "unfinished").map(({ id }) => id) : [await resolveTarget(instance, { backup })];
      return begin("verify", (desk) => verify(instance, ids, desk));
    },
    "backup.restore": async (input) => {
      const atMs = input.at === undefined ? undefined : Date.parse(input.at);
      if (Number.isNaN(atMs)) throw new InstarError("INPUT_INVALID", `${input.at} is no time such as 2026-11-20T15:00Z`);
      const target = { backup: input.backup, version: input.forVersion, atMs, update: input.update };
      const backup = await demandBackup(instance, await resolveTarget(instance, target));
      if (input.to === undefined && !input.dryRun) assertDaemon(context);
      return begin("restore", (desk) => restoreBackup(context, backup, input, desk), input.dryRun);
    },
    "backup.prune": async (input) => {
      assertDaemon(context);
      return begin("prune", () => prune(context, input), input.dryRun);
    },
    "backup.progress": async ({ job }) => jobs.find(job),
  };
}

async function create({ instance, actor }: OperationContext, input: InputOf<"backup.create">, { signal, progress }: JobDesk): Promise<JobResults> {
  const id = newId();
  const { rooms } = instance;
  const because = input.because ?? `${actor.id} asked for it`;
  const tags = input.tag ?? [];
  const { running } = readStanding(instance);
  await takeBackup(rooms, {
    id,
    kind: input.kind,
    components: input.component,
    tags,
    because,
    update: null,
    running,
    isQuiet: false,
    signal,
    onProgress: progress,
  });
  const backup = describeBackup(await demandBackup(instance, id));
  const details = { backup: id, kind: input.kind, components: backup.components.map(({ component }) => component), tags: [...tags] };
  tell(instance, { event: "BACKUP_CREATED", actor, description: `backup ${id}: ${because}`, success: true, details });
  return { backup };
}

async function verify({ rooms }: Instance, ids: readonly string[], { signal, progress }: JobDesk): Promise<JobResults> {
  const verified: BackupJob["verified"] = [];
  for (const id of ids) {
    progress({ line: `restoring ${id} aside and comparing every byte`, files: verified.length, sizeBytes: verified.length, ofBytes: ids.length });
    const verdict = await rooms.snapshots.verify(id, { signal });
    verified.push({ backup: id, verdict: verdict.kind, paths: verdict.kind === "damaged" ? [...verdict.paths] : [] });
  }
  const damaged = verified.filter(({ verdict }) => verdict === "damaged");
  if (damaged.length === 0) return { verified };
  const problem = new InstarError("SNAPSHOT_DAMAGED", `${damaged.map(({ backup }) => backup).join(", ")}: not what was written`, {
    facts: { backups: damaged.map(({ backup }) => backup), paths: damaged.flatMap(({ paths }) => paths).slice(0, 50) },
    advice: "What is damaged is never restored. Make a new one with `instar backup create --kind full`, and look at the disk.",
  });
  return { verified, problem: { ...renderProblem(problem) } };
}

async function prune(context: OperationContext, input: InputOf<"backup.prune">): Promise<JobResults> {
  const { instance, actor } = context;
  const { snapshots, clock } = instance.rooms;
  const found = await snapshots.list();
  const remove = await planPrune(instance, found, input, clock.wallMs());
  const sizeOf = ({ id }: Prunable) => {
    const info = found.find((each) => each.id === id);
    return info?.state === "whole" ? info.sizeBytes : 0;
  };
  const pruned = remove.map(({ id, because }) => ({ backup: id, because }));
  // Snapshots share what is the same, so before it is done nobody knows more exactly.
  if (input.dryRun) return { pruned, freedBytes: remove.reduce((sum, each) => sum + sizeOf(each), 0) };
  for (const { id, because } of remove) {
    await snapshots.remove(id);
    tell(instance, { event: "BACKUP_REMOVED", actor, description: `backup ${id} was removed: ${because}`, success: true, details: { backup: id } });
  }
  const { freedBytes } = await snapshots.sweep();
  return { pruned, freedBytes };
}

async function planPrune(instance: Instance, found: readonly SnapshotInfo[], input: InputOf<"backup.prune">, nowMs: number): Promise<readonly Prunable[]> {
  const referenced = new Set(instance.rooms.referencedSnapshots());
  const { keep } = instance.settings;
  if (input.id === undefined && input.tag === undefined)
    return planPruneSnapshots(prunablesOf(found), { keep: input.keep ?? keep.snapshots, keepDays: keep.snapshotDays, nowMs, referenced });
  if (input.id !== undefined && input.tag !== undefined) throw new InstarError("INPUT_INVALID", "either --id or --tag");
  const id = input.id === undefined ? undefined : findPrefix(found, input.id);
  const { remove, needed } = planRemoveSnapshots(prunablesOf(found), { id, tag: input.tag }, referenced);
  if (needed.length > 0)
    throw new InstarError("CONFLICT", `${needed.join(", ")} may still be needed to go back`, {
      facts: { needed },
      advice: "Try again after the next version was committed.",
    });
  if (remove.length === 0) throw new InstarError("NOT_FOUND", `no backup has the tag ${input.tag}`, { advice: "`instar backup list` shows them all." });
  return remove;
}

function findPrefix(found: readonly SnapshotInfo[], prefix: string): string {
  const matches = found.filter(({ id }) => id === prefix || id.startsWith(prefix)).map(({ id }) => id);
  const only = matches.includes(prefix) ? prefix : matches[0];
  if (only === undefined) throw new InstarError("NOT_FOUND", `there is no backup ${prefix}`, { advice: "`instar backup list` shows them all." });
  if (only !== prefix && matches.length > 1) throw new InstarError("INPUT_INVALID", `${prefix} could be ${matches.slice(0, 4).join(", ")}`);
  return only;
}

async function resolveTarget({ rooms }: Instance, target: Parameters<typeof planRestoreTarget>[1]): Promise<string> {
  const snapshots = (await rooms.snapshots.list()).map(describeBackup).map((view) => ({ ...view, takenAtMs: Date.parse(view.takenAt) }));
  const chosen = planRestoreTarget(snapshots, target);
  if (chosen.kind === "found") return chosen.id;
  throw new InstarError("NOT_FOUND", chosen.because, { advice: "`instar backup list` shows them all." });
}

async function demandBackup(instance: Instance, id: string): Promise<WholeSnapshot> {
  const found = await findBackup(instance.rooms, id);
  if (found === undefined)
    throw new InstarError("SNAPSHOT_DAMAGED", `backup ${id} cannot be read`, {
      facts: { backup: id },
      advice: "Nothing was touched. `instar backup list` shows the others.",
    });
  return found;
}

function assertDaemon({ daemon, instance }: OperationContext): void {
  if (daemon === undefined) throw new InstarError("NOT_RUNNING", `Instar does not run for ${instance.name}`, { advice: "Start it with `instar up`." });
}

/** A state that is being moved is no state to back up. */
function tell({ database, ledger }: Instance, statement: LedgerStatement): void {
  transact(database, () => ledger.append(statement));
}
