import type { IncomingMessage } from "node:http";

/** Why a request is answered by the front itself. */
export interface Refusal {
  readonly status: number;
  /** A sentence for whoever reads the answer. */
  readonly because: string;
  /** How soon it is worth asking again. */
  readonly retryAfterS?: number;
  /** Of a 405: the methods that would be answered. */
  readonly allow?: string;
}

/**
 * Whether two readers could take this head for different requests. The parser has already refused what breaks the grammar
 * (two lengths, signed lengths, a length beside chunks, folded lines, bare line feeds); here are the rest of the ways to
 * smuggle one request inside another (RFC 9112 §3.2, §6.1, §11.2).
 */
export function planRefusal(request: IncomingMessage): Refusal | undefined {
  const { httpVersionMajor: major, httpVersionMinor: minor } = request;
  if (major !== 1 || minor > 1) return { status: 505, because: "Only HTTP/1.1 and HTTP/1.0 are spoken here." };

  const hosts = valuesOf(request, "host");
  if (hosts.length > 1) return { status: 400, because: "The request names its host twice." };
  if (hosts.length === 0 && minor === 1) return { status: 400, because: "The request does not name its host." };
  if (hosts.some((host) => /[\s,/?#@\\]/.test(host))) return { status: 400, because: "The request's host is not a host." };

  const codings = valuesOf(request, "transfer-encoding");
  if (codings.length > 0 && minor === 0) return { status: 400, because: "HTTP/1.0 has no transfer codings." };
  if (codings.length > 1 || codings.some((coding) => coding.toLowerCase() !== "chunked"))
    return { status: 400, because: "The only transfer coding that is understood here is chunked, once." };
  if (codings.length > 0 && valuesOf(request, "content-length").length > 0) return { status: 400, because: "The request has two lengths." };
  return undefined;
}

/**
 * What a client is told of an agent that broke off before its answer. Where no connection came about nothing was sent, and the
 * client may safely ask again: 503. In every other case the agent may have acted on the request: 502.
 */
export function planBrokenRefusal(error: Error & { syscall?: string }): Refusal {
  if (error.syscall === "connect") return { status: 503, because: "The agent is not listening.", retryAfterS: 1 };
  return { status: 502, because: "The agent broke off before it answered." };
}

function valuesOf(request: IncomingMessage, wanted: string): string[] {
  return request.rawHeaders.filter((_, at, raw) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === wanted);
}
