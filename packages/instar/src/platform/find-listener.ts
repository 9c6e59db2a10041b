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
  const inodes = new Set([...(await readListeners("/proc/net/tcp", port)), ...(await readListeners("/proc/net/tcp6", port))]);
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

async function readListeners(path: string, port: number): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text.split("\n").flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    return columns[1]?.endsWith(wanted) && columns[3] === LISTEN && columns[9] !== undefined ? [columns[9]] : [];
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
