import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import { choosePublicAddresses } from "./registry-proxy-addresses.ts";
import { isListed, parseAuthority, parseRegistryHost, type RegistryHost, renderHost } from "./registry-proxy-hosts.ts";
import { openWardenSocket } from "./warden-socket.ts";

export interface RegistryProxy {
  /** Holds its socket, `door`. */
  readonly folder: string;
  /** What was asked for and refused, with the reason; each once, the first 32. */
  refused(): readonly string[];
  /** Hangs up. May be called twice. */
  close(): Promise<void>;
}

export interface RegistryProxyOptions {
  /** `host` means port 443, or `host:port`. Nothing else is reached. */
  readonly hosts: readonly string[];
  readonly scratch: string;
  /** For tests: the addresses of a name. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

const CONNECTIONS = 256;
/** Also for the first byte of an answer: a registry may think about a large request. */
const IDLE_MS = 120_000;
const DIAL_MS = 15_000;
const HEADER_BYTES = 32_768;
const REFUSED_KEPT = 32;

/**
 * The only way out of a sandbox that installs: a proxy on a unix socket that reaches the listed registries, by CONNECT for https and by an absolute
 * URL for http. It decides by the name that is asked for and dials the very address that it has judged. What is said inside a tunnel, TLS hides
 * from it: which host of a large provider a certificate is asked for there is not seen.
 *
 * @throws InstarError INPUT_INVALID for a host that is none, SANDBOX_FAILED
 */
export async function openRegistryProxy({ hosts, scratch, resolve = resolveName }: RegistryProxyOptions): Promise<RegistryProxy> {
  const listed = hosts.map(parseRegistryHost);
  const refusals = new Set<string>();
  const sockets = new Set<Duplex>();
  const follow = <Kind extends Duplex>(socket: Kind): Kind => {
    sockets.add(socket.on("error", () => socket.destroy()));
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer({ maxHeaderSize: HEADER_BYTES, requestTimeout: 0, headersTimeout: 30_000, keepAliveTimeout: 30_000 });
  server.maxConnections = CONNECTIONS;
  server.timeout = IDLE_MS;

  /** @throws Refusal */
  const judge = async (asked: RegistryHost): Promise<Destination> => {
    if (!isListed(listed, asked)) throw refuse(asked, "is not one of the registries");
    const addresses = isIP(asked.host) === 0 ? await resolve(asked.host).catch(() => []) : [asked.host];
    if (addresses.length === 0) throw new Refusal(502, `the address of ${asked.host} could not be found`);
    const [address] = choosePublicAddresses(asked, addresses, { hosts: listed, own: ownAddresses() });
    if (address === undefined) throw refuse(asked, `leads to this machine or into its network (${addresses.join(", ")})`);
    return { address, port: asked.port };
  };
  const refuse = (asked: RegistryHost, because: string): Refusal => {
    const words = `${renderHost(asked)} ${because}`;
    if (refusals.size < REFUSED_KEPT) refusals.add(words);
    return new Refusal(403, words);
  };

  server.on("connection", follow);
  server.on("clientError", (_, socket) => socket.destroy());
  server.on("connect", (asked, client, head) => {
    follow(client);
    openTunnel(asked, { judge, follow, client, head }).catch((error: unknown) => client.end(renderRefusal(error)));
  });
  server.on("request", (asked, answer) => {
    if (asked.url === "/refused") return void answer.end([...refusals].map((words) => `refused: ${words}\n`).join(""));
    forward(asked, answer, judge).catch((error: unknown) => {
      const { status, message } = Refusal.of(error);
      if (answer.headersSent) return answer.destroy();
      answer.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(`instar: ${message}\n`);
    });
  });

  const socket = await openWardenSocket(server, scratch);
  return {
    folder: socket.folder,
    refused: () => [...refusals],
    close: async () => {
      await socket.close();
      for (const one of sockets) one.destroy();
    },
  };
}

interface Destination {
  readonly address: string;
  readonly port: number;
}

type Judge = (asked: RegistryHost) => Promise<Destination>;

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
  static of(error: unknown): Refusal {
    return error instanceof Refusal ? error : new Refusal(502, `the registry could not be reached (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}

function renderRefusal(error: unknown): string {
  const { status, message } = Refusal.of(error);
  const body = `instar: ${message}\n`;
  const reason = status === 403 ? "Forbidden" : status === 400 ? "Bad Request" : "Bad Gateway";
  return `HTTP/1.1 ${status} ${reason}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}

interface Tunnel {
  readonly judge: Judge;
  readonly follow: <Kind extends Duplex>(socket: Kind) => Kind;
  readonly client: Duplex;
  readonly head: Buffer;
}

async function openTunnel(asked: IncomingMessage, { judge, follow, client, head }: Tunnel): Promise<void> {
  const wanted = parseAuthority(asked.url ?? "");
  if (wanted === undefined) throw new Refusal(400, "CONNECT names a host and a port");
  const registry = follow(await dial(await judge(wanted)));
  registry.setTimeout(IDLE_MS, () => registry.destroy());
  registry.once("close", () => client.destroy());
  client.once("close", () => registry.destroy());
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  if (head.length > 0) registry.write(head);
  client.pipe(registry).pipe(client);
}

function dial({ address, port }: Destination): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, allowHalfOpen: true });
    socket.setTimeout(DIAL_MS, () => socket.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0).removeAllListeners("timeout").removeListener("error", reject);
      resolve(socket);
    });
  });
}

/** RFC 9110 §7.6.1: these are between two neighbours and not for the next one. */
const HOP_BY_HOP = ["connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-authorization", "expect"];

async function forward(asked: IncomingMessage, answer: ServerResponse, judge: Judge): Promise<void> {
  const url = URL.canParse(asked.url ?? "") ? new URL(asked.url ?? "") : undefined;
  const wanted = url?.protocol === "http:" ? parseAuthority(url.host, 80) : undefined;
  if (url === undefined || wanted === undefined) throw new Refusal(400, "a proxy is asked by an absolute http:// URL");
  const { address, port } = await judge(wanted);
  const named = (asked.headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !named.includes(name)));
  const body = asked.headers["transfer-encoding"] === undefined ? {} : { "transfer-encoding": "chunked" };
  await new Promise<void>((resolve, reject) => {
    const onward = request({
      host: address,
      port,
      method: asked.method,
      path: `${url.pathname}${url.search}`,
      // The host that was judged, whatever the request calls itself.
      headers: { ...headers, ...body, host: url.host },
      agent: false,
      timeout: IDLE_MS,
      maxHeaderSize: HEADER_BYTES,
    });
    onward.on("timeout", () => onward.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })));
    onward.on("error", reject);
    onward.on("response", (found) => {
      const kept = Object.entries(found.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
      answer.writeHead(found.statusCode ?? 502, Object.fromEntries(kept) as Record<string, string>);
      found.on("error", reject).pipe(answer).on("error", reject).on("close", resolve);
    });
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
}

async function resolveName(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

const ownAddresses = () => Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
