import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { makePrivateFolder } from "../platform/durable-files.ts";
import { FrameReader } from "./frame-reader.ts";
import type { Digest } from "./pack-format.ts";
import { PackIndex } from "./pack-index.ts";
import { type StoreFiles, systemStoreFiles } from "./store-files.ts";
import { StoreGate } from "./store-gate.ts";
import { StoreWriter } from "./store-writer.ts";
import { type Swept, sweepPacks } from "./sweep-packs.ts";

/** Bytes by their SHA-256, each kept once. What a caller is told to be stored is durable. */
export interface ContentStore {
  /** The disk as the store changes it; what refers to the store may use it too. */
  readonly files: StoreFiles;
  has(digest: Digest): boolean;
  /** Checked on every read. The bytes belong to the store. @throws InstarError DATA_DAMAGED where they are missing or not what was stored */
  read(digest: Digest): Buffer;
  /** undefined where it is missing. */
  sizeOf(digest: Digest): number | undefined;
  /**
   * Adds blobs. What `act` added is durable once its `flush` returned, and may be referred to from then on.
   * Any number of writers in one process go side by side; one in another process is refused.
   *
   * @throws InstarError CONFLICT where another process writes; what the operating system throws
   */
  write<Result>(act: (writer: StoreWriter) => Promise<Result>): Promise<Result>;
  /**
   * Removes what is not among these blobs, and packs that hold little else. Waits for writers, and gives way to one that comes.
   * New packs are durable before old ones go: a crash leaves both.
   */
  sweep(wanted: () => Promise<ReadonlySet<Digest>>): Promise<Swept>;
  /** Of all packs, readable or not. */
  readSizeBytes(): number;
  /** Looks at the disk again: another process may have written. */
  refresh(): void;
  /** A blob that was found damaged counts as missing until the next start, so that whoever has it stores it anew. */
  forget(digest: Digest): void;
}

/**
 * On disk: `packs/<id>.pack`, each whole and durable before it has that name and never changed after; `lock`, which says who writes. There is no
 * other file: which blobs there are is told by the packs themselves.
 *
 * @param options.folder private to its owner; made when something is written
 */
export function openContentStore(options: { folder: string; files?: StoreFiles }): ContentStore {
  const files = options.files ?? systemStoreFiles;
  const folder = join(options.folder, "packs");
  const index = new PackIndex(folder);
  const reader = new FrameReader();
  const gate = new StoreGate(options.folder, folder, files);
  let isLoaded = false;
  const loaded = (): PackIndex => {
    if (!isLoaded) index.refresh();
    isLoaded = true;
    return index;
  };
  const store: ContentStore = {
    files,
    has: (digest) => loaded().has(digest),
    sizeOf: (digest) => loaded().find(digest)?.sizeBytes,
    read: (digest) => {
      const found = loaded().find(digest);
      if (found === undefined) throw new InstarError("DATA_DAMAGED", `The blob ${digest} is missing`, { facts: { digest } });
      try {
        return reader.read(digest, found);
      } catch (error) {
        // It may have been stored anew, since somebody found this out before.
        for (const other of index.findAll(digest).filter(({ pack }) => pack !== found.pack))
          try {
            return reader.read(digest, other);
          } catch {
            // As lost as the first.
          }
        throw error;
      }
    },
    write: async (act) => {
      await makePrivateFolder(folder);
      return gate.enter(async () => {
        store.refresh();
        const writer = new StoreWriter({ folder, files, has: (digest) => index.has(digest), onPack: (path) => demandReadable(index, path) });
        try {
          return await act(writer);
        } finally {
          await writer.abandon();
        }
      });
    },
    sweep: (wanted) =>
      gate.close(async (isWanted) => {
        store.refresh();
        return sweepPacks({ index, folder, files, read: store.read, wanted: await wanted(), isWanted });
      }),
    readSizeBytes: () => loaded().readSizeBytes(),
    refresh: () => {
      index.refresh();
      isLoaded = true;
    },
    forget: (digest) => index.forget(digest),
  };
  return store;
}

function demandReadable(index: PackIndex, path: string): void {
  if (!index.add(path)) throw new InstarError("BACKUP_FAILED", "A pack that was just written cannot be read", { facts: { pack: path } });
}
