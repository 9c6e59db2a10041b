import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { askEndpoint, explainBroken, explainStatus, shownAddress } from "./ask-endpoint.ts";
import { bringArchive } from "./bring-archive.ts";
import { type EndpointRelease, parseEndpointAnswer } from "./parse-endpoint-answer.ts";
import { withTimeLimit } from "./with-time-limit.ts";

export interface EndpointSourceParts {
  /** What a person configured: http or https. */
  readonly url: string;
  /** Asked anew each time; null where there is none. */
  readonly readToken: () => Promise<string | null>;
  readonly clock: Clock;
  /** Where an archive lies while it comes. A crash leaves a `.tmp-` file there. */
  readonly scratchFolder: string;
  /** Lays an archive out in a folder, which is empty; it trusts nothing in it. */
  readonly extract: (tarballPath: string, into: string, signal?: AbortSignal) => Promise<void>;
  readonly maxBytes: number;
  readonly maxArchiveBytes: number;
}

export type EndpointLook =
  | { readonly kind: "found"; readonly found: EndpointRelease }
  /** What was found before is what there is still. */
  | { readonly kind: "unchanged"; readonly found: EndpointRelease };

export interface EndpointSource {
  /** What is offered now; one small answer, no archive. @throws SOURCE_GONE, TIMED_OUT, DETECTION_FAILED */
  look(signal?: AbortSignal): Promise<EndpointLook>;
  /** Brings and checks an archive and lays it out. @throws SOURCE_GONE, TIMED_OUT, PACKAGE_REFUSED, DETECTION_FAILED, DISK_FULL, PLATFORM_FAILED, and what extract throws */
  download(found: EndpointRelease, into: string, signal?: AbortSignal): Promise<void>;
}

interface Seen {
  readonly found: EndpointRelease;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

const LOOK_WITHIN_MS = 30_000;

export function createEndpointSource(parts: EndpointSourceParts): EndpointSource {
  const configured = new URL(parts.url);
  // Forgotten with the process: the first look after a start asks for the whole answer, which is small.
  let seen: Seen | undefined;
  return {
    look: async (signal) => {
      const looked = await look(parts, configured, seen, signal);
      seen = looked.seen;
      return { kind: looked.kind, found: looked.seen.found };
    },
    download: async (found, into, signal) => {
      const path = join(parts.scratchFolder, `.tmp-${randomBytes(6).toString("hex")}`);
      try {
        const token = await parts.readToken();
        await bringArchive({ found, configured, token, maxBytes: parts.maxArchiveBytes, path, clock: parts.clock }, signal);
        await parts.extract(path, into, signal);
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}

async function look(
  { clock, readToken, maxBytes }: EndpointSourceParts,
  configured: URL,
  seen: Seen | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly kind: EndpointLook["kind"]; readonly seen: Seen }> {
  const token = await readToken();
  const late = () =>
    new InstarError("TIMED_OUT", `${configured.origin} did not answer within ${LOOK_WITHIN_MS / 1_000} s`, {
      facts: { url: shownAddress(configured) },
      transient: true,
    });
  return withTimeLimit({ clock, everyMs: LOOK_WITHIN_MS, judge: late }, signal, async (within) => {
    const headers = { accept: "application/json", ...conditionsOf(seen) };
    const response = await askEndpoint({ address: configured, configured, token, headers, signal: within });
    if (response.status === 304 && seen !== undefined) {
      await response.body?.cancel();
      return { kind: "unchanged", seen };
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw explainStatus(configured, response.status);
    }
    const text = await readText(response, configured, maxBytes, within);
    const found = parseEndpointAnswer(text, { url: shownAddress(configured), contentType: response.headers.get("content-type") ?? "" });
    return { kind: "found", seen: { found, etag: response.headers.get("etag"), lastModified: response.headers.get("last-modified") } };
  });
}

/** With an ETag the date says nothing more (RFC 9110 §13.1.3), and does no harm. */
function conditionsOf(seen: Seen | undefined): Record<string, string> {
  return {
    ...(seen?.etag == null ? {} : { "if-none-match": seen.etag }),
    ...(seen?.lastModified == null ? {} : { "if-modified-since": seen.lastModified }),
  };
}

/** Counted as it comes: what an answer says of its own length is not believed. */
async function readText(response: Response, configured: URL, maxBytes: number, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const broken = (error: unknown): never => {
    signal.throwIfAborted();
    throw InstarError.is(error) ? error : explainBroken(configured, error);
  };
  try {
    for await (const chunk of response.body ?? []) {
      sizeBytes += chunk.byteLength;
      // Leaving the loop closes the connection.
      if (sizeBytes > maxBytes)
        throw new InstarError("DETECTION_FAILED", `the answer of ${shownAddress(configured)} is longer than ${maxBytes} bytes`, {
          facts: { url: shownAddress(configured) },
        });
      chunks.push(chunk);
    }
  } catch (error) {
    broken(error);
  }
  return Buffer.concat(chunks).toString("utf8");
}
