import { isIP, isIPv6 } from "node:net";

/** One hop of a request, as RFC 7239 tells it: who asked, by which name, and how. */
export interface Hop {
  /** An address, perhaps with a port; an obfuscated identifier such as `_hidden`; or `unknown` (§6). */
  readonly for?: string;
  readonly host?: string;
  readonly proto?: string;
}

/** The hops of a Forwarded field, first the farthest; undefined where it is not well-formed (§4): half of it might be a client's invention. */
export function parseForwarded(field: string): Hop[] | undefined {
  const hops: Hop[] = [];
  let hop: Record<string, string> = {};
  let at = 0;
  while (at < field.length) {
    PAIR.lastIndex = at;
    const [whole, name = "", value = "", separator] = PAIR.exec(field) ?? [];
    if (whole === undefined || Object.hasOwn(hop, name.toLowerCase())) return undefined;
    hop[name.toLowerCase()] = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
    at += whole.length;
    if (separator === ";") {
      if (at === field.length) return undefined;
      continue;
    }
    if (separator === "," && at === field.length) return undefined;
    hops.push(hop);
    hop = {};
  }
  return hops;
}

const PAIR = /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[^"\\]|\\.)*")[ \t]*(;|,|$)/y;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function renderForwarded(hops: readonly Hop[]): string {
  return hops.map(renderHop).join(", ");
}

function renderHop(hop: Hop): string {
  const pairs = [
    ["for", hop.for],
    ["host", hop.host],
    ["proto", hop.proto],
  ];
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${TOKEN.test(value) ? value : quote(value)}`])).join(";");
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** How an address stands in `for`: an IPv6 one in brackets, which then have to be quoted (§6); what is no address and no identifier is unknown. */
export function nodeOf(identifier: string): string {
  const address = addressOf(identifier);
  if (address !== undefined) return isIPv6(address) ? `[${address}]` : address;
  return /^_[\w.-]+$/.test(identifier) ? identifier : "unknown";
}

/** The address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`; undefined in anything else. */
export function addressOf(identifier: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\w+)?$/.exec(identifier)?.[1] ?? /^([^:]*):\w+$/.exec(identifier)?.[1] ?? identifier;
  return isIP(bare) === 0 ? undefined : plainAddress(bare);
}

/** A socket that listens on both families shows IPv4 clients as ::ffff:1.2.3.4. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}
