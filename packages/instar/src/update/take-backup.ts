import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { type BackupKind, type Component, InstarError } from "@instar/protocol";
import type { PartRoot, SnapshotPart } from "../backups/backup-parts.ts";
import type { DatabaseRoom } from "../backups/database-room.ts";
import { dumpDatabase } from "../backups/dump-database.ts";
import { planBackupParts, planConfigRoots } from "../backups/plan-backup-parts.ts";
import { planBackupSpace } from "../backups/plan-backup-space.ts";
import { readChangedSize } from "../backups/read-changed-size.ts";
import { readDatabaseSize } from "../backups/read-database-size.ts";
import { readStateSize } from "../backups/read-state-size.ts";
import type { SnapshotInfo, TakenSnapshot } from "../backups/snapshot-store.ts";
import { stageLiveState } from "../backups/stage-live-state.ts";
import { readFreeBytes } from "../platform/disk-space.ts";
import { makePrivateFolder, removeTree } from "../platform/durable-files.ts";
import { reservePathOf } from "../platform/with-reserve.ts";
import { readEnvironmentFile } from "../settings/read-environment-file.ts";
import { SETTINGS_FILE } from "../settings/read-settings.ts";
import { environmentFileOf } from "./exchange.ts";
import { runStateCopy } from "./run-state-copy.ts";
import type { StepRooms } from "./step-rooms.ts";

export interface BackupRequest {
  readonly id: string;
  readonly kind: BackupKind;
  /** All that there are where it is left out. */
  readonly components?: readonly Component[] | undefined;
  readonly tags: readonly string[];
  readonly because: string;
  readonly update: string | null;
  readonly running: { readonly release: string; readonly version: string; readonly commit: string } | null;
  /** True where the agent was stopped: then it is not asked to make a copy of its own. */
  readonly isQuiet: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly line: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** What is to be read at most. */
  readonly ofBytes: number;
}

/**
 * Backs an agent up while it goes on. What cannot be read as it lies there (databases, a state whose agent has its own way) is copied aside first, on the
 * same disk; then everything goes into the store at once. A crash leaves a staging folder, which the next daemon removes, and no snapshot.
 *
 * @throws InstarError INPUT_INVALID, BACKUP_FAILED, DISK_FULL (with numbers, before anything is written); the signal's reason
 */
export async function takeBackup(rooms: StepRooms, request: BackupRequest): Promise<TakenSnapshot> {
  const { components, configRoots } = await planParts(rooms, request);
  const database = await openDatabaseRoom(rooms, request.signal);
  const ofBytes = await assertRoom(rooms, request, { components, configRoots, database });
  const staging = stagingFolderOf(rooms, request.id);
  await removeTree(staging);
  await makePrivateFolder(staging);
  // An update that is committed meanwhile must not take it for one that nobody takes.
  rooms.backupsUnderWay.add(request.id);
  try {
    const say = (line: string) => request.onProgress({ line, files: 0, sizeBytes: 0, ofBytes });
    const parts: SnapshotPart[] = [];
    if (components.includes("code")) parts.push(await codePart(rooms, request));
    if (components.includes("config")) parts.push(configPart(configRoots));
    if (components.includes("database")) parts.push(await databasePart(rooms, join(staging, "databases"), { ...database, isQuiet: request.isQuiet }, say));
    if (components.includes("data")) parts.push(await dataPart(rooms, request, join(staging, "state"), say));
    return await rooms.snapshots.take(request.id, {
      about: aboutOf(request),
      parts,
      trustUnchanged: request.kind !== "full",
      signal: request.signal,
      onProgress: ({ files, sizeBytes }) => request.onProgress({ line: "reading what changed", files, sizeBytes, ofBytes }),
    });
  } catch (error) {
    await rooms.snapshots.remove(request.id).catch(() => undefined);
    throw error;
  } finally {
    rooms.backupsUnderWay.delete(request.id);
    await removeTree(staging);
  }
}

export const stagingFolderOf = ({ folder }: Pick<StepRooms, "folder">, id = "") => join(folder, "staging", id);

/** Where the agent's own databases are reached: their tools on the operator's PATH, their addresses where the agent finds them. */
export async function openDatabaseRoom(rooms: StepRooms, signal: AbortSignal): Promise<DatabaseRoom> {
  const { settings, folder } = rooms;
  const file = environmentFileOf(rooms);
  const isNeeded = file !== null && settings.backup.databases.length > 0;
  return {
    runJob: rooms.runJob,
    environment: rooms.toolEnvironment,
    agentVariables: { ...(isNeeded ? await readEnvironmentFile(file) : {}), ...settings.agent.environment },
    settingsFolder: rooms.settingsFolder,
    logPath: join(folder, "logs", "backup.log"),
    withinMs: settings.backup.within,
    signal,
  };
}

/** What configures the agent, as instar.yaml says; what is not there is left out. */
function listConfigRoots(rooms: StepRooms): PartRoot[] {
  const { settings, settingsFolder } = rooms;
  const environmentFile = environmentFileOf(rooms);
  const named = [SETTINGS_FILE, ...(environmentFile === null ? [] : [environmentFile]), ...settings.backup.config];
  const there = named.filter((path) => existsSync(isAbsolute(path) ? path : join(settingsFolder, path)));
  return planConfigRoots(settingsFolder, there);
}

async function planParts(rooms: StepRooms, request: BackupRequest): Promise<{ components: readonly Component[]; configRoots: PartRoot[] }> {
  const configRoots = listConfigRoots(rooms);
  const plan = planBackupParts(
    { kind: request.kind, components: request.components },
    {
      hasCode: request.running !== null && (await rooms.releases.isSealed(request.running.release)),
      hasConfig: configRoots.length > 0,
      hasData: rooms.stateDirectory !== null && existsSync(rooms.stateDirectory),
      databases: rooms.settings.backup.databases.length,
    },
  );
  if (plan.kind === "refused") throw new InstarError("INPUT_INVALID", `no backup was made: ${plan.because}`);
  return { components: plan.components, configRoots };
}

interface Planned {
  readonly components: readonly Component[];
  readonly configRoots: readonly PartRoot[];
  readonly database: DatabaseRoom;
}

/** @returns what is to be read at most */
async function assertRoom(rooms: StepRooms, request: BackupRequest, planned: Planned): Promise<number> {
  const { folder, settings, stateDirectory } = rooms;
  const { components, configRoots, database } = planned;
  const newest = request.kind === "full" ? undefined : (await rooms.snapshots.list()).find(hasData);
  let [keptBytes, stagedBytes] = [0, 0];
  if (components.includes("code") && request.running !== null) keptBytes += (await rooms.releases.readRecord(request.running.release)).sizeBytes;
  if (components.includes("config")) for (const { path } of configRoots) keptBytes += await readStateSize(path, request.signal);
  if (components.includes("data") && stateDirectory !== null) {
    const isCopied = settings.state.copy !== undefined && !request.isQuiet;
    const wholeBytes = await readStateSize(stateDirectory, request.signal);
    keptBytes += newest === undefined || isCopied ? wholeBytes : await readChangedSize(stateDirectory, newest.takenAtMs, request.signal);
    if (isCopied) stagedBytes += wholeBytes;
  }
  if (components.includes("database"))
    for (const each of settings.backup.databases) {
      // A dump leaves indexes and dead rows out: it is not larger than the database, but for one that holds next to nothing.
      const dumpBytes = (await readDatabaseSize(each, database)) ?? 0;
      keptBytes += dumpBytes;
      stagedBytes += dumpBytes;
    }
  const plan = planBackupSpace({
    keptBytes,
    stagedBytes,
    freeBytes: await readFreeBytes(folder),
    reserveBytes: existsSync(reservePathOf(folder)) ? 0 : settings.keep.reserve,
  });
  if (plan.kind === "enough") return keptBytes + stagedBytes;
  throw new InstarError("DISK_FULL", `there is not enough space for a backup: ${plan.because}`, {
    facts: { needsBytes: plan.needsBytes, spareBytes: plan.spareBytes },
    advice: "Nothing was written. `instar backup prune` gives space back; `instar backup list` shows what takes it.",
    transient: true,
  });
}

function hasData(info: SnapshotInfo): boolean {
  return info.state === "whole" && info.parts.some(({ component }) => component === "data");
}

async function codePart(rooms: StepRooms, { running }: BackupRequest): Promise<SnapshotPart> {
  if (running === null) throw new InstarError("BACKUP_FAILED", "nothing runs, so there is no code");
  const record = await rooms.releases.readRecord(running.release);
  return {
    component: "code",
    roots: [{ name: "release", path: rooms.releases.treePath(running.release) }],
    about: { release: record.id, version: record.version, commit: record.commit, digest: record.digest },
  };
}

function configPart(roots: readonly PartRoot[]): SnapshotPart {
  return { component: "config", roots, about: Object.fromEntries(roots.map(({ name, path }) => [`path of ${name}`, path])) };
}

async function databasePart(rooms: StepRooms, to: string, room: DatabaseRoom, say: (line: string) => void): Promise<SnapshotPart> {
  await makePrivateFolder(to);
  const about: Record<string, string> = {};
  for (const database of rooms.settings.backup.databases) {
    say(`dumping the database ${database.name}`);
    about[database.name] = await dumpDatabase(database, to, room);
  }
  const roots = (await readdir(to)).toSorted().map((name) => ({ name, path: join(to, name) }));
  return { component: "database", roots, about };
}

async function dataPart(rooms: StepRooms, request: BackupRequest, staging: string, say: (line: string) => void): Promise<SnapshotPart> {
  const { stateDirectory, settings } = rooms;
  if (stateDirectory === null) throw new InstarError("BACKUP_FAILED", "the agent has no state folder");
  const about = { path: stateDirectory };
  if (settings.state.copy !== undefined && request.running !== null && !request.isQuiet) {
    await makePrivateFolder(staging);
    say("the agent copies its state by state.copy");
    const { release, version } = request.running;
    const logPath = join(rooms.folder, "logs", "backup.log");
    await runStateCopy(rooms, { release, version, to: staging, logPath, signal: request.signal, say });
    return { component: "data", roots: [{ name: "state", path: staging }], about: { ...about, by: "state.copy" } };
  }
  // Nobody writes: the files as they are, also of a database that is damaged. What is to be replaced must not keep its own replacement away.
  if (request.isQuiet) return { component: "data", roots: [{ name: "state", path: stateDirectory }], about };
  say("copying what databases lie in the state");
  const root = await realpath(stateDirectory);
  const live = await stageLiveState(root, staging, request.signal);
  return { component: "data", roots: [{ name: "state", path: root, live }], about: { ...about, databases: String(live.instead.size) } };
}

function aboutOf({ kind, tags, because, update, running }: BackupRequest): Parameters<StepRooms["snapshots"]["take"]>[1]["about"] {
  return { kind, tags, because, update, version: running?.version ?? null, release: running?.release ?? null };
}
