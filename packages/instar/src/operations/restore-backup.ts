import { readdir } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { type Component, type InputOf, InstarError, type RestorePlanView } from "@instar/protocol";
import { dumpNameOf } from "../backups/database-room.ts";
import type { WholeSnapshot } from "../backups/snapshot-store.ts";
import { beginUpdate } from "../daemon/begin-update.ts";
import { readStanding } from "../daemon/instance.ts";
import { isBelow } from "../edits/plan-target.ts";
import { readFreeBytes } from "../platform/disk-space.ts";
import { makePrivateFolder } from "../platform/durable-files.ts";
import { listSealedRules } from "../update/list-sealed-rules.ts";
import { isOwnWriting, withBackupConfig } from "../update/read-backup-config.ts";
import { readRestoreRoom } from "../update/read-restore-room.ts";
import { recordOf } from "../update/steps/read-running.ts";
import type { JobDesk, JobResults } from "./backup-jobs.ts";
import type { OperationContext } from "./context.ts";
import { estimateRestoreMs, planRestoredComponents } from "./plan-restore.ts";

type Asked = InputOf<"backup.restore">;

/** Aside into a folder, or in the place of what serves: then by an update, which journals, goes on after a crash and comes back by itself. */
export async function restoreBackup(context: OperationContext, backup: WholeSnapshot, asked: Asked, desk: JobDesk): Promise<JobResults> {
  const components = planRestoredComponents(
    backup.parts.map(({ component }) => component),
    { components: asked.component, to: asked.to },
  );
  const to = asked.to === undefined ? null : resolveTo(context, asked.to);
  if (to === null && components.includes("database")) assertNamed(context, backup);
  const plan = await planRestore(context, backup, components, to);
  if (asked.dryRun) return { plan };
  assertRoom(plan);
  if (to === null && components.includes("config")) await assertRulesStay(context);
  if (to !== null) return { plan, restoredTo: await writeAside(context, backup, components, to, desk) };
  if (plan.conflicts.length > 0 && !asked.overwriteConfig)
    throw new InstarError("CONFLICT", `somebody changed the configuration since: ${plan.conflicts.join(", ")}`, {
      facts: { conflicts: plan.conflicts },
      advice: "`--overwrite-config` replaces that too; what is there today is kept in a backup of its own. Or `--component data` leaves it.",
    });
  return { plan, update: await beginRestoring(context, backup, components, asked.overwriteConfig) };
}

/** A backup of yesterday may have the policies of yesterday, which asked for no passkey. @throws InstarError FORBIDDEN */
async function assertRulesStay({ instance }: OperationContext): Promise<void> {
  const { rooms, settings } = instance;
  const listed = settings.backup.config.map((path) => resolve(rooms.settingsFolder, path));
  const sealed = await listSealedRules(rooms);
  const met = sealed.find((path) => listed.some((each) => each === path || isBelow(each, path) || isBelow(path, each)));
  if (met === undefined) return;
  throw new InstarError("FORBIDDEN", `the configuration has ${met} in it, which says who may approve, and approvals want a passkey here`, {
    advice: "`--component data` leaves the configuration; with `--to` it is written aside, and a person puts it in place.",
  });
}

/** A dump that no database of today is named for would be passed over without a word. */
function assertNamed({ instance }: OperationContext, backup: WholeSnapshot): void {
  const names = instance.settings.backup.databases.map(dumpNameOf);
  const kept = backup.parts.find(({ component }) => component === "database")?.roots ?? [];
  const unnamed = kept.map(({ name }) => name.replace(/-wal$/, "")).filter((name) => !names.includes(name));
  if (unnamed.length === 0) return;
  throw new InstarError("CONFLICT", `backup.databases in instar.yaml names no database for ${[...new Set(unnamed)].join(", ")}`, {
    facts: { dumps: unnamed },
    advice: "Name it there as it was named when the backup was made, or restore it aside with --to.",
  });
}

async function planRestore(
  { instance }: OperationContext,
  backup: WholeSnapshot,
  components: readonly Component[],
  to: string | null,
): Promise<RestorePlanView> {
  const { rooms, folder, settings } = instance;
  const parts = backup.parts.filter(({ component }) => components.includes(component));
  const sizeBytes = parts.flatMap(({ roots }) => roots).reduce((sum, root) => sum + root.sizeBytes, 0);
  const takenAt = new Date(backup.takenAtMs).toISOString();
  const inPlace = to === null;
  const hasConfig = inPlace && components.includes("config");
  const differing = hasConfig
    ? await withBackupConfig(rooms, backup, `plan-${backup.id}`, async (files) => files.filter((file) => !isOwnWriting(rooms, file)))
    : [];
  const room = to === null ? await readRestoreRoom(rooms, backup, components) : { needsBytes: sizeBytes, freeBytes: await readFreeBytes(to), changedBytes: 0 };
  return {
    backup: backup.id,
    takenAt,
    version: backup.about.version,
    to,
    components: parts.map(({ component, roots, about }) => ({
      component,
      would:
        to === null
          ? wouldReplace(component, { about, stateDirectory: rooms.stateDirectory, databases: settings.backup.databases.map(({ name }) => name) })
          : `be written to ${join(to, component)}`,
      files: roots.reduce((sum, root) => sum + root.files, 0),
      sizeBytes: roots.reduce((sum, root) => sum + root.sizeBytes, 0),
    })),
    lost: inPlace ? listLost(components, takenAt, room.changedBytes) : [],
    keptAside: inPlace
      ? ["today's in a backup with the tag before-restore", ...(components.includes("data") ? [`today's state in ${join(folder, "aside")}`] : [])]
      : [],
    conflicts: differing.map(({ path }) => path),
    needsBytes: room.needsBytes,
    freeBytes: room.freeBytes,
    takesMs: estimateRestoreMs(sizeBytes, listPast(instance.journal)),
  };
}

function wouldReplace(
  component: Component,
  { about, stateDirectory, databases }: { about: Readonly<Record<string, string>>; stateDirectory: string | null; databases: readonly string[] },
): string {
  switch (component) {
    case "code":
      return `run release ${about.release ?? "?"} (${about.version ?? "?"})`;
    case "config":
      return "replace the configuration files that differ";
    case "data":
      return `replace ${stateDirectory ?? "the state"}, which is moved aside`;
    case "database":
      return `replace what the databases ${databases.join(", ")} hold`;
    default:
      return component satisfies never;
  }
}

function listLost(components: readonly Component[], takenAt: string, changedBytes: number): string[] {
  return [
    ...(components.includes("data") ? [`what was written to the state since ${takenAt}: ${changedBytes} bytes in files that changed`] : []),
    ...(components.includes("database") ? [`what was written to the databases since ${takenAt}`] : []),
  ];
}

function listPast(journal: OperationContext["instance"]["journal"]): { sizeBytes: number; tookMs: number }[] {
  return journal.list().flatMap((update) =>
    journal.read(update).flatMap((entry) => {
      if (entry.kind !== "applied" || entry.step !== "put-back") return [];
      const { restoredBytes, tookMs } = entry.gives;
      return typeof restoredBytes === "number" && typeof tookMs === "number" ? [{ sizeBytes: restoredBytes, tookMs }] : [];
    }),
  );
}

/** In a place where it is built aside first, and where the reserve is not counted. */
function assertRoom({ needsBytes, freeBytes }: RestorePlanView): void {
  if (needsBytes < freeBytes) return;
  throw new InstarError("DISK_FULL", `there is not enough space to restore it: ${needsBytes} bytes are needed, and ${freeBytes} are free`, {
    facts: { needsBytes, freeBytes },
    advice: "Nothing was touched. Free some space, or restore less with --component.",
    transient: true,
  });
}

function resolveTo({ instance }: OperationContext, to: string): string {
  const { rooms, folder } = instance;
  const path = isAbsolute(to) ? resolve(to) : resolve(rooms.settingsFolder, to);
  const taken = [folder, ...(rooms.stateDirectory === null ? [] : [rooms.stateDirectory])].find((other) => path === other || path.startsWith(`${other}/`));
  if (taken === undefined) return path;
  throw new InstarError("INPUT_INVALID", `${path} lies in ${taken}, which is in use`, { advice: "Name a folder elsewhere." });
}

/** Each part into a folder of its own. What was not finished stays for a person to look at, and is named as what it is. */
async function writeAside(
  { instance }: OperationContext,
  backup: WholeSnapshot,
  components: readonly Component[],
  to: string,
  { signal, progress }: JobDesk,
): Promise<string> {
  const there = await readdir(to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new InstarError("INPUT_INVALID", `${to} is no folder to restore to`, { cause: error });
  });
  if (there.length > 0) throw new InstarError("CONFLICT", `${to} is not empty`, { facts: { to }, advice: "Name a folder that is empty or not there yet." });
  await makePrivateFolder(to);
  const parts = backup.parts.filter(({ component }) => components.includes(component));
  const ofBytes = parts.flatMap(({ roots }) => roots).reduce((sum, root) => sum + root.sizeBytes, 0);
  let [files, sizeBytes] = [0, 0];
  for (const { component, roots } of parts) {
    await makePrivateFolder(join(to, component));
    for (const root of roots) {
      progress({ line: `writing ${component}/${root.name}`, files, sizeBytes, ofBytes });
      await makePrivateFolder(join(to, component, root.name, ".."));
      await instance.rooms.snapshots.writePart(backup.id, component, root.name, join(to, component, root.name), { signal });
      files += root.files;
      sizeBytes += root.sizeBytes;
    }
  }
  return to;
}

async function beginRestoring(context: OperationContext, backup: WholeSnapshot, components: readonly Component[], overwriteConfig: boolean): Promise<string> {
  const { instance, actor } = context;
  const [open] = instance.journal.unfinished();
  if (open !== undefined) throw new InstarError("CONFLICT", `update ${open} is under way`, { advice: "Wait for it, or `instar update cancel`." });
  const { running, committed } = readStanding(instance);
  if (running === null) throw new InstarError("CONFLICT", "nothing runs yet: `--to` restores into a folder");
  if (running.release !== committed?.release)
    throw new InstarError("CONFLICT", `${running.version} is not committed yet`, { advice: "Wait until it is, or go back from it with `instar rollback`." });
  const wanted = components.includes("code") ? (backup.about.release ?? running.release) : running.release;
  const record = await recordOf(instance.rooms, wanted);
  if (record === undefined)
    throw new InstarError("CONFLICT", `release ${wanted} is no longer on disk`, {
      advice: `\`instar update apply ${backup.parts.find(({ component }) => component === "code")?.about.commit ?? ""}\` makes it anew; \`--to\` writes its files into a folder; \`--component data\` leaves the code.`,
    });
  return beginUpdate(instance, {
    kind: "code",
    target: instance.name,
    commit: record.commit,
    ref: "backup",
    versionFrom: running.version,
    versionTo: record.version,
    releaseFrom: running.release,
    wayBack: committed.release,
    trigger: "restore",
    actor,
    overrides: { restore: { backup: backup.id, components: components.filter((component) => component !== "code"), overwriteConfig } },
    existingRelease: record.id,
  });
}
