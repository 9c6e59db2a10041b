import { InstarError } from "@instar/protocol";
import type { RegistryPlace } from "./registry-place.ts";
import { explainBrokenRegistry, explainRegistryStatus, requestRegistry } from "./request-registry.ts";
import { withDeadlines } from "./with-deadlines.ts";

export type RegistryAnswer =
  | { readonly kind: "document"; readonly text: string; readonly etag: string | null }
  /** Only where an ETag was given. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "missing" };

/** The short form, which leaves out what people read; a registry that does not know it sends the long one. */
const ACCEPT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

/**
 * What a registry says of a package, whole.
 *
 * @throws InstarError SOURCE_GONE, TIMED_OUT, DETECTION_FAILED; the signal's reason
 */
export async function askRegistry(
  place: RegistryPlace,
  name: string,
  { etag, signal }: { readonly etag: string | null; readonly signal: AbortSignal | undefined },
): Promise<RegistryAnswer> {
  // npm's own way to write a scope: one segment of the path.
  const address = new URL(name.replace("/", "%2f"), place.registry);
  return askAddress(place, { address, accept: ACCEPT, etag, limitBytes: place.limits.packumentBytes }, signal);
}

export interface RegistryQuestion {
  /** Within what planHop lets through. */
  readonly address: URL;
  readonly accept: string;
  readonly etag: string | null;
  readonly limitBytes: number;
}

/** Any document of a registry, whole. @throws as askRegistry */
export async function askAddress(
  place: RegistryPlace,
  { address, accept, etag, limitBytes }: RegistryQuestion,
  signal: AbortSignal | undefined,
): Promise<RegistryAnswer> {
  const { lookMs, idleMs } = place.limits;
  return withDeadlines(
    { clock: place.clock, wholeMs: lookMs, idleMs, what: `${place.registry.origin} with its answer` },
    signal,
    async ({ signal: within, heard }) => {
      const response = await requestRegistry(place, address, { accept, ...(etag === null ? {} : { "if-none-match": etag }) }, within);
      heard();
      if (response.status !== 200) await response.body?.cancel();
      if (response.status === 304 && etag !== null) return { kind: "unchanged" };
      if (response.status === 404 || response.status === 410) return { kind: "missing" };
      if (response.status !== 200) throw explainRegistryStatus(address, response, place);
      const text = await readText(response, { address, limitBytes, heard, signal: within });
      return { kind: "document", text, etag: response.headers.get("etag") };
    },
  );
}

/** Counted as it comes, after it was unpacked: what an answer says of its own length is not believed. */
async function readText(
  response: Response,
  { address, limitBytes, heard, signal }: { address: URL; limitBytes: number; heard: () => void; signal: AbortSignal },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      heard();
      sizeBytes += chunk.byteLength;
      // Leaving the loop closes the connection.
      if (sizeBytes > limitBytes)
        throw new InstarError("DETECTION_FAILED", `${address.origin} says more than ${limitBytes} bytes of the package`, {
          facts: { registry: address.origin, limitBytes },
        });
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw InstarError.is(error) ? error : explainBrokenRegistry(address, error);
  }
  return Buffer.concat(chunks).toString("utf8");
}
