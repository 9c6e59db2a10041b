import type { ModelFailure } from "@instar/protocol";
import { plainText } from "../../platform/plain-text.ts";

export type Heard =
  | { readonly kind: "not-asked" }
  | { readonly kind: "trouble"; readonly how: ModelFailure; readonly because: string }
  /** A whole body with a status of success, whatever is in it. */
  | { readonly kind: "answer"; readonly body: string };

export interface BoundedFetch {
  readonly fetch: typeof fetch;
  readonly heard: () => Heard;
}

export interface FetchLimits {
  readonly baseUrl: string;
  /** The header that carries the key, and what it says; undefined where there is none. */
  readonly key: { readonly header: string; readonly value: string } | undefined;
  readonly limitBytes: number;
  readonly signal: AbortSignal;
  /** Before a text of theirs is cut: half a secret is recognised by nobody. */
  readonly redact: (text: string) => string;
}

/** Headers that carry keys: what a provider's library put there is not sent. */
const KEY_HEADERS = ["authorization", "x-api-key", "api-key", "proxy-authorization", "cookie"];
const SHOWN = 200;

/**
 * A fetch for one question to one model. It asks nobody but the origin of baseUrl, follows no redirect, adds the key itself so that no library holds it, reads
 * no more than its limit, and hands on only an answer that came whole with a status of success. What went wrong is remembered here: libraries wrap errors.
 */
export function createBoundedFetch({ baseUrl, key, limitBytes, signal, redact }: FetchLimits): BoundedFetch {
  let heard: Heard = { kind: "not-asked" };
  const fail = (how: ModelFailure, because: string): never => {
    heard = { kind: "trouble", how, because };
    throw new Error(because);
  };
  const shown = (text: string) => plainText(redact(text), SHOWN);

  const ask: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== new URL(baseUrl).origin) return fail("error", `it would have been sent to ${shown(url.origin)}, which is not where baseUrl points`);
    const headers = new Headers(init?.headers);
    for (const name of KEY_HEADERS) headers.delete(name);
    if (key !== undefined) headers.set(key.header, key.value);
    const broken = (error: unknown) => fail("unreachable", `${url.origin} does not answer: ${shown(wordsOf(error))}`);
    const response = await fetch(url, { method: "POST", body: init?.body ?? null, headers, redirect: "manual", signal }).catch(broken);
    const text = await readText(response, limitBytes).catch(broken);
    if (response.status >= 300 && response.status <= 399) return fail("error", `it answered ${response.status}, a redirect, and none is followed`);
    if (!response.ok) return fail("error", `it answered ${response.status}${text === undefined || text === "" ? "" : `: ${shown(text)}`}`);
    if (text === undefined) return fail("too-long", `the answer was longer than ${limitBytes / 1_024} KiB and was not read to its end`);
    heard = { kind: "answer", body: text };
    return new Response(text, { headers: { "content-type": "application/json" } });
  };
  return { fetch: ask, heard: () => heard };
}

/** undefined where it is longer than the limit; the rest is not read then, and the connection is closed. */
async function readText(response: Response, limitBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (sizeBytes > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Of fetch's own errors the cause says more. */
function wordsOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
