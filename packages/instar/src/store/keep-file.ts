import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { findCut, MOST_BYTES, UNCUT_BYTES } from "./chunk-bytes.ts";
import type { Digest } from "./pack-format.ts";
import type { StoreWriter } from "./store-writer.ts";
import type { Turns } from "./take-turns.ts";
import { entryOf, type FoundEntry, lookOf, looksAlike } from "./walk-tree.ts";

export type KeptFile =
  | {
      readonly kind: "kept";
      /** As it was before the first byte was read; `isSettled` says that it was still so after the last. */
      readonly entry: FoundEntry;
      readonly blobs: readonly Digest[];
      readonly isSettled: boolean;
    }
  | { readonly kind: "vanished" };

/** Not through a link that took the file's place, nor waiting for the other end of a pipe that did. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Room to look for a cut and to read more than a few bytes at a time. */
const BUFFER_BYTES = 2 * MOST_BYTES;

/** Reads files into the store, one at a time. */
export class FileKeeper {
  readonly #writer: StoreWriter;
  readonly #turns: Turns;
  #buffer = Buffer.allocUnsafeSlow(UNCUT_BYTES + 1);

  constructor(writer: StoreWriter, turns: Turns) {
    this.#writer = writer;
    this.#turns = turns;
  }

  /** The file may change or vanish meanwhile: that is told, not thrown. */
  async keep(at: Buffer, path: string): Promise<KeptFile> {
    const file = openUnlessGone(at);
    if (file === undefined) return { kind: "vanished" };
    try {
      const before = fstatSync(file, { bigint: true });
      if (!before.isFile()) return { kind: "vanished" };
      const entry = entryOf(path, before);
      const { blobs, readBytes } = entry.size <= UNCUT_BYTES ? await this.#keepWhole(file, entry.size) : await this.#keepCut(file);
      const isSettled = readBytes === entry.size && looksAlike(entry, lookOf(fstatSync(file, { bigint: true })));
      return { kind: "kept", entry, blobs, isSettled };
    } finally {
      closeSync(file);
    }
  }

  /** One byte more than it should have is read, to see one that has grown. */
  async #keepWhole(file: number, sizeBytes: number): Promise<{ blobs: Digest[]; readBytes: number }> {
    const readBytes = this.#fill(file, 0, sizeBytes + 1, 0);
    await this.#turns.take(readBytes);
    const bytes = this.#buffer.subarray(0, Math.min(readBytes, sizeBytes));
    return { blobs: bytes.length === 0 ? [] : [await this.#writer.add(bytes)], readBytes };
  }

  async #keepCut(file: number): Promise<{ blobs: Digest[]; readBytes: number }> {
    if (this.#buffer.length < BUFFER_BYTES) this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    const blobs: Digest[] = [];
    let [from, to, readBytes, isAtEnd] = [0, 0, 0, false];
    for (;;) {
      if (!isAtEnd && to - from < MOST_BYTES) {
        this.#buffer.copyWithin(0, from, to);
        [from, to] = [0, to - from];
        const count = this.#fill(file, to, BUFFER_BYTES, readBytes);
        isAtEnd = to + count < BUFFER_BYTES;
        to += count;
        readBytes += count;
        await this.#turns.take(count);
      }
      if (from === to) return { blobs, readBytes };
      const length = findCut(this.#buffer.subarray(from, to));
      blobs.push(await this.#writer.add(this.#buffer.subarray(from, from + length)));
      from += length;
    }
  }

  /** Reads until the buffer is filled up to `end`, or the file has no more. */
  #fill(file: number, start: number, end: number, position: number): number {
    let done = 0;
    while (start + done < end) {
      const count = readSync(file, this.#buffer, start + done, end - start - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }
}

function openUnlessGone(path: Buffer): number | undefined {
  try {
    return openSync(path, READ_FLAGS);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(code)) return undefined;
    throw error;
  }
}
