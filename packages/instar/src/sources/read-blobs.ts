import { createHash, type Hash } from "node:crypto";
import type { Readable } from "node:stream";
import { InstarError } from "@instar/protocol";
import { explainGitFailure } from "./git-failure.ts";
import type { GitMirror } from "./git-mirror.ts";

type ObjectKind = "blob" | "tree" | "commit";

/** One object on its way. `chunks` must be read to its end before the next one comes. */
export interface Blob {
  readonly sizeBytes: number;
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * The stored bytes of many blobs, in order, from one git: exactly what was committed. No attribute, filter, line-ending rule
 * or LFS pointer is looked at on this way, which is why nothing is ever checked out. See readObjects for what it throws.
 */
export const readBlobs = (mirror: GitMirror, objects: readonly string[], take: (blob: Blob, index: number) => Promise<void>, signal?: AbortSignal) =>
  readObjects(mirror, { kind: "blob", objects }, take, signal);

/**
 * Git itself believes what lies in its store; here each object is hashed on its way, so that what was changed there is not taken for what was fetched.
 *
 * @throws InstarError PLATFORM_FAILED, DATA_DAMAGED (an object is not what its name says); whatever `take` throws, after git is ended
 */
export async function readObjects(
  mirror: GitMirror,
  { kind, objects }: { readonly kind: ObjectKind; readonly objects: readonly string[] },
  take: (blob: Blob, index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if (objects.length === 0) return;
  const git = mirror.start(["cat-file", "--batch", "--buffer"], { stdin: `${objects.join("\n")}\n`, timeoutMs: 3_600_000, signal });
  const reader = readBytes(git.stdout);
  try {
    for (const [index, object] of objects.entries()) {
      const header = /^(\S+) (\S+) (\d+)$/.exec(await reader.line());
      if (header?.[1] !== object || header[2] !== kind)
        throw new InstarError("PLATFORM_FAILED", `the mirror does not hold the ${kind === "blob" ? "file" : kind} ${object}`, { facts: { object } });
      const sizeBytes = Number(header[3]);
      const hash = createHash("sha1").update(`${kind} ${sizeBytes}\0`);
      await take({ sizeBytes, chunks: hashing(reader.take(sizeBytes), hash) }, index);
      await reader.line(); // the line feed after each object
      if (hash.digest("hex") !== object) throw changed(kind, object);
    }
  } catch (error) {
    git.stop();
    const ended = await git.finished.catch((reason: unknown) => reason);
    throw signal?.aborted ? signal.reason : InstarError.is(ended) ? ended : error;
  }
  const { status, stderr } = await git.finished;
  if (status !== 0) throw explainGitFailure({ command: "cat-file", status, stderr });
}

async function* hashing(chunks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

const changed = (kind: ObjectKind, object: string) =>
  new InstarError("DATA_DAMAGED", `the mirror's ${kind === "blob" ? "file" : kind} ${object} is not what its name says: it was changed there`, {
    facts: { object },
    advice: "Move the folder git in Instar's data folder away: it is made anew, and everything in it is fetched again.",
  });

function readBytes(stream: Readable): { line: () => Promise<string>; take: (sizeBytes: number) => AsyncGenerator<Buffer> } {
  const source: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<Buffer> => {
    const next = await source.next();
    if (next.done) throw new InstarError("PLATFORM_FAILED", "git ended before it had given everything");
    return next.value;
  };
  return {
    line: async () => {
      for (;;) {
        const end = rest.indexOf(0x0a);
        if (end !== -1) {
          const line = rest.toString("latin1", 0, end);
          rest = rest.subarray(end + 1);
          return line;
        }
        rest = Buffer.concat([rest, await more()]);
      }
    },
    take: async function* (sizeBytes) {
      for (let left = sizeBytes; left > 0; ) {
        if (rest.length === 0) rest = await more();
        const chunk = rest.subarray(0, left);
        rest = rest.subarray(chunk.length);
        left -= chunk.length;
        yield chunk;
      }
    },
  };
}

/** A blob that is known to be small, whole. */
export async function collect(blob: Blob): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of blob.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}
