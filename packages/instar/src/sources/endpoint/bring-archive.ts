import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { explainFileError } from "../../platform/durable-files.ts";
import { askEndpoint, explainBroken, explainStatus } from "./ask-endpoint.ts";
import { judgeArchiveAnswer } from "./judge-archive-answer.ts";
import type { EndpointRelease } from "./parse-endpoint-answer.ts";
import { withTimeLimit } from "./with-time-limit.ts";

export interface ArchiveQuestion {
  readonly found: EndpointRelease;
  readonly configured: URL;
  readonly token: string | null;
  readonly maxBytes: number;
  /** A file that is not there yet; whoever asks removes it, also after an error. */
  readonly path: string;
  readonly clock: Clock;
}

/** Connections may break; what came is kept, and the rest is asked for. So often without a byte in between. */
const TRIES = 5;
/** How often an archive may be another one than it was. */
const MOST_BEGINNINGS = 5;
const FIRST_PAUSE_MS = 1_000;
/** Slower than a kibibyte a second is no download; a gibibyte at 200 KiB a second takes an hour and a half. */
const SPAN_MS = 30_000;
const LEAST_BYTES_A_SPAN = 30 * 1_024;
const LONGEST_MS = 2 * 3_600_000;

/** What came so far. */
interface Part {
  readonly file: FileHandle;
  hash: Hash;
  haveBytes: number;
  /** ETag, or Last-Modified, of what it is a part of: with it the rest is asked for. A weak ETag does not do (RFC 9110 §13.1.5). */
  validator: string | null;
  /** Of all tries. */
  readBytes: number;
}

/**
 * Brings an archive to a file, whole and with the digest that was announced.
 *
 * @throws InstarError SOURCE_GONE, TIMED_OUT, PACKAGE_REFUSED, DETECTION_FAILED, DISK_FULL, PLATFORM_FAILED; the signal's reason
 */
export async function bringArchive(question: ArchiveQuestion, signal?: AbortSignal): Promise<void> {
  const { found, maxBytes, path, clock } = question;
  if (found.sizeBytes !== null && found.sizeBytes > maxBytes) throw refused(found, `it is ${found.sizeBytes} bytes, and ${maxBytes} are allowed`);
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw explainFileError(error, `could not write ${path}`);
  });
  const part: Part = { file, hash: createHash("sha256"), haveBytes: 0, validator: null, readBytes: 0 };
  try {
    await withTimeLimit(planLimit(found, clock, part), signal, (within) => bringAll(question, part, within));
    assertWhole(found, part);
    await file.sync();
  } finally {
    await file.close();
  }
}

function planLimit(found: EndpointRelease, clock: Clock, part: Part): Parameters<typeof withTimeLimit>[0] {
  let readBefore = 0;
  let spentMs = 0;
  const late = (because: string) =>
    new InstarError("TIMED_OUT", `the archive of ${found.version} ${because}`, { facts: { version: found.version, bytes: part.haveBytes }, transient: true });
  return {
    clock,
    everyMs: SPAN_MS,
    judge: () => {
      spentMs += SPAN_MS;
      const came = part.readBytes - readBefore;
      readBefore = part.readBytes;
      if (spentMs >= LONGEST_MS) return late(`did not come within ${LONGEST_MS / 3_600_000} hours`);
      return came < LEAST_BYTES_A_SPAN ? late(`comes too slowly: ${came} bytes in ${SPAN_MS / 1_000} s`) : undefined;
    },
  };
}

/** A server that gives a byte and breaks off each time is ended by the limits of time. */
async function bringAll(question: ArchiveQuestion, part: Part, signal: AbortSignal): Promise<void> {
  let beginnings = 0;
  let failures = 0;
  for (;;) {
    const readBefore = part.readBytes;
    try {
      if ((await bringMore(question, part, signal)) === "whole") return;
      beginnings += 1;
      if (beginnings >= MOST_BEGINNINGS) throw refused(question.found, "its parts do not fit each other");
    } catch (error) {
      signal.throwIfAborted();
      failures = part.readBytes > readBefore ? 1 : failures + 1;
      if (!InstarError.is(error, "SOURCE_GONE") || !error.transient || failures >= TRIES) throw error;
      await question.clock.sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), signal);
    }
  }
}

async function bringMore({ found, configured, token, maxBytes }: ArchiveQuestion, part: Part, signal: AbortSignal): Promise<"whole" | "begin-again"> {
  const address = new URL(found.archive);
  if (part.validator === null && part.haveBytes > 0) await beginAgain(part);
  const headers: Record<string, string> =
    part.haveBytes > 0 && part.validator !== null ? { range: `bytes=${part.haveBytes}-`, "if-range": part.validator } : {};
  const response = await askEndpoint({ address, configured, token, headers, signal });
  const judged = judgeArchiveAnswer(response.status, response.headers, { haveBytes: part.haveBytes, sizeBytes: found.sizeBytes, maxBytes });
  if (judged.kind !== "write") await response.body?.cancel();
  if (judged.kind === "refused") throw refused(found, judged.because);
  if (judged.kind === "failed-status") throw explainStatus(address, response.status);
  if (judged.kind === "begin-again" || judged.from !== part.haveBytes) await beginAgain(part);
  if (judged.kind === "begin-again") return "begin-again";
  part.validator = validatorOf(response.headers);
  await writeBody(response, part, { found, address, limitBytes: found.sizeBytes ?? maxBytes, signal });
  return "whole";
}

async function beginAgain(part: Part): Promise<void> {
  await part.file.truncate(0);
  part.hash = createHash("sha256");
  part.haveBytes = 0;
  part.validator = null;
}

function validatorOf(headers: Headers): string | null {
  const etag = headers.get("etag");
  if (etag?.startsWith('"')) return etag;
  return headers.get("last-modified");
}

/** Not a byte more than the limit is written, whatever the head said. */
async function writeBody(
  response: Response,
  part: Part,
  { found, address, limitBytes, signal }: { found: EndpointRelease; address: URL; limitBytes: number; signal: AbortSignal },
): Promise<void> {
  const chunks = (response.body ?? new ReadableStream<Uint8Array>({ start: (stream) => stream.close() })).getReader();
  try {
    for (;;) {
      const { done, value } = await chunks.read().catch((error: unknown) => {
        signal.throwIfAborted();
        throw explainBroken(address, error);
      });
      if (done) return;
      if (part.haveBytes + value.length > limitBytes) throw refused(found, `it goes on after ${limitBytes} bytes`);
      await part.file.write(value, 0, value.length, part.haveBytes).catch((error: unknown) => {
        throw explainFileError(error, "could not write the archive");
      });
      part.hash.update(value);
      part.haveBytes += value.length;
      part.readBytes += value.length;
    }
  } finally {
    await chunks.cancel().catch(() => {});
  }
}

function assertWhole(found: EndpointRelease, { hash, haveBytes }: Part): void {
  if (found.sizeBytes !== null && haveBytes !== found.sizeBytes) throw refused(found, `it is ${haveBytes} bytes, and ${found.sizeBytes} were announced`);
  const digest = hash.digest("hex");
  if (digest !== found.sha256) throw refused(found, "its SHA-256 is not the one that was announced", { announced: found.sha256, came: digest });
}

function refused({ version }: EndpointRelease, because: string, facts: Readonly<Record<string, string>> = {}): InstarError {
  return new InstarError("PACKAGE_REFUSED", `the archive of ${version} is not what was promised: ${because}`, { facts: { version, ...facts } });
}
