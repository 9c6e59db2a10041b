import { access, constants, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { copyLiveDatabases } from "../../backups/copy-live-databases.ts";
import { readSchemas } from "../../backups/read-schemas.ts";
import { readStateSize } from "../../backups/read-state-size.ts";
import type { KeeperReport } from "../../keeper/keeper-control.ts";
import { askSmoke } from "../../observation/ask-smoke.ts";
import type { DatabaseFacts, EndpointFact, HealthFacts, MigrationFacts, ServiceFacts } from "../../observation/checks/health-facts.ts";
import type { FactsAfter, FactsBefore } from "../../observation/checks/judge-health-checks.ts";
import type { DatabaseFact } from "../../observation/checks/read-database-integrity.ts";
import { readFreeBytes } from "../../platform/disk-space.ts";
import { removeTree } from "../../platform/durable-files.ts";
import { readAvailableBytes } from "../../platform/memory.ts";
import { readMachine } from "../../platform/read-machine.ts";
import { readTreeUsage } from "../../platform/read-tree-usage.ts";
import { planStrategy } from "../../settings/plan-strategy.ts";
import { readEnvironmentFile } from "../../settings/read-environment-file.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { SOURCE_IDS } from "../../settings/version-settings.ts";
import { readSourceFact } from "../../sources/source-fact.ts";
import { environmentFileOf, probeSlot, slotOf } from "../exchange.ts";
import type { StepRooms } from "../step-rooms.ts";

/** What a check is asked about. */
export interface HealthSubject {
  /** What the keeper says of its slots; undefined where it does not answer. */
  readonly report: KeeperReport | undefined;
  /** The release that serves, or should. */
  readonly release: string | null;
  /** What the rehearsal found of the databases in a copy; null where none was made. */
  readonly copies: readonly DatabaseFact[] | null;
  /** The schemas that the rehearsal's start left; null where it tells nothing. */
  readonly predicted: MigrationFacts["predicted"] | null;
  /** The release whose log the new one's is compared with; null where there is none. */
  readonly releaseBefore: string | null;
  /** Of the caller alone; for copies that are removed again. */
  readonly scratch: string;
}

/** A little more than what the snapshot needs: what the agent writes meanwhile. */
const DISK_MARGIN_BYTES = 16 * 1_048_576;
const LOG_BYTES = 1_048_576;

export async function readFactsBefore(rooms: StepRooms, subject: HealthSubject): Promise<FactsBefore> {
  const { settings, folder, stateDirectory } = rooms;
  const { report } = subject;
  const stateBytes = stateDirectory === null || settings.state.kind !== "exclusive" ? 0 : await readStateSize(stateDirectory);
  return {
    machine: await orUnknown(() => readMachine(folder)),
    disk: await orUnknown(async () => ({ freeBytes: await readFreeBytes(folder), neededBytes: stateBytes + DISK_MARGIN_BYTES })),
    memory: await orUnknown(async () => ({ availableBytes: await readAvailableBytes(), neededBytes: await readNeededMemory(rooms, report, subject.release) })),
    network: readNetwork(rooms, report),
    service: await readService(rooms, report, subject.release),
    database: await readDatabase(rooms, subject),
  };
}

export async function readFactsAfter(rooms: StepRooms, subject: HealthSubject): Promise<FactsAfter> {
  const { report } = subject;
  return {
    machine: await orUnknown(() => readMachine(rooms.folder)),
    service: await readService(rooms, report, subject.release),
    configuration: await orUnknown(() => readConfiguration(rooms)),
    migration: await orUnknown(() => readMigration(rooms, subject)),
    endpoints: await askEndpoints(rooms, report, subject.release),
    log: await orUnknown(() => readLogs(rooms, report, subject)),
  };
}

async function orUnknown<Fact>(read: () => Promise<Fact>): Promise<Fact | { readonly unknown: string }> {
  try {
    return await read();
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : String(error) };
  }
}

/** Beside the old version a new one takes about as much; where the old one ends first, nothing more. */
async function readNeededMemory({ settings }: StepRooms, report: KeeperReport | undefined, release: string | null): Promise<number> {
  if (planStrategy(settings).strategy !== "blue-green" || report === undefined) return 0;
  const name = slotOf(report, release);
  const pid = name === undefined ? null : report.slots[name].pid;
  return pid === null ? 0 : (await readTreeUsage(pid)).residentBytes;
}

function readNetwork({ facts, clock, settings }: StepRooms, report: KeeperReport | undefined): HealthFacts["network"] {
  // A source that fails among several is seen in status; here it counts whether the network is there at all.
  const answers = SOURCE_IDS.map((id) => readSourceFact(facts, id));
  const source = answers.find((each) => each !== undefined && each.failing === null) ?? answers.find((each) => each !== undefined);
  const hasAnswered = source !== undefined && source.failing === null;
  return {
    sourceAnsweredAgoMs: hasAnswered ? Math.max(0, clock.wallMs() - Date.parse(source.lookedAt)) : null,
    sourceBecause: source?.failing ?? (source === undefined ? "it was not asked yet" : "it answered"),
    checkEveryMs: settings.source.checkEvery,
    frontListens: settings.front === undefined ? null : (report?.front?.listening ?? false),
  };
}

async function readService(rooms: StepRooms, report: KeeperReport | undefined, release: string | null): Promise<ServiceFacts> {
  const name = report === undefined ? undefined : slotOf(report, release);
  if (report === undefined || name === undefined)
    return { keeperAnswers: report !== undefined, alive: false, health: { verdict: "nodata", because: "it does not run" }, restarts: 0 };
  const slot = report.slots[name];
  return { keeperAnswers: true, alive: slot.alive, health: await probeSlot(rooms, slot), restarts: slot.restarts };
}

async function readDatabase({ stateDirectory, checkDatabase }: StepRooms, { copies }: HealthSubject): Promise<DatabaseFacts> {
  const own: DatabaseFact = { path: "instar.db", ...checkDatabase() };
  if (stateDirectory === null) return { state: null, copies, own };
  const readable = await access(stateDirectory, constants.R_OK | constants.X_OK).then(
    () => ({ readable: true, because: "" }),
    (error: NodeJS.ErrnoException) => ({ readable: false, because: error.code ?? error.message }),
  );
  return { state: { directory: stateDirectory, ...readable }, copies, own };
}

async function readConfiguration(rooms: StepRooms): Promise<{ checked: string[]; mistakes: string[] }> {
  const mistakes: string[] = [];
  const check = async (read: () => Promise<unknown>) => {
    try {
      await read();
    } catch (error) {
      if (!InstarError.is(error)) throw error;
      mistakes.push(error.message);
    }
  };
  await check(() => readSettings(rooms.settingsFolder));
  const file = environmentFileOf(rooms);
  if (file !== null) await check(() => readEnvironmentFile(file));
  return { checked: ["instar.yaml", ...(file === null ? [] : [file])], mistakes };
}

async function readMigration({ stateDirectory }: StepRooms, { predicted, scratch }: HealthSubject): Promise<MigrationFacts | null> {
  if (predicted === null || predicted.length === 0 || stateDirectory === null) return null;
  const copy = join(scratch, "databases");
  await removeTree(copy);
  try {
    await copyLiveDatabases(stateDirectory, copy);
    return { predicted, seen: await readSchemas(copy) };
  } finally {
    await removeTree(copy);
  }
}

async function askEndpoints(rooms: StepRooms, report: KeeperReport | undefined, release: string | null): Promise<EndpointFact[] | null> {
  const name = report === undefined ? undefined : slotOf(report, release);
  const slot = report === undefined || name === undefined ? undefined : report.slots[name];
  if (rooms.settings.agent.port === "none") return null;
  if (slot === undefined || slot.port === null) return [{ asked: "its port", report: { verdict: "fail", because: "it has none" } }];
  const { port } = slot;
  const { health, exchange } = rooms.settings;
  const endpoints: EndpointFact[] = health.http === undefined ? [] : [{ asked: `GET ${health.http.path}`, report: await probeSlot(rooms, slot) }];
  for (const check of exchange.smoke) endpoints.push({ asked: `GET ${check.path}`, report: await askSmoke(port, check) });
  return endpoints;
}

async function readLogs(rooms: StepRooms, report: KeeperReport | undefined, { release, releaseBefore }: HealthSubject): Promise<HealthFacts["log"]> {
  const name = report === undefined ? undefined : slotOf(report, release);
  const slot = report === undefined || name === undefined ? undefined : report.slots[name];
  if (slot === undefined || slot.logPath === null) return null;
  const { logErrors, ignoreLog } = rooms.settings.rehearsal;
  const old = releaseBefore === null ? null : await readNewest(join(rooms.folder, "logs", `agent-${releaseBefore}.log`), 0);
  return { old, new: (await readNewest(slot.logPath, slot.logFrom)) ?? "", patterns: { logErrors, ignoreLog } };
}

async function readNewest(path: string, from: number): Promise<string | null> {
  const size = await stat(path).then(
    (found) => found.size,
    () => null,
  );
  if (size === null) return null;
  if (size <= LOG_BYTES && from === 0) return readFile(path, "utf8");
  const start = Math.max(from <= size ? from : 0, size - LOG_BYTES);
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}
