import { open } from "node:fs/promises";

/** Where the daemon listens, and the token that it wants. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

export type DoorReading = { readonly kind: "door"; readonly door: Door } | { readonly kind: "none"; readonly because: string };

const LIMIT_BYTES = 65_536;
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** It is written whole, and anew at each start of the daemon: whoever reads it later may read another. */
export async function readDoor(path: string): Promise<DoorReading> {
  let text: string;
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(LIMIT_BYTES), 0, LIMIT_BYTES, 0);
      text = buffer.subarray(0, bytesRead).toString("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    return { kind: "none", because: `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown"}` };
  }
  return parseDoor(text, path);
}

/** The token goes to this machine and nowhere else, whatever is written there. */
export function parseDoor(text: string, path: string): DoorReading {
  const none = (because: string): DoorReading => ({ kind: "none", because: `${path} ${because}` });
  let written: { url?: unknown; token?: unknown } | null;
  try {
    written = JSON.parse(text);
  } catch {
    return none("is not JSON");
  }
  const { url, token } = written ?? {};
  if (typeof url !== "string" || !URL.canParse(url)) return none("has no url");
  // A line break would end the header that it is sent in.
  if (typeof token !== "string" || !/^[\x21-\x7e]{1,1000}$/.test(token)) return none("has no token");
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "http:" || !LOOPBACK.includes(hostname) || port === "") return none("names no port of this machine");
  return { kind: "door", door: { host: hostname === "[::1]" ? "::1" : hostname, port: Number(port), token } };
}

export const isSameDoor = (one: DoorReading, other: DoorReading): boolean => JSON.stringify(one) === JSON.stringify(other);
