import type { IncomingMessage } from "node:http";
import type { AnswerHead } from "./answer-head.ts";

/** Header lines as they stand on the wire: name, value, name, value. Case, order and duplicates are kept. */
export type RawHeaders = readonly string[];

/** The head of an answer, whoever has read it. */
export interface SentHead {
  readonly statusCode?: number | undefined;
  readonly rawHeaders: RawHeaders;
}

/** Fields that belong to one connection, never to the message (RFC 9110 §7.6.1, and RFC 2616 §13.5.1 for the old ones). */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "transfer-encoding", "upgrade"]);

/** Who asked is said by the front (see planOrigin); a client's own word for it never reaches the agent, nor what CGI would read as that. */
const FORWARDING = /^(?:x[-_]forwarded(?:[-_].*)?|forwarded|x[-_]real[-_]ip)$/;

/** What `Connection` may not take away: without them the message would mean something else to the agent. */
const NEVER_LISTED = new Set(["content-length", "host", "transfer-encoding", "trailer"]);

/** May not come in a trailer, where some programs would merge them into the head (RFC 9110 §6.5.1). */
const NEVER_TRAILERS = new Set(["content-length", "content-type", "content-encoding", "host", "trailer", "authorization", "set-cookie", "cookie", "expect"]);

export interface RequestRewrite {
  /** The lines that say who asked. */
  readonly origin: RawHeaders;
  /** True passes the wish to change protocols on. */
  readonly keepsUpgrade?: boolean;
}

/** The head's lines as the agent gets them: hop-by-hop fields and all words about who asked out, those that are believed in. */
export function rewriteRequestHeaders(request: IncomingMessage, rewrite: RequestRewrite): string[] {
  const isChunked = request.headers["transfer-encoding"] !== undefined;
  const lines = withoutHopByHop(
    request.rawHeaders,
    (name) => isForwarding(name) || isDisguised(name) || (name === "trailer" && !isChunked) || (name === "expect" && !speaksHttp11(request)),
  );
  if (isChunked) lines.push("Transfer-Encoding", "chunked");
  if (rewrite.keepsUpgrade) lines.push(...linesOf(request.rawHeaders, "upgrade"), "Connection", "Upgrade");
  else if (speaksHttp11(request) && acceptsTrailers(request)) lines.push("TE", "trailers", "Connection", "TE");
  lines.push(...rewrite.origin);
  return lines;
}

/**
 * The answer's lines as the client gets them. How the body is delimited is decided anew for the client's connection, so
 * Transfer-Encoding goes; `Trailer` stays only where the body is chunked; a 204 has no length (RFC 9110 §8.6).
 */
export function rewriteResponseHeaders(answer: SentHead, isChunked: boolean): string[] {
  const lines = withoutHopByHop(answer.rawHeaders, (name) => (name === "trailer" && !isChunked) || (name === "content-length" && answer.statusCode === 204));
  // RFC 9110 §15.5.22: a 426 has to name the protocol that it insists on.
  if (answer.statusCode === 426) lines.push(...linesOf(answer.rawHeaders, "upgrade"), "Connection", "Upgrade");
  return lines;
}

/** The lines of a switch of protocols (101): Upgrade and Connection are what it is about. */
export function rewriteSwitchHeaders(answer: SentHead): string[] {
  return [...withoutHopByHop(answer.rawHeaders), ...linesOf(answer.rawHeaders, "upgrade"), "Connection", "Upgrade"];
}

/** The lines of an interim answer such as 103. */
export function rewriteInterimHeaders(rawHeaders: RawHeaders): string[] {
  return withoutHopByHop(rawHeaders, (name) => name === "content-length");
}

/** Trailer lines without those that could change how the message is read. */
export function rewriteTrailers(rawTrailers: RawHeaders): string[] {
  return withoutHopByHop(rawTrailers, (name) => NEVER_TRAILERS.has(name) || isForwarding(name) || isDisguised(name));
}

export function speaksHttp11(message: IncomingMessage): boolean {
  return message.httpVersionMajor === 1 && message.httpVersionMinor >= 1;
}

/** Whether the answer's body goes to the client in chunks: HTTP/1.0 does not know them, and a known length needs none. */
export function canBeChunked(answer: AnswerHead, asked: IncomingMessage): boolean {
  const hasBody = asked.method !== "HEAD" && answer.statusCode !== 204 && answer.statusCode !== 304;
  return hasBody && speaksHttp11(asked) && !answer.hasContentLength;
}

function withoutHopByHop(rawHeaders: RawHeaders, isUnwanted: (name: string) => boolean = keepsAll): string[] {
  const listed = listedByConnection(rawHeaders);
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const lower = name.toLowerCase();
    if (!HOP_BY_HOP.has(lower) && !listed.has(lower) && !isUnwanted(lower)) kept.push(name, rawHeaders[at + 1] ?? "");
  }
  return kept;
}

const keepsAll = () => false;
const NOTHING: ReadonlySet<string> = new Set();

/** The fields that `Connection` says belong to the connection as well. */
function listedByConnection(rawHeaders: RawHeaders): ReadonlySet<string> {
  let listed: Set<string> | undefined;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length !== "connection".length || name.toLowerCase() !== "connection") continue;
    const value = (rawHeaders[at + 1] ?? "").toLowerCase();
    if (value === "keep-alive") continue; // By far the most common, and hop-by-hop anyway.
    listed ??= new Set();
    for (const token of value.split(",")) if (!NEVER_LISTED.has(token.trim())) listed.add(token.trim());
  }
  return listed ?? NOTHING;
}

function isForwarding(name: string): boolean {
  const first = name.charCodeAt(0);
  return (first === LETTER_X || first === LETTER_F) && FORWARDING.test(name);
}

const LETTER_X = 0x78;
const LETTER_F = 0x66;

/** CGI and WSGI read `Content_Length` as Content-Length: a spelling that exists only to be read twice. */
function isDisguised(name: string): boolean {
  if (!name.includes("_")) return false;
  const plain = name.replaceAll("_", "-");
  return HOP_BY_HOP.has(plain) || NEVER_LISTED.has(plain);
}

function acceptsTrailers(request: IncomingMessage): boolean {
  return String(request.headers.te ?? "")
    .split(",")
    .some((coding) => coding.trim().toLowerCase() === "trailers");
}

function linesOf(rawHeaders: RawHeaders, wanted: string): string[] {
  return rawHeaders.filter((_, at) => rawHeaders[at - (at % 2)]?.toLowerCase() === wanted);
}
