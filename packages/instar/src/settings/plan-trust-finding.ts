import { type AgentListing, sourcesOf } from "./agent-listing.ts";
import { type Finding, found, notFound } from "./finding.ts";

/** Whose word on who asked the agent takes: that of the connection, or of lines that a front writes. */
export type TrustAnswer = "connection" | "forwarded";

/**
 * Whether the agent treats callers from its own machine better than others. Behind a front every caller comes from there, so what
 * is allowed to local callers would be allowed to everyone who reaches the front.
 */
export function planTrustFinding(listing: AgentListing, directory: string): Finding<TrustAnswer> {
  const sources = sourcesOf(listing, directory);
  const asking = sources.find(([, text]) => ASKS_CONNECTION.test(text) && NAMES_LOOPBACK.test(text))?.[0];
  const reading = sources.find(([, text]) => READS_FORWARDED.test(text))?.[0];
  if (asking === undefined)
    return reading === undefined
      ? notFound("nothing in the sources asks where a caller comes from")
      : found("forwarded", "likely", `${reading} reads who asked from forwarded lines`);
  return found(
    "connection",
    "likely",
    `${asking} asks where a connection comes from, and names loopback`,
    `${asking} treats callers from this machine specially, and behind the front all of them come from this machine${reading === undefined ? "" : ` (${reading} reads forwarded lines: look whether they are believed there)`}: keep front.host at 127.0.0.1 unless it asks everybody who they are`,
  );
}

const ASKS_CONNECTION =
  /\bremoteAddress\b|\bREMOTE_ADDR\b|\bremote_addr\b|\bRemoteAddr\b|\bclient\.host\b|\bpeer_?name\b|\bis_?(?:loopback|local(?:host|_?request)?)\b|\breq(?:uest)?\.ip\b/i;
const NAMES_LOOPBACK = /127\.0\.0\.1|::1\b|\bis_?loopback\b|\blocalhost\b|\bis_?local(?:host|_?request)\b/i;
const READS_FORWARDED = /x-forwarded-for|["'`]forwarded["'`]|trust ?proxy|trustProxy|trusted_?proxies|ProxyFix|forwarded[-_]allow[-_]ips|proxy[-_ ]?protocol/i;
