import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdCompressSync } from "node:zlib";
import { type Digest, digestOf, type Frame, PACK_HEAD, type PackedBlob, renderTable } from "./pack-format.ts";
import type { StoreFile, StoreFiles } from "./store-files.ts";

export const TEMPORARY_PACK = /^\.tmp-[0-9a-f]{24}\.pack$/;

/** Small blobs are compressed together, this many bytes at a time: a call for each would cost more than reading them, and shrink less. */
const FRAME_BYTES = 262_144;
/** One fsync for as much as a disk writes in a fraction of a second; as much is rewritten where a pack has lost most of its blobs. */
const PACK_BYTES = 64 * 1_048_576;
/** Frames that are being compressed while the next are read. */
const IN_FLIGHT = 4;
const SAMPLE_BYTES = 16_384;
const compress = promisify(zstdCompress);
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

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
  readonly blobs: Omit<PackedBlob, "frame">[];
  used: number;
}

/**
 * Writes blobs into new packs. Nothing may refer to them before `flush` has returned. A crash leaves packs that are whole and that nobody refers
 * to, and at most one `.tmp-` for each that was open, which the next writer removes.
 */
export class StoreWriter {
  readonly #room: WriterRoom;
  /** Added, and in no pack that the index knows yet. */
  readonly #pending = new Set<Digest>();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #sealing = new Set<Promise<void>>();
  readonly #temporary = new Set<string>();
  #frame: OpenFrame | undefined;
  #pack: OpenPack | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;

  constructor(room: WriterRoom) {
    this.#room = room;
  }

  has(digest: Digest): boolean {
    return this.#pending.has(digest) || this.#room.has(digest);
  }

  /**
   * The bytes are the caller's again when this returns.
   *
   * @param isAlone compressed with no others, so that what damages others does not reach it
   * @throws what the operating system throws, perhaps of an earlier call
   */
  async add(bytes: Buffer, isAlone = bytes.length > FRAME_BYTES / 2): Promise<Digest> {
    const digest = digestOf(bytes);
    if (this.has(digest)) return digest;
    this.#pending.add(digest);
    if (isAlone) this.#send({ bytes: Buffer.from(bytes), used: bytes.length, blobs: [{ digest, at: 0, sizeBytes: bytes.length }] });
    else this.#addSmall(digest, bytes);
    while (this.#inFlight.size >= IN_FLIGHT || this.#sealing.size > 1) await Promise.race([...this.#inFlight, ...this.#sealing]);
    this.#throwFailure();
    return digest;
  }

  /** All that was added is durable, and found. */
  async flush(): Promise<void> {
    if (this.#frame !== undefined) this.#send(this.#frame);
    this.#frame = undefined;
    await Promise.all(this.#inFlight);
    this.#throwFailure();
    if (this.#pack !== undefined) this.#startSealing(this.#pack);
    await Promise.all(this.#sealing);
    this.#throwFailure();
    // Also where this writer has made no pack: what it found may lie in one that another has just renamed.
    await this.#room.files.syncFolder(this.#room.folder);
  }

  /** Lets go of everything: after a flush there is nothing, after a failure nothing is left but whole packs. */
  async abandon(): Promise<void> {
    this.#failure ??= { error: new Error("the writer was abandoned") };
    await Promise.allSettled([...this.#inFlight, ...this.#sealing]);
    await this.#pack?.file.close().catch(() => {});
    // What cannot be removed now, the next writer removes.
    for (const path of this.#temporary) await this.#room.files.remove(path).catch(() => {});
  }

  #addSmall(digest: Digest, bytes: Buffer): void {
    if (this.#frame !== undefined && this.#frame.used + bytes.length > FRAME_BYTES) {
      this.#send(this.#frame);
      this.#frame = undefined;
    }
    this.#frame ??= { bytes: Buffer.allocUnsafeSlow(FRAME_BYTES), used: 0, blobs: [] };
    bytes.copy(this.#frame.bytes, this.#frame.used);
    this.#frame.blobs.push({ digest, at: this.#frame.used, sizeBytes: bytes.length });
    this.#frame.used += bytes.length;
  }

  #send(frame: OpenFrame): void {
    const work = this.#store(frame).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#inFlight.add(work);
    void work.then(() => this.#inFlight.delete(work));
  }

  /** Frames are compressed side by side, and written one after the other. */
  async #store(frame: OpenFrame): Promise<void> {
    const bytes = frame.bytes.subarray(0, frame.used);
    const packed = shrinks(bytes) ? await compress(bytes, COMPRESSION) : bytes;
    const stored = packed.length < bytes.length ? packed : bytes;
    const before = this.#writing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writing = promise;
    await before;
    try {
      if (this.#failure === undefined) await this.#append(frame, stored);
    } finally {
      resolve();
    }
  }

  async #append(frame: OpenFrame, stored: Uint8Array): Promise<void> {
    this.#pack ??= await this.#begin();
    const pack = this.#pack;
    await pack.file.write(stored);
    const number = pack.frames.push({ offset: pack.sizeBytes, storedBytes: stored.length, sizeBytes: frame.used }) - 1;
    for (const blob of frame.blobs) pack.blobs.push({ ...blob, frame: number });
    pack.sizeBytes += stored.length;
    if (pack.sizeBytes >= PACK_BYTES) this.#startSealing(pack);
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

  /** The next pack is filled while this one is made durable. */
  #startSealing(pack: OpenPack): void {
    this.#pack = undefined;
    const work = this.#seal(pack).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#sealing.add(work);
    void work.then(() => this.#sealing.delete(work));
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
  return zstdCompressSync(sample, COMPRESSION).length < sample.length * 0.97;
}
