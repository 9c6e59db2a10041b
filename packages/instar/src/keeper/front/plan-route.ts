import type { IncomingMessage } from "node:http";
import type { Backend } from "./lane.ts";
import { hashMurmur3 } from "./murmur3.ts";

/** Where new requests go. */
export interface Routing {
  readonly main: Backend;
  /** Takes this part of the callers, 0 to 1; the rest stays with `main`. */
  readonly share?: { readonly backend: Backend; readonly of: number };
}

/** What makes two requests the same caller's: a cookie, a header, or the address. */
export type StickBy = { readonly cookie: string } | { readonly header: string } | "address";

/**
 * Which of the two a caller meets. It depends on the new release and the caller and on nothing else, so that a caller always
 * meets the same one; and each caller joins at a part of its own, so that a larger part takes more callers and never gives one
 * back. With another release the dice are thrown again: it should not always be the same people who meet what is new.
 */
export function planRoute(share: { readonly release: string; readonly of: number }, unit: string): "main" | "share" {
  const hash = hashMurmur3(Buffer.from(`${share.release}:${unit}`, "utf8"));
  return hash / 2 ** 32 < share.of ? "share" : "main";
}

/** Whose request it is: who does not carry the cookie or header is known by the address. It may be a secret, so it is never kept or shown. */
export function unitOf(headers: IncomingMessage["headers"], stickBy: StickBy, address: string): string {
  if (stickBy === "address") return address;
  const carried = "cookie" in stickBy ? cookieOf(headers.cookie, stickBy.cookie) : headers[stickBy.header.toLowerCase()];
  const text = typeof carried === "string" ? carried : carried?.join();
  // The parser shows each byte as one character; what is hashed are the bytes that the client sent.
  return text === undefined || text === "" ? address : Buffer.from(text, "latin1").toString("utf8");
}

/** The first cookie of that name (RFC 6265 §5.4 puts the one with the most specific path first). */
function cookieOf(line: string | undefined, name: string): string | undefined {
  for (const pair of line?.split(";") ?? []) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
