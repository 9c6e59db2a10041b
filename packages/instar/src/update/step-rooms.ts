import type { SandboxUse } from "@instar/protocol";
import type { Analysis } from "../analysis/run-analysis-job.ts";
import type { SnapshotStore } from "../backups/snapshot-store.ts";
import type { Documents } from "../database/documents.ts";
import type { Facts } from "../database/facts.ts";
import type { Approval } from "../governance/approvals/approval.ts";
import type { Passkey } from "../governance/passkeys/passkey.ts";
import type { PolicySet } from "../governance/policy/policy-set.ts";
import type { KeeperClient } from "../keeper/keeper-client.ts";
import type { DatabaseFact } from "../observation/checks/read-database-integrity.ts";
import type { Clock } from "../platform/clock.ts";
import type { RunJob } from "../platform/run-job.ts";
import type { KeptReleases } from "../releases/kept-releases.ts";
import type { ReleaseStore } from "../releases/release-store.ts";
import type { RunConfined, SandboxAdapter, SandboxChoice, StartConfined } from "../sandbox/sandbox.ts";
import type { NetworkTrust } from "../settings/plan-network-trust.ts";
import type { Settings } from "../settings/settings.ts";
import type { GitSource } from "../sources/git-source.ts";
import type { Estimates } from "./estimate-from-history.ts";
import type { ChangePattern } from "./fold-incidents.ts";
import type { Observer } from "./observed/observer.ts";

/** The rooms that steps act through. Built in compose.ts and nowhere else. */
export interface StepRooms {
  readonly settings: Settings;
  /** The folder of instar.yaml: relative paths in it count from here. */
  readonly settingsFolder: string;
  readonly settingsDigest: string;
  /** See ReadSettings.written. */
  readonly settingsWritten: ReadonlySet<string>;
  /** The instance's data folder. */
  readonly folder: string;
  /** Where attempts have their folders; emptied between updates. */
  readonly scratchFolder: string;
  /** Absolute, where the agent has one. */
  readonly stateDirectory: string | null;
  /** What an agent or job may inherit of the operator's environment: a handful of names. */
  readonly inherited: Readonly<Record<string, string>>;
  /** The same names and the operator's PATH: for the operator's own programs, such as a database's tools. */
  readonly toolEnvironment: Readonly<Record<string, string>>;
  /** What this network wants trusted, as the operator's shell names it: for installing, which is what reaches the network. */
  readonly networkTrust: NetworkTrust | undefined;
  readonly source: GitSource;
  readonly releases: ReleaseStore;
  readonly keptReleases: KeptReleases;
  readonly snapshots: SnapshotStore;
  readonly keeper: KeeperClient;
  readonly facts: Facts;
  readonly documents: Documents;
  /** The policies as they are on disk now, at every call. Never throws: what cannot be read makes a set that denies. */
  readonly readPolicies: () => Promise<PolicySet>;
  /** The passkeys that signed these approvals, as they are pinned on disk now and were not revoked. Never throws: of a file that cannot be read none counts. */
  readonly readPasskeysOf: (approvals: readonly Approval[]) => Promise<Passkey[]>;
  /** Of these ids those whose tokens were taken away. */
  readonly revokedAmong: (tokens: readonly string[]) => readonly string[];
  /** Whether Instar's own database is whole. */
  readonly checkDatabase: () => Pick<DatabaseFact, "kind" | "because">;
  /** For programs of the operator's and of Instar's own. What a candidate brought runs by `runConfined`. */
  readonly runJob: RunJob;
  readonly runConfined: RunConfined;
  readonly startConfined: StartConfined;
  /** In which sandbox a job of this use would run. @throws InstarError SANDBOX_WEAK */
  readonly chooseSandbox: (use: SandboxUse) => Promise<SandboxChoice>;
  /** Every sandbox there is, whether or not it works here. */
  readonly sandboxes: readonly SandboxAdapter[];
  /** What is started in front of a program that runs as the agent does: its sandbox; nothing where it runs open. @throws InstarError SANDBOX_WEAK */
  readonly slotPrefix: (release: string, more?: { readonly writable?: readonly string[] }) => Promise<readonly string[]>;
  readonly analysis: Analysis;
  readonly clock: Clock;
  /** Sees to what serves and records it, whether or not an update is under way. */
  readonly observer: Observer;
  /** What past updates took. */
  readonly history: () => Estimates;
  /** What went wrong before with a change like this one, in words; the update itself does not count. */
  readonly lessons: (pattern: ChangePattern, update: string) => readonly string[];
  /** Digests that misbehaved, with the reason. */
  readonly quarantined: (digest: string) => string | undefined;
  /** Snapshots that this process is taking: unfinished ones of another belong to nobody. */
  readonly backupsUnderWay: Set<string>;
  /** Snapshots that something still needs, those under way too. See planReferencedSnapshots. */
  readonly referencedSnapshots: () => readonly string[];
  /** Releases that something still needs: they are never pruned. */
  readonly referenced: () => readonly string[];
}

/** Where the module graph of an instance's versions is kept between analyses. */
export const graphCacheOf = (rooms: { folder: string }) => `${rooms.folder}/cache/module-graph`;
/** Folders of one update's attempts, outside everything the agent can write. */
export const scratchFolderOf = (rooms: { scratchFolder: string }, update: string, attempt: number) => `${rooms.scratchFolder}/${update}-${attempt}`;
export const updateLogOf = (rooms: { folder: string }, update: string) => `${rooms.folder}/logs/update-${update}.log`;
