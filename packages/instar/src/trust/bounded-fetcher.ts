import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { DownloadHTTPError } from "tuf-js/dist/error.js";
import { explainFileError } from "../platform/durable-files.ts";
import { plainText } from "../platform/plain-text.ts";

export interface FetcherParts {
  /** A private folder for what is being downloaded. */
  readonly scratch: string;
  /** Ends whatever is under way; its reason is what is thrown. */
  readonly signal: AbortSignal;
  /** Of all answers together. */
  readonly totalBytes: number;
}

/**
 * How tuf-js asks a repository. Every answer has a size, all of them together have one, and whoever holds the signal says how long it may take. It hangs up
 * instead of reading on, follows no redirect, and never asks twice: whoever wants to try again calls again.
 *
 * tuf-js wraps what is thrown here in errors of its own that keep only the text, so the first failure is kept for whoever called it.
 */
export class BoundedFetcher {
  readonly #parts: FetcherParts;
  #leftBytes: number;
  #failure: InstarError | undefined;

  constructor(parts: FetcherParts) {
    this.#parts = parts;
    this.#leftBytes = parts.totalBytes;
  }

  /** Why the repository could not be asked; undefined where it answered. */
  get failure(): InstarError | undefined {
    return this.#failure;
  }

  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    await this.#read(url, maxLength, async (chunk) => {
      chunks.push(chunk);
    });
    return Buffer.concat(chunks);
  }

  async downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T> {
    const path = join(this.#parts.scratch, `.tmp-${randomBytes(6).toString("hex")}`);
    try {
      const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
      try {
        await this.#read(url, maxLength, (chunk) => writeChunk(file, chunk));
        await file.sync();
      } finally {
        await file.close();
      }
      return await handler(path);
    } catch (error) {
      throw InstarError.is(error) ? this.#keep(error) : error;
    } finally {
      await rm(path, { force: true });
    }
  }

  async #read(url: string, maxLength: number, take: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    const { signal } = this.#parts;
    const response = await this.#ask(url);
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    let lengthBytes = 0;
    try {
      while (true) {
        const { done, value } = await reader.read();
        if (done) break;
        lengthBytes += value.byteLength;
        this.#leftBytes -= value.byteLength;
        if (lengthBytes > maxLength) throw tooLong(url, `more than the ${maxLength} bytes that it may have`);
        if (this.#leftBytes < 0) throw tooLong(url, `with the others more than ${this.#parts.totalBytes} bytes`);
        await take(value);
      }
      signal.throwIfAborted();
    } catch (error) {
      await reader.cancel().catch(() => undefined);
      throw this.#keep(this.#explain(url, error));
    }
  }

  async #ask(url: string): Promise<Response> {
    const { signal } = this.#parts;
    const response = await fetch(url, { signal, redirect: "manual", headers: { "accept-encoding": "identity", "user-agent": "instar" } }).catch(
      (error: unknown) => {
        throw this.#keep(this.#explain(url, error));
      },
    );
    if (response.ok) return response;
    await response.body?.cancel().catch(() => undefined);
    // tuf-js looks for this class: where the next root would be, "there is none" is the answer that ends the walk.
    const isEndOfRoots = [403, 404].includes(response.status) && /\/\d+\.root\.json$/.test(new URL(url).pathname);
    if (!isEndOfRoots) this.#keep(badStatus(url, response.status));
    throw new DownloadHTTPError("Failed to download", response.status);
  }

  #explain(url: string, error: unknown): InstarError {
    const { signal } = this.#parts;
    if (InstarError.is(error)) return error;
    if (signal.aborted)
      return InstarError.is(signal.reason) ? signal.reason : new InstarError("CANCELLED", "the question was called off", { cause: signal.reason });
    if ((error as NodeJS.ErrnoException).syscall === "write") return explainFileError(error, "could not keep what was downloaded");
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return new InstarError("SOURCE_GONE", `${shown(url)} does not answer, or stopped in the middle`, { cause, facts: { url: shown(url) }, transient: true });
  }

  #keep(error: InstarError): InstarError {
    this.#failure ??= error;
    return error;
  }
}

async function writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
  } catch (error) {
    throw explainFileError(error, "could not keep what was downloaded");
  }
}

function badStatus(url: string, status: number): InstarError {
  const isTransient = status >= 500 || status === 429 || status === 408;
  return new InstarError("SOURCE_GONE", `${shown(url)} answers ${status}`, { facts: { url: shown(url), status }, transient: isTransient });
}

const tooLong = (url: string, because: string) =>
  new InstarError("PACKAGE_REFUSED", `${shown(url)} is not read on: it is ${because}`, { facts: { url: shown(url), reason: "too-large" } });

/** Without its query, which may be a secret. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return plainText(`${origin}${pathname}`, 300);
}
