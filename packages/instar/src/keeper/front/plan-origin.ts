import type { IncomingMessage } from "node:http";
import { addressOf, type Hop, nodeOf, parseForwarded, renderForwarded } from "./forwarded-header.ts";
import type { RawHeaders } from "./rewrite-headers.ts";

/** How an agent is told who asked. */
export type Tell = "x-forwarded" | "forwarded" | "proxy-v1" | "proxy-v2";

export interface OriginRules {
  readonly tells: readonly Tell[];
  /** How the front is asked. */
  readonly scheme: "http" | "https";
  /** Whether what comes from an address may say who asked before it. */
  readonly isTrusted: (address: string) => boolean;
}

type Asked = Pick<IncomingMessage, "headers" | "rawHeaders">;

/**
 * The word of a client for where its request comes from is worth nothing. The word of a trusted proxy is kept, in the manner of
 * speaking in which it came or else translated, and the proxy's own address is added to it. Gives the client's address, as far as it
 * is known from those who are believed, and the lines that tell the agent.
 */
export function planOrigin(request: Asked, peer: string, { tells, scheme, isTrusted }: OriginRules): { address: string; lines: RawHeaders } {
  const told = isTrusted(peer) ? readTold(request) : NOTHING_TOLD;
  const lines: string[] = [];
  if (tells.includes("x-forwarded")) addXForwarded(lines, request, { peer, scheme }, told);
  if (tells.includes("forwarded")) lines.push("Forwarded", extendForwarded(request, { peer, scheme }, told));
  return { address: farthestKnown(told.hops, peer, isTrusted), lines };
}

interface Told {
  /** What the proxy says came before it, first the farthest. */
  readonly hops: readonly Hop[];
  /** As it came, where it is well-formed. */
  readonly forwarded?: string;
  readonly others: RawHeaders;
}

interface Here {
  readonly peer: string;
  readonly scheme: "http" | "https";
}

const NOTHING_TOLD: Told = { hops: [], others: [] };

/** X-Forwarded is what most proxies maintain; a Forwarded beside it may have come from anywhere, so it does not say whose request it is. */
function readTold({ headers, rawHeaders }: Asked): Told {
  const field = textOf(headers.forwarded);
  const parsed = field === undefined ? undefined : parseForwarded(field);
  const chain = textOf(headers["x-forwarded-for"]);
  const [proto, host] = [textOf(headers["x-forwarded-proto"]), textOf(headers["x-forwarded-host"])];
  const names = chain?.split(",").map((entry) => entry.trim()) ?? [];
  const hops = names.map((name, at): Hop => ({ for: nodeOf(name), ...(at > 0 ? {} : { ...(proto && { proto }), ...(host && { host }) }) }));
  const others = rawHeaders.filter((_, at) => OTHERS.test(rawHeaders[at - (at % 2)] ?? ""));
  return { hops: chain === undefined ? (parsed ?? []) : hops, others, ...(parsed === undefined || field === undefined ? {} : { forwarded: field }) };
}

const OTHERS = /^(?:x-forwarded-(?!for$|proto$|host$)[a-z-]+|x-real-ip)$/i;

function addXForwarded(lines: string[], { headers }: Asked, { peer, scheme }: Here, told: Told): void {
  if (told === NOTHING_TOLD) {
    lines.push("X-Forwarded-For", peer, "X-Forwarded-Proto", scheme);
    if (headers.host !== undefined) lines.push("X-Forwarded-Host", headers.host);
    return;
  }
  const before = textOf(headers["x-forwarded-for"]) ?? told.hops.map((hop) => addressOf(hop.for ?? "") ?? hop.for ?? "unknown").join(", ");
  lines.push("X-Forwarded-For", before === "" ? peer : `${before}, ${peer}`);
  lines.push("X-Forwarded-Proto", textOf(headers["x-forwarded-proto"]) ?? told.hops[0]?.proto ?? scheme);
  const host = textOf(headers["x-forwarded-host"]) ?? told.hops[0]?.host ?? headers.host;
  if (host !== undefined) lines.push("X-Forwarded-Host", host);
  lines.push(...told.others);
}

function extendForwarded({ headers }: Asked, { peer, scheme }: Here, told: Told): string {
  const here: Hop = { for: nodeOf(peer), proto: scheme, ...(headers.host === undefined ? {} : { host: headers.host }) };
  return told.forwarded === undefined ? renderForwarded([...told.hops, here]) : `${told.forwarded}, ${renderForwarded([here])}`;
}

/** The chain is walked from here outwards, through those who are believed to the first who is not: further out anybody can have written. */
function farthestKnown(hops: readonly Hop[], peer: string, isTrusted: (address: string) => boolean): string {
  let known = peer;
  for (let at = hops.length - 1; at >= 0 && isTrusted(known); at -= 1) {
    const identifier = hops[at]?.for ?? "unknown";
    known = addressOf(identifier) ?? identifier;
  }
  return known;
}

function textOf(value: string | string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.join(", ");
  return text?.trim() === "" ? undefined : text;
}
