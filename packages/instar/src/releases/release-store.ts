import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { explainFileError, makePrivateFolder, readJsonFile, removeTree, syncFolder } from "../platform/durable-files.ts";
import { findLocalChanges, type LocalChanges } from "./find-local-changes.ts";
import { assertReleaseId, isReleaseId, parseReleaseRecord, type ReleaseFacts, type ReleaseRecord } from "./release-record.ts";
import { sealRelease } from "./seal-release.ts";
import type { Sharing } from "./share-files.ts";
import { readManifest, type Verification, type Verifying, verifyRelease, verifyReleaseQuickly } from "./verify-release.ts";

export interface ReleaseStoreSettings {
  /** <data>/releases. */
  readonly folder: string;
  /** <data>/dependencies; the default is its sister folder of that name. */
  readonly dependenciesFolder?: string;
  /** True where the agent runs as the user that owns the releases: then no two releases may share an inode. */
  readonly slotCanWrite: boolean;
  readonly clock: Clock;
}

/**
 * Releases by id. releases/<id>/tree is where a release is built and where it runs; release.json, written last, is what makes it
 * a release. A folder without one is an unfinished attempt.
 *
 * Every method may throw InstarError INPUT_INVALID (a bad id), DISK_FULL, PLATFORM_FAILED.
 */
export interface ReleaseStore {
  treePath(id: string): string;
  /** Where a release lies while a copy is put in its place. */
  replacedPath(id: string): string;
  isSealed(id: string): Promise<boolean>;
  /** @throws NOT_FOUND (not sealed), DATA_DAMAGED */
  readRecord(id: string): Promise<ReleaseRecord>;
  /** What lies in the folder: one damaged record must not hide the other releases. */
  list(): Promise<ReleaseList>;
  /**
   * Seals a finished tree; see seal-release.ts. Sealing again gives the record there is. `previous`: a release to share files with. `sealedAt`: of one
   * that was sealed before.
   *
   * @throws CONFLICT (sealed already, from another commit or other settings), BUILD_FAILED (the tree holds what no release can)
   */
  seal(id: string, facts: ReleaseFacts, options?: { readonly previous?: string | null; readonly sealedAt?: string }): Promise<ReleaseRecord>;
  /** @throws NOT_FOUND (not sealed), DATA_DAMAGED */
  verify(id: string): Promise<Verification>;
  verifyQuickly(id: string): Promise<Verification>;
  /** The digest of each file by its path, as sealed. @throws NOT_FOUND (not sealed), DATA_DAMAGED */
  listFiles(id: string): Promise<ReadonlyMap<string, string>>;
  /** @throws NOT_FOUND (not sealed), DATA_DAMAGED */
  findLocalChanges(id: string, options?: { readonly installed?: readonly string[] }): Promise<LocalChanges>;
  remove(id: string): Promise<void>;
  /** Removes unfinished attempts but these; gives the ids removed. */
  sweep(except: Iterable<string>): Promise<readonly string[]>;
  /** The newest sealed release with exactly these bytes. */
  findByDigest(digest: string): Promise<ReleaseRecord | undefined>;
}

export interface ReleaseList {
  /** Oldest first. */
  readonly sealed: readonly ReleaseRecord[];
  /** Folders without a record. */
  readonly unfinished: readonly string[];
  /** Folders whose record cannot be read. */
  readonly damaged: readonly string[];
}

export function openReleaseStore(settings: ReleaseStoreSettings): ReleaseStore {
  const dependenciesFolder = settings.dependenciesFolder ?? join(dirname(settings.folder), "dependencies");
  const folderOf = (id: string) => join(settings.folder, assertReleaseId(id));
  const replacedPath = (id: string) => join(settings.folder, `.replaced-${assertReleaseId(id)}`);
  const findRecord = async (id: string): Promise<ReleaseRecord | undefined> => {
    const value = await readJsonFile(join(folderOf(id), "release.json"));
    return value === undefined ? undefined : parseReleaseRecord(id, value);
  };
  const readRecord = async (id: string): Promise<ReleaseRecord> => {
    const record = await findRecord(id);
    if (record !== undefined) return record;
    throw new InstarError("NOT_FOUND", `there is no sealed release ${id}`, { facts: { release: id } });
  };
  const verifyingOf = async (id: string): Promise<Verifying> => ({ folder: folderOf(id), digest: (await readRecord(id)).digest, dependenciesFolder });
  const list = () => listReleases(settings.folder, findRecord);
  return {
    treePath: (id) => join(folderOf(id), "tree"),
    replacedPath,
    isSealed: async (id) => (await findRecord(id)) !== undefined,
    readRecord,
    list,
    seal: async (id, facts, { previous, sealedAt } = {}) => {
      const sealed = await findRecord(id);
      if (sealed !== undefined) return assertSame(sealed, facts);
      const sealing = {
        id,
        folder: folderOf(id),
        dependenciesFolder,
        previous: typeof previous === "string" ? await sharingWith(folderOf(previous)) : undefined,
        slotCanWrite: settings.slotCanWrite,
        facts,
        sealedAt: sealedAt ?? new Date(settings.clock.wallMs()).toISOString(),
      };
      return explained(sealRelease(sealing), `could not seal release ${id}`);
    },
    verify: async (id) => explained(verifyRelease(await verifyingOf(id)), `could not read release ${id}`),
    verifyQuickly: async (id) => explained(verifyReleaseQuickly(await verifyingOf(id)), `could not read release ${id}`),
    listFiles: async (id) => {
      await verifyingOf(id);
      const manifest = await readManifest(folderOf(id));
      if (manifest === undefined) throw new InstarError("DATA_DAMAGED", `the manifest of release ${id} cannot be read`, { facts: { release: id } });
      return new Map(manifest.flatMap(({ path, sha256 }) => (sha256 === undefined ? [] : [[path, sha256]])));
    },
    findLocalChanges: async (id, { installed } = {}) => explained(findLocalChanges(await verifyingOf(id), installed), `could not read release ${id}`),
    remove: async (id) => {
      await explained(removeRelease(folderOf(id)), `could not remove release ${id}`);
      await explained(removeTree(replacedPath(id)), `could not remove what release ${id} replaced`);
    },
    sweep: async (except) => {
      const kept = new Set(except);
      const leftovers = (await list()).unfinished.filter((id) => !kept.has(id));
      for (const id of leftovers) await explained(removeTree(folderOf(id)), `could not remove the unfinished release ${id}`);
      return leftovers;
    },
    findByDigest: async (digest) => (await list()).sealed.findLast((record) => record.digest === digest),
  };
}

async function listReleases(folder: string, findRecord: (id: string) => Promise<ReleaseRecord | undefined>): Promise<ReleaseList> {
  await makePrivateFolder(folder);
  const found = { sealed: [] as ReleaseRecord[], unfinished: [] as string[], damaged: [] as string[] };
  for (const id of (await readdir(folder)).sort().filter(isReleaseId))
    try {
      const record = await findRecord(id);
      if (record === undefined) found.unfinished.push(id);
      else found.sealed.push(record);
    } catch (error) {
      if (!InstarError.is(error, "DATA_DAMAGED")) throw error;
      found.damaged.push(id);
    }
  found.sealed.sort((a, b) => (a.sealedAt < b.sealedAt ? -1 : a.sealedAt > b.sealedAt ? 1 : 0));
  return found;
}

function assertSame(record: ReleaseRecord, facts: ReleaseFacts): ReleaseRecord {
  if (record.commit === facts.commit && record.settingsDigest === facts.settingsDigest) return record;
  throw new InstarError("CONFLICT", `release ${record.id} is sealed already, and is not the same`, { facts: { release: record.id, commit: record.commit } });
}

/** Without a manifest that can be read there is nothing to share, and that is no reason not to seal. */
async function sharingWith(folder: string): Promise<Sharing["previous"]> {
  const manifest = await readManifest(folder);
  return manifest === undefined ? undefined : { tree: join(folder, "tree"), entries: new Map(manifest.map((entry) => [entry.path, entry])) };
}

/** The record goes first: a crash then leaves an unfinished attempt, never a release with files missing. */
async function removeRelease(folder: string): Promise<void> {
  await rm(join(folder, "release.json"), { force: true });
  await syncFolder(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  await removeTree(folder);
}

async function explained<T>(work: Promise<T>, sentence: string): Promise<T> {
  return work.catch((error: unknown) => {
    throw explainFileError(error, sentence);
  });
}
