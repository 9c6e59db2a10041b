import { InstarError } from "@instar/protocol";
import { plainText } from "../../platform/plain-text.ts";
import { planHop } from "./plan-hop.ts";

export interface EndpointQuestion {
  /** What is asked for. */
  readonly address: URL;
  /** What a person configured. */
  readonly configured: URL;
  readonly token: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const MOST_REDIRECTS = 5;

/**
 * One GET. Redirects are followed by hand, each judged like an address of its own.
 *
 * @throws InstarError SOURCE_GONE where nothing answers, DETECTION_FAILED where it leads to where nobody goes; the signal's reason
 */
export async function askEndpoint({ address, configured, token, headers, signal }: EndpointQuestion): Promise<Response> {
  let at = address;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const hop = planHop(at, configured);
    if (hop.kind === "refused")
      throw new InstarError("DETECTION_FAILED", `${shownOrigin(at)} is not asked: ${hop.because}`, {
        facts: { url: shownAddress(configured), origin: shownOrigin(at) },
      });
    const authorization = hop.sendsToken && token !== null ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(at, {
      redirect: "manual",
      signal,
      headers: { "accept-encoding": "identity", ...headers, ...authorization },
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw explainBroken(at, error);
    });
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    at = parseLocation(location, at);
  }
  throw new InstarError("DETECTION_FAILED", `${configured.origin} leads on and on: more than ${MOST_REDIRECTS} redirects`, {
    facts: { url: shownAddress(configured) },
  });
}

/** A connection that breaks, before the answer or within it. */
export function explainBroken(at: URL, error: unknown): InstarError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new InstarError("SOURCE_GONE", `${shownOrigin(at)} does not answer`, { cause, facts: { origin: shownOrigin(at) }, transient: true });
}

/** An answer that is no success, as one of our errors. Pure. */
export function explainStatus(at: URL, status: number): InstarError {
  const origin = shownOrigin(at);
  const facts = { origin, status };
  if (status >= 500 || status === 429 || status === 408) return new InstarError("SOURCE_GONE", `${origin} answers ${status}`, { facts, transient: true });
  if (status === 401 || status === 403)
    return new InstarError("SOURCE_GONE", `${origin} does not let Instar in (${status})`, { facts, advice: "Check source.endpoint.tokenFile in instar.yaml." });
  if (status === 404 || status === 410)
    return new InstarError("SOURCE_GONE", `${origin} has nothing at this address (${status})`, { facts, advice: "Check source.endpoint.url in instar.yaml." });
  return new InstarError("DETECTION_FAILED", `${origin} answers ${status}, which says nothing of a version`, { facts });
}

/** Without its query, which may be a secret. */
export const shownAddress = ({ origin, pathname }: URL) => plainText(`${origin}${pathname}`, 300);

/** Of an address that somebody else gave even the path may be one. */
const shownOrigin = (at: URL) => plainText(at.origin, 200);

function parseLocation(location: string, from: URL): URL {
  const parsed = URL.parse(location, from.href);
  if (parsed === null) throw new InstarError("DETECTION_FAILED", `${shownOrigin(from)} leads to what is no address`, { facts: { origin: shownOrigin(from) } });
  return parsed;
}
