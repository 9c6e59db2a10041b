import { InstarError } from "@instar/protocol";
import { planHop } from "../endpoint/plan-hop.ts";
import type { RegistryPlace } from "./registry-place.ts";

const MOST_REDIRECTS = 5;

/**
 * One GET. Redirects are followed by hand: to https, or within the registry's own origin. The token goes to that origin and nowhere else.
 *
 * @throws InstarError SOURCE_GONE, DETECTION_FAILED (it leads where nobody goes), SETTINGS_INVALID (the token is none); the signal's reason
 */
export async function requestRegistry(
  { registry, readToken }: RegistryPlace,
  address: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const token = (await readToken?.()) ?? null;
  if (token !== null) assertToken(token);
  let at = address;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const hop = planHop(at, registry);
    if (hop.kind === "refused")
      throw new InstarError("DETECTION_FAILED", `${at.origin} is not asked: ${hop.because}`, { facts: { registry: registry.origin } });
    const response = await fetch(at, {
      redirect: "manual",
      signal,
      headers: { ...headers, ...(hop.sendsToken && token !== null ? { authorization: `Bearer ${token}` } : {}) },
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw explainBrokenRegistry(at, error);
    });
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, at.href);
    if (next === null) throw new InstarError("DETECTION_FAILED", `${at.origin} leads to what is no address`, { facts: { registry: registry.origin } });
    at = next;
  }
  throw new InstarError("DETECTION_FAILED", `${registry.origin} leads on and on: more than ${MOST_REDIRECTS} redirects`, {
    facts: { registry: registry.origin },
  });
}

/** Before it becomes a header: what fetch says of a header that it does not take, it says with the header's value. */
export function assertToken(token: string): void {
  if (!/^[\x21-\x7e]{1,4096}$/.test(token))
    throw new InstarError("SETTINGS_INVALID", "the registry's token is not one line of letters, digits and signs", {
      advice: "Check the file that source.npm.tokenFile names.",
    });
}

/** A connection that breaks, before the answer or within it. */
export function explainBrokenRegistry(at: URL, error: unknown): InstarError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new InstarError("SOURCE_GONE", `${at.origin} does not answer, or not to the end`, { cause, facts: { registry: at.origin }, transient: true });
}

/** An answer that is no success. Its body is not shown: there are pages that repeat what was sent to them, the token too. Pure but for the clock. */
export function explainRegistryStatus(at: URL, { status, headers }: Response, { clock, readToken }: RegistryPlace): InstarError {
  const facts = { registry: at.origin, status };
  if (status === 401 || status === 403)
    return new InstarError("SOURCE_GONE", `${at.origin} does not let Instar in (${status})`, {
      facts,
      advice:
        readToken === undefined
          ? "Name a file with a token as source.npm.tokenFile in instar.yaml."
          : "The token in the file of source.npm.tokenFile may be wrong, expired, or not allowed to read this package.",
    });
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), clock.wallMs());
  if (status >= 500 || status === 429 || status === 408)
    return new InstarError("SOURCE_GONE", status === 429 ? `${at.origin} wants to be asked less often (429)` : `${at.origin} answers ${status}`, {
      facts: { ...facts, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
      transient: true,
    });
  return new InstarError("DETECTION_FAILED", `${at.origin} answers ${status}, which says nothing of the package`, { facts });
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
