import { InstarError } from "@instar/protocol";

/** What a request says of where it comes from. */
export interface RequestOrigin {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Sec-Fetch-Site, which a browser sets and no script can. */
  readonly site: string | undefined;
}

/**
 * What a browser adds a cookie to must come from this very origin: another port of this host, where the agent is, is the same site, and another origin. What changes
 * something must say so; a question may say nothing, as older browsers do, since the page's secret goes with it.
 *
 * @throws InstarError FORBIDDEN
 */
export function assertSameOrigin({ method, host, origin, site }: RequestOrigin): void {
  const says = origin !== undefined || site !== undefined;
  const isHere = (origin === undefined || hostOf(origin) === host?.toLowerCase()) && (site === undefined || site === "same-origin");
  if (isHere && (says || method === "GET" || method === "HEAD")) return;
  throw new InstarError("FORBIDDEN", "this did not come from a page of the console");
}

function hostOf(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url !== null && /^https?:$/.test(url.protocol) ? url.host : undefined;
}
