import { isIPv4, isIPv6 } from "node:net";

/** The two ends of a client's connection, as the agent is to believe them. */
export interface ProxiedEnds {
  /** No address where nobody knows it. */
  readonly source: { readonly address: string; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
}

/** What a connection to the agent begins with under HAProxy's PROXY protocol, version 1: one line of text (§2.1 of proxy-protocol.txt). */
export function renderProxyV1(ends: ProxiedEnds): Buffer {
  const { family, source, destination } = align(ends);
  const line = family === undefined ? "PROXY UNKNOWN" : `PROXY TCP${family} ${source} ${destination} ${ends.source.port} ${ends.destination.port}`;
  return Buffer.from(`${line}\r\n`, "latin1");
}

/** Version 2: a block of bytes (§2.2). */
export function renderProxyV2(ends: ProxiedEnds): Buffer {
  const { family, source, destination } = align(ends);
  if (family === undefined) return Buffer.concat([SIGNATURE, Buffer.from([VERSION_2_PROXY, 0, 0, 0])]);
  const toBytes = family === 4 ? ipv4Bytes : ipv6Bytes;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(ends.source.port, 0);
  ports.writeUInt16BE(ends.destination.port, 2);
  const addresses = Buffer.concat([toBytes(source), toBytes(destination), ports]);
  return Buffer.concat([SIGNATURE, Buffer.from([VERSION_2_PROXY, family === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6, 0, addresses.length]), addresses]);
}

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const VERSION_2_PROXY = 0x21;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

/** Both ends have to be of one family; where they are not, the IPv4 one is written as an IPv6 one. */
function align({ source, destination }: ProxiedEnds): { family: 4 | 6 | undefined; source: string; destination: string } {
  const [from, to] = [withoutZone(source.address), withoutZone(destination.address)];
  if (isIPv4(from) && isIPv4(to)) return { family: 4, source: from, destination: to };
  const [wideFrom, wideTo] = [widen(from), widen(to)];
  return { family: isIPv6(wideFrom) && isIPv6(wideTo) ? 6 : undefined, source: wideFrom, destination: wideTo };
}

function widen(address: string): string {
  return isIPv4(address) ? `::ffff:${address}` : address;
}

function withoutZone(address: string): string {
  return address.split("%")[0] ?? "";
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function ipv6Bytes(address: string): Buffer {
  const [head = "", tail] = address.replace(/[\d.]+\.\d+$/, writtenInWords).split("::");
  const words = (text: string) => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  const [before, after] = [words(head), words(tail ?? "")];
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

function writtenInWords(ipv4: string): string {
  const hex = ipv4Bytes(ipv4).toString("hex");
  return `${hex.slice(0, 4)}:${hex.slice(4)}`;
}
