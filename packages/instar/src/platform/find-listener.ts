import { readdir, readFile, readlink } from "node:fs/promises";
import { readProcessTable } from "./process-table.ts";

export type Listener =
  /** The process, or one that it started, listens on the port. */
  | { readonly kind: "ours" }
  | { readonly kind: "another"; readonly pid: number }
  | { readonly kind: "nobody" }
  /** This platform, or these rights, do not tell. */
  | { readonly kind: "unknown" };

const LISTEN = "0A";

/** Whose process listens on a local TCP port: `pid` or one of its descendants, or somebody else. Linux only; elsewhere unknown. */
export async function findListener(port: number, pid: number): Promise<Listener> {
  if (process.platform !== "linux") return { kind: "unknown" };
  const inodes = new Set((await readListeners(port)).map(({ inode }) => inode));
  if (inodes.size === 0) return { kind: "nobody" };
  const table = await readProcessTable();
  const tree = new Set([pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const row of table)
      if (tree.has(row.parent) && !tree.has(row.pid)) {
        tree.add(row.pid);
        grown = true;
      }
  }
  for (const member of tree) if (await holdsAny(member, inodes)) return { kind: "ours" };
  for (const row of table) if (!tree.has(row.pid) && (await holdsAny(row.pid, inodes))) return { kind: "another", pid: row.pid };
  return { kind: "unknown" };
}

/** Whether anything listens on a local TCP port at an address that other machines may reach; undefined where this platform does not tell. */
export async function listensBeyondLoopback(port: number): Promise<boolean | undefined> {
  if (process.platform !== "linux") return undefined;
  return (await readListeners(port)).some(({ address }) => !LOOPBACK.test(address));
}

/** 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, as /proc/net writes them: each 32 bits with the lowest byte first. */
const LOOPBACK = /^(?:(?:0{16}FFFF0000)?[0-9A-F]{6}7F|0{24}01000000)$/;

async function readListeners(port: number): Promise<{ address: string; inode: string }[]> {
  const texts = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "utf8").catch(() => "")));
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return texts
    .flatMap((text) => text.split("\n"))
    .flatMap((line) => {
      const columns = line.trim().split(/\s+/);
      const [address = "", at] = columns[1]?.split(":") ?? [];
      return at === wanted && columns[3] === LISTEN && columns[9] !== undefined ? [{ address, inode: columns[9] }] : [];
    });
}

async function holdsAny(pid: number, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}
