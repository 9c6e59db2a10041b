import { closeSync, openSync, readSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { InstarError } from "@instar/protocol";
import { type Digest, digestOf } from "./pack-format.ts";
import type { FoundBlob } from "./pack-index.ts";

/** Trees are read in the order in which they were written, from a few packs at a time: one frame each of these, and the largest blobs. */
const KEPT_FRAMES = 16;

/** Reads blobs out of packs, and gives none whose bytes are not what its name says. */
export class FrameReader {
  /** The least recently used first. */
  readonly #frames = new Map<string, Buffer>();

  /** @throws InstarError DATA_DAMAGED */
  read(digest: Digest, found: FoundBlob): Buffer {
    const bytes = this.#frame(digest, found).subarray(found.at, found.at + found.sizeBytes);
    if (bytes.length === found.sizeBytes && digestOf(bytes) === digest) return bytes;
    throw damaged(digest, found, undefined);
  }

  #frame(digest: Digest, found: FoundBlob): Buffer {
    const key = `${found.pack.path}:${found.frame}`;
    const kept = this.#frames.get(key);
    this.#frames.delete(key);
    const bytes = kept ?? readFrame(digest, found);
    this.#frames.set(key, bytes);
    if (this.#frames.size > KEPT_FRAMES) for (const oldest of this.#frames.keys()) return this.#letGo(oldest, bytes);
    return bytes;
  }

  #letGo(oldest: string, bytes: Buffer): Buffer {
    this.#frames.delete(oldest);
    return bytes;
  }
}

/** Where compressed bytes lie until they are unpacked: a buffer for each would be what a restore needs most memory for. */
let scratch = Buffer.allocUnsafeSlow(262_144);

function readFrame(digest: Digest, found: FoundBlob): Buffer {
  const { offset, storedBytes, sizeBytes } = found.stored;
  try {
    const isPlain = storedBytes === sizeBytes;
    if (scratch.length < storedBytes && !isPlain) scratch = Buffer.allocUnsafeSlow(storedBytes);
    const stored = isPlain ? Buffer.allocUnsafeSlow(storedBytes) : scratch.subarray(0, storedBytes);
    const file = openSync(found.pack.path, "r");
    try {
      for (let done = 0; done < storedBytes; ) {
        const count = readSync(file, stored, done, storedBytes - done, offset + done);
        if (count === 0) throw new Error("the pack ends too early");
        done += count;
      }
    } finally {
      closeSync(file);
    }
    return isPlain ? stored : zstdDecompressSync(stored, { maxOutputLength: Math.max(64, sizeBytes), chunkSize: Math.max(64, sizeBytes) });
  } catch (error) {
    throw damaged(digest, found, error);
  }
}

/** What cannot be read is as lost as what reads wrong: EIO is how a dying disk says it. */
function damaged(digest: Digest, found: FoundBlob, cause: unknown): InstarError {
  return new InstarError("DATA_DAMAGED", `The blob ${digest} is not what was stored`, { cause, facts: { digest, pack: found.pack.path } });
}
