// What an instance is made of. Long, because it is one list: whoever asks what is built of what finds all of it here.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { parseDocument } from "yaml";
import { createAnalysis } from "./analysis/run-analysis-job.ts";
import { openSnapshotStore } from "./backups/snapshot-store.ts";
import { openSources } from "./compose-sources.ts";
import { type Instance, readIncidents, readStanding } from "./daemon/instance.ts";
import { UpdateEvents } from "./daemon/update-events.ts";
import { Documents } from "./database/documents.ts";
import { Facts } from "./database/facts.ts";
import { openDatabase } from "./database/open-database.ts";
import { TokenStore } from "./governance/access/token-store.ts";
import { readPasskeysOf } from "./governance/passkeys/read-passkeys.ts";
import { openPolicies, policyFolderOf } from "./governance/policy/open-policies.ts";
import { KeeperClient } from "./keeper/keeper-client.ts";
import { Ledger } from "./ledger/ledger.ts";
import { openLedgerKey } from "./ledger/ledger-key.ts";
import { checkDatabase } from "./observation/checks/read-database-integrity.ts";
import { MetricsRecord } from "./observation/gather/metrics-record.ts";
import { type Clock, systemClock } from "./platform/clock.ts";
import { createJobRunner, type RunJob } from "./platform/run-job.ts";
import { openKeptReleases } from "./releases/kept-releases.ts";
import { openReleaseStore } from "./releases/release-store.ts";
import { createBubblewrap } from "./sandbox/bubblewrap.ts";
import { createSlotPrefix } from "./sandbox/create-slot-prefix.ts";
import { describeChoice } from "./sandbox/find-sandbox.ts";
import { createLimits } from "./sandbox/hold-limits.ts";
import { createNoSandbox } from "./sandbox/no-sandbox.ts";
import { createConfinedRunner } from "./sandbox/run-confined.ts";
import type { SandboxAdapter } from "./sandbox/sandbox.ts";
import { createSandboxRuntime } from "./sandbox/sandbox-runtime.ts";
import { createConfinedStarter } from "./sandbox/start-confined.ts";
import { withRegistries } from "./sandbox/with-registries.ts";
import { type Finding, found, notFound } from "./settings/finding.ts";
import { planNetworkTrust } from "./settings/plan-network-trust.ts";
import type { ReadSettings } from "./settings/read-settings.ts";
import { sandboxSettings } from "./settings/sandbox-settings.ts";
import { openFloorsRecord } from "./sources/registry/floors-record.ts";
import { openContentStore } from "./store/content-store.ts";
import { openTreeStore } from "./store/tree-store.ts";
import { parseFloors } from "./trust/trust-floors.ts";
import { defineCodeUpdate, defineGoingBack, defineRestoring, defineWatchingAgain, listStepDefinitions } from "./update/code-update.ts";
import { estimateFromHistory } from "./update/estimate-from-history.ts";
import { findLessons } from "./update/find-lessons.ts";
import { InstanceTime } from "./update/instance-time.ts";
import { Journal, takeEpoch } from "./update/journal.ts";
import { newId } from "./update/new-id.ts";
import { SlotObserver } from "./update/observed/slot-observer.ts";
import { planReferencedSnapshots } from "./update/plan-referenced-snapshots.ts";
import { startOf } from "./update/run-update.ts";
import type { StepRooms } from "./update/step-rooms.ts";

interface Opening {
  readonly read: ReadSettings;
  /** The instance's data folder; it exists. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** This program, without a command. */
  readonly selfArgv: readonly string[];
  /** `act` takes a new epoch: every daemon before this one is refused from now on. `read` changes nothing. */
  readonly mode: "act" | "read";
}

/** @throws InstarError NOT_RUNNING where a reader finds no data, DATA_TOO_NEW, DATA_DAMAGED, DISK_FULL */
export function openInstance({ read, folder, environment, selfArgv, mode }: Opening): Instance {
  const { settings } = read;
  const clock = systemClock;
  const path = join(folder, "instar.db");
  if (mode === "read" && !existsSync(path))
    throw new InstarError("NOT_RUNNING", `${settings.name} has never run here`, {
      facts: { folder },
      advice: "Run `instar plan` to see what would happen, then `instar up`.",
    });
  const database = openDatabase(path, { readOnly: mode === "read" });
  const facts = new Facts(database);
  const ledgerKey = openLedgerKey({ folder, remembered: facts.read<string>("ledgerKey") ?? null, mayCreate: mode === "act" });
  if (mode === "act" && ledgerKey.vkey !== null) facts.write("ledgerKey", ledgerKey.vkey);
  const ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => clock.wallMs(), key: ledgerKey.signer });
  const record = new MetricsRecord(database);
  const newest = (database.prepare("SELECT max(tick_ms) AS tick FROM journal").get() as { tick: number | null }).tick ?? 0;
  const time = new InstanceTime(clock, facts, Math.max(newest, record.newest()?.tickMs ?? 0));
  const journal = new Journal(database, ledger, time, mode === "act" ? takeEpoch(database) : 0);
  const agentPath = settings.agent.path?.join(":") ?? "/usr/local/bin:/usr/bin:/bin";
  const runJob = createJobRunner({ clock, instanceId: instanceIdOf(folder) });
  const stateDirectory = settings.state.directory === undefined ? null : fromFolder(read.folder, settings.state.directory);
  // Also where the slot is sandboxed: the one that runs while that is turned on was started open.
  const store = openContentStore({ folder: join(folder, "store") });
  const releases = openReleaseStore({ folder: join(folder, "releases"), slotCanWrite: true, clock });
  const keptReleases = openKeptReleases({ facts, trees: openTreeStore(store), releases });
  const sandboxes = { adapters: openSandboxes({ folder, stateDirectory, runJob, clock }), settings: settings.sandbox };
  const runConfined = createConfinedRunner({ runJob, ...sandboxes });
  assertOwnFolder(facts, read);
  if (mode === "act") facts.write("settingsPath", read.path);
  const backupsUnderWay = new Set<string>();
  const opened = openSources({
    read,
    folder,
    environment,
    agentPath,
    facts,
    runJob,
    clock,
    // Made by chance, unlike the folder's path, which is the same on many machines.
    instanceId: ledgerKey.vkey ?? instanceIdOf(folder),
    runningVersion: () => readStanding({ journal }).running?.version ?? null,
    floors: openFloorsRecord({ database, facts, ledger, parse: parseFloors, mayWrite: mode === "act" }),
  });
  const rooms: StepRooms = {
    settings,
    scratchFolder: join(folder, "scratch"),
    settingsFolder: read.folder,
    settingsDigest: read.digest,
    settingsWritten: read.written,
    folder,
    stateDirectory,
    inherited: pickInherited(environment),
    toolEnvironment: pickToolEnvironment(environment),
    networkTrust: planNetworkTrust(environment).value,
    source: opened.git,
    releases,
    keptReleases,
    snapshots: openSnapshotStore({ folder: join(folder, "snapshots"), store, clock, otherTrees: () => keptReleases.trees() }),
    keeper: new KeeperClient(folder),
    facts,
    checkDatabase: () => checkDatabase(database),
    runJob,
    runConfined,
    startConfined: createConfinedStarter({ runConfined, clock }),
    chooseSandbox: (use) => describeChoice(use, sandboxes),
    sandboxes: sandboxes.adapters,
    slotPrefix: createSlotPrefix({
      settings: settings.agent,
      folder,
      stateDirectory,
      home: environment.HOME ?? homedir(),
      treePath: (release) => releases.treePath(release),
    }),
    analysis: createAnalysis({
      runJob,
      selfArgv,
      withinMs: settings.analysis.within,
      environment: { PATH: agentPath, NODE_COMPILE_CACHE: join(folder, "cache", "node") },
    }),
    clock,
    observer: new SlotObserver({ rooms: () => rooms, record, tickMs: () => time.tickMs() }),
    history: () => estimateFromHistory(journal.list().map((update) => journal.read(update))),
    lessons: (pattern, update) =>
      findLessons(
        pattern,
        readIncidents({ journal, facts }).filter(({ id }) => id !== update),
      ).map(({ because }) => because),
    documents: new Documents(database),
    readPolicies: () => openPolicies(settings, read.folder),
    readPasskeysOf: (approvals) => readPasskeysOf(approvals, { folder: policyFolderOf(settings, read.folder), facts }),
    revokedAmong: (ids) => new TokenStore({ database, clock, newId }).revokedAmong(ids),
    quarantined: (digest) => (database.prepare("SELECT because FROM quarantine WHERE digest = ?").get(digest) as { because: string } | undefined)?.because,
    referenced: () => {
      const { running, committed } = readStanding({ journal });
      return [running?.release, committed?.release].filter((release) => release !== undefined);
    },
    backupsUnderWay,
    referencedSnapshots: () => {
      const unfinished = journal.unfinished().map((update) => startOf(journal.read(update)));
      return [...planReferencedSnapshots(readStanding({ journal }), unfinished), ...backupsUnderWay];
    },
  };
  return {
    name: settings.name,
    folder,
    settings,
    rooms,
    database,
    journal,
    ledger,
    ledgerKey,
    facts,
    time,
    sources: opened.sources,
    events: new UpdateEvents(database),
    bringByHand: opened.bringByHand,
    codeUpdate: defineCodeUpdate(rooms),
    goingBack: (how) => defineGoingBack(rooms, how),
    restoring: defineRestoring(rooms),
    watchingAgain: defineWatchingAgain(rooms),
    definitions: listStepDefinitions(rooms),
    close: () => database.close(),
  };
}

/** Every sandbox there is, whether or not it works here; in the order in which they are preferred. */
function openSandboxes({
  folder,
  stateDirectory,
  runJob,
  clock,
}: {
  folder: string;
  stateDirectory: string | null;
  runJob: RunJob;
  clock: Clock;
}): SandboxAdapter[] {
  const shared = {
    runJob,
    limits: createLimits({ clock, instanceId: createHash("sha256").update(folder).digest("hex").slice(0, 12) }),
    folder: join(folder, "sandbox"),
  };
  const hidden = [folder, ...(stateDirectory === null ? [] : [stateDirectory])];
  return [createBubblewrap({ ...shared, hidden }), createSandboxRuntime({ ...shared, hidden }), createNoSandbox(shared)].map((adapter) =>
    withRegistries(adapter),
  );
}

/** For `init`, before there is an instance: what jobs would run in here. It tries, in a folder that is gone afterwards. */
export async function findSandboxHere(): Promise<Finding<string>> {
  const folder = mkdtempSync(join(tmpdir(), "instar-"));
  try {
    const runJob = createJobRunner({ clock: systemClock, instanceId: instanceIdOf(folder) });
    const adapters = openSandboxes({ folder, stateDirectory: null, runJob, clock: systemClock });
    const { sandbox, enforces } = await describeChoice("test", { adapters, settings: sandboxSettings.parse({}) });
    return found(sandbox, "certain", `tried here, it enforces ${enforces.join(", ")}`);
  } catch (error) {
    if (!InstarError.is(error, "SANDBOX_WEAK")) throw error;
    return notFound(error.message, `Every update will be refused until jobs can be confined here: ${error.message}. ${error.advice ?? ""}`.trim());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two agents must not share a data folder because they have the same name. A folder that was moved takes its data along. */
function assertOwnFolder(facts: Facts, read: ReadSettings): void {
  const owner = facts.read<string>("settingsPath");
  if (owner !== undefined && owner !== read.path && existsSync(owner) && parseDocument(readFileSync(owner, "utf8")).get("name") === read.settings.name)
    throw new InstarError("CONFLICT", `the instance ${read.settings.name} belongs to ${owner}`, {
      facts: { owner },
      advice: `Give this agent another name in ${read.path}.`,
    });
}

/** Marks this instance's jobs, so that a later daemon finds what an earlier one left. */
export const instanceIdOf = (folder: string) => `instar:${folder}`;

/** The few names that an agent or a job may inherit. Everything else it gets from instar.yaml, and nothing of Instar's own. */
function pickInherited(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = ["HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SystemRoot", "ComSpec", "PATHEXT", "USERPROFILE", "USERNAME", "TEMP", "TMP"];
  return Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}

/** What programs of the operator's own get, such as a database's tools: they lie where the operator's shell finds them. */
function pickToolEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const path = environment.INSTAR_OPERATOR_PATH ?? environment.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  return { ...pickInherited(environment), PATH: path };
}

const fromFolder = (folder: string, path: string) => (isAbsolute(path) ? path : join(folder, path));

/** `plan` before the first `up` needs an instance that is not there yet: it gets one that is gone afterwards. */
export function openForReading(opening: Omit<Opening, "mode">): Instance {
  const { folder } = opening;
  if (existsSync(join(folder, "instar.db"))) return openInstance({ ...opening, mode: "read" });
  const nothing = mkdtempSync(join(tmpdir(), "instar-"));
  const instance = openInstance({ ...opening, folder: nothing, mode: "act" });
  return {
    ...instance,
    folder,
    close: () => {
      instance.close();
      rmSync(nothing, { recursive: true, force: true });
    },
  };
}
