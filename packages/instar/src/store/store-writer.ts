import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { type Digest, digestOf, type Frame, PACK_HEAD, type PackedBlob, renderTable } from "./pack-format.ts";
import type { StoreFile, StoreFiles } from "./store-files.ts";

export const TEMPORARY_PACK = /^\.tmp-[0-9a-f]{24}\.pack$/;

/** Small blobs are compressed together, this many bytes at a time: a call for each would cost more than reading them, and shrink less. */
const FRAME_BYTES = 262_144;
/** One fsync for as much as a disk writes in a fraction of a second; as much is rewritten where a pack has lost most of its blobs. */
const PACK_BYTES = 64 * 1_048_576;
const SAMPLE_BYTES = 16_384;
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/**
 * In one call and on this thread: handing it to another takes as much of the processor as the compressing itself. Told how much comes, zstd makes tables of that
 * size, which halves the time that a small frame takes.
 */
const inOneCall = (bytes: Uint8Array) => ({ ...COMPRESSION, chunkSize: bytes.length + 1_024, pledgedSrcSize: bytes.length });

interface WriterRoom {
  readonly folder: string;
  readonly files: StoreFiles;
  has(digest: Digest): boolean;
  /** A pack is durable but for its folder's entry. */
  onPack(path: string): void;
}

interface OpenPack {
  readonly id: string;
  readonly file: StoreFile;
  readonly frames: Frame[];
  readonly blobs: PackedBlob[];
  sizeBytes: number;
}

interface OpenFrame {
  readonly bytes: Buffer;
  readonly blobs: readonly Omit<PackedBlob, "frame">[];
}

/**
 * Writes blobs into new packs, one caller at a time. Nothing may refer to them before `flush` has returned. A crash leaves packs that are whole and
 * that nobody refers to, and at most one `.tmp-` for each that was open, which the next writer removes.
 */
export class StoreWriter {
  readonly #room: WriterRoom;
  /** Added, and in no pack that the index knows yet. */
  readonly #pending = new Set<Digest>();
  readonly #temporary = new Set<string>();
  readonly #small = Buffer.allocUnsafeSlow(FRAME_BYTES);
  #smallBytes = 0;
  #smallBlobs: Omit<PackedBlob, "frame">[] = [];
  #pack: OpenPack | undefined;
  #sealing: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;

  constructor(room: WriterRoom) {
    this.#room = room;
  }

  has(digest: Digest): boolean {
    return this.#pending.has(digest) || this.#room.has(digest);
  }

  /** The bytes are the caller's again when this returns. @throws what the operating system throws, perhaps of an earlier call */
  async add(bytes: Buffer): Promise<Digest> {
    const digest = digestOf(bytes);
    if (this.has(digest)) return digest;
    if (bytes.length > FRAME_BYTES / 2) return this.#addAlone(digest, bytes);
    if (this.#smallBytes + bytes.length > FRAME_BYTES) await this.#storeSmall();
    this.#pending.add(digest);
    bytes.copy(this.#small, this.#smallBytes);
    this.#smallBlobs.push({ digest, at: this.#smallBytes, sizeBytes: bytes.length });
    this.#smallBytes += bytes.length;
    return digest;
  }

  /** Compressed with no others, so that what damages others does not reach it. */
  async addAlone(bytes: Buffer): Promise<Digest> {
    const digest = digestOf(bytes);
    return this.has(digest) ? digest : this.#addAlone(digest, bytes);
  }

  /** All that was added is durable, and found. */
  async flush(): Promise<void> {
    this.#throwFailure();
    if (this.#smallBlobs.length > 0) await this.#storeSmall();
    if (this.#pack !== undefined) await this.#startSealing(this.#pack);
    await this.#sealing;
    this.#throwFailure();
    // Also where this writer has made no pack: what it found may lie in one that another has just renamed.
    await this.#room.files.syncFolder(this.#room.folder);
  }

  /** Lets go of everything: after a flush there is nothing, after a failure nothing is left but whole packs. */
  async abandon(): Promise<void> {
    this.#failure ??= { error: new Error("the writer was abandoned") };
    await this.#sealing;
    await this.#pack?.file.close().catch(() => {});
    // What cannot be removed now, the next writer removes.
    for (const path of this.#temporary) await this.#room.files.remove(path).catch(() => {});
  }

  async #addAlone(digest: Digest, bytes: Buffer): Promise<Digest> {
    this.#pending.add(digest);
    await this.#store({ bytes, blobs: [{ digest, at: 0, sizeBytes: bytes.length }] });
    return digest;
  }

  async #storeSmall(): Promise<void> {
    const blobs = this.#smallBlobs;
    this.#smallBlobs = [];
    await this.#store({ bytes: this.#small.subarray(0, this.#smallBytes), blobs });
    this.#smallBytes = 0;
  }

  async #store({ bytes, blobs }: OpenFrame): Promise<void> {
    this.#throwFailure();
    try {
      await this.#append({ bytes, blobs });
    } catch (error) {
      // Part of it may be in the pack.
      this.#failure ??= { error };
      throw error;
    }
  }

  async #append({ bytes, blobs }: OpenFrame): Promise<void> {
    const packed = shrinks(bytes) ? zstdCompressSync(bytes, inOneCall(bytes)) : bytes;
    const stored = packed.length < bytes.length ? packed : bytes;
    this.#pack ??= await this.#begin();
    const pack = this.#pack;
    await pack.file.write(stored);
    const frame = pack.frames.push({ offset: pack.sizeBytes, storedBytes: stored.length, sizeBytes: bytes.length }) - 1;
    for (const blob of blobs) pack.blobs.push({ ...blob, frame });
    pack.sizeBytes += stored.length;
    if (pack.sizeBytes >= PACK_BYTES) await this.#startSealing(pack);
  }

  async #begin(): Promise<OpenPack> {
    const id = randomBytes(12).toString("hex");
    const path = this.#temporaryPath(id);
    this.#temporary.add(path);
    const file = await this.#room.files.create(path);
    const pack = { id, file, frames: [], blobs: [], sizeBytes: PACK_HEAD.length };
    this.#pack = pack;
    await file.write(PACK_HEAD);
    return pack;
  }

  /** The next pack is filled while this one is made durable, and not a third. */
  async #startSealing(pack: OpenPack): Promise<void> {
    await this.#sealing;
    this.#pack = undefined;
    this.#sealing = this.#seal(pack).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  async #seal(pack: OpenPack): Promise<void> {
    const { files, folder } = this.#room;
    try {
      await pack.file.write(renderTable(pack.frames, pack.blobs));
      await pack.file.sync();
    } finally {
      await pack.file.close();
    }
    const path = join(folder, `${pack.id}.pack`);
    // Killed before this: a temporary file. Killed after it: a pack that nobody refers to.
    await files.rename(this.#temporaryPath(pack.id), path);
    this.#temporary.delete(this.#temporaryPath(pack.id));
    this.#room.onPack(path);
    for (const { digest } of pack.blobs) this.#pending.delete(digest);
  }

  #temporaryPath(id: string): string {
    return join(this.#room.folder, `.tmp-${id}.pack`);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** What a first piece of something large shows as incompressible is not tried as a whole. */
function shrinks(bytes: Buffer): boolean {
  if (bytes.length <= FRAME_BYTES) return bytes.length > 64;
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  return zstdCompressSync(sample, inOneCall(sample)).length < sample.length * 0.97;
}
