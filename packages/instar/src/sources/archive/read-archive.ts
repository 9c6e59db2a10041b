import { once } from "node:events";
import { InstarError } from "@instar/protocol";
import { Parser, type ReadEntry } from "tar";
import { type ArchiveLimits, readArchiveChunks } from "./archive-chunks.ts";

export interface ArchiveQuestion {
  readonly tarball: string;
  readonly limits: ArchiveLimits;
  readonly signal?: AbortSignal | undefined;
}

/** Longer than any name that a file system takes whole; a header of a megabyte would otherwise be kept a hundred thousand times. */
const LONGEST_NAME = 1_024;

/**
 * Reads a tar archive once, from end to end. `take` gets each entry in order and must read it to its end; what it throws ends the reading. Nothing is read
 * on while `take` waits.
 *
 * @throws InstarError PACKAGE_REFUSED, PLATFORM_FAILED; what `take` throws; the signal's reason
 */
export async function readArchive({ tarball, limits, signal }: ArchiveQuestion, take: (entry: ReadEntry) => Promise<void>): Promise<void> {
  const failed = new AbortController();
  // The first failure is the one that is told: what follows, follows from it.
  const fail = (error: unknown): void => failed.abort(error);
  const over = signal === undefined ? failed.signal : AbortSignal.any([failed.signal, signal]);
  let current: ReadEntry | undefined;
  let taking: Promise<void> = Promise.resolve();
  let entries = 0;
  let hasEnd = false;

  // It unpacks nothing by itself: what is packed twice would pass by the limits.
  const parser = new Parser({ strict: true, zstd: false, brotli: false, maxDecompressionRatio: 0 });
  const begin = (entry: ReadEntry): void => {
    entries += 1;
    const because = findEntryProblem(entry, entries, limits);
    if (because !== undefined) fail(new InstarError("PACKAGE_REFUSED", `the archive ${because}`));
    // The parser goes on as soon as it has given an entry away, which may still be on its way to the disk: one after the other, and none is forgotten.
    taking = taking.then(() => {
      if (over.aborted) return undefined;
      current = entry;
      entry.on("error", () => {}); // destroyed below after it was read: that is no failure of its own
      return take(entry).catch(fail);
    });
  };
  parser.on("entry", begin);
  parser.on("ignoredEntry", begin);
  parser.on("error", (cause) => fail(new InstarError("PACKAGE_REFUSED", "the archive is no tar archive, or is damaged", { cause })));
  parser.on("eof", () => {
    hasEnd = true;
  });

  try {
    for await (const chunk of readArchiveChunks(tarball, limits)) {
      over.throwIfAborted();
      // What follows the end is counted and unpacked, so that a cut is noticed, and not looked at.
      if (!hasEnd && !parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) await once(parser, "drain", { signal: over });
    }
    over.throwIfAborted();
    parser.end();
    await taking;
    over.throwIfAborted();
  } catch (error) {
    fail(error);
    current?.destroy(new Error("the reading ended"));
    await taking;
    throw over.reason;
  }
  if (!hasEnd) throw new InstarError("PACKAGE_REFUSED", "the archive is cut off: it has no end mark");
}

function findEntryProblem(entry: ReadEntry, entries: number, limits: ArchiveLimits): string | undefined {
  if (entry.meta) return "has a header of more than a megabyte";
  if (entries > limits.files) return `holds more than ${limits.files} files`;
  if (entry.path.length > LONGEST_NAME || (entry.linkpath?.length ?? 0) > LONGEST_NAME) return `holds a name of more than ${LONGEST_NAME} letters`;
  return undefined;
}
