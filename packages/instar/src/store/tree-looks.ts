import { hash } from "node:crypto";
import type { KnownFiles } from "./keep-tree.ts";
import type { Digest } from "./pack-format.ts";
import type { TreeEntry } from "./tree-format.ts";

/** How a tree's files looked when their bytes were taken. It says nothing that could be needed to restore: lost, all is read again. */
export interface TreeLooks {
  readonly tree: Digest;
  /** Files that changed later are not in it: they may have changed again within one tick of the file system's clock. */
  readonly trustedUntilNs: bigint;
  /** One for each file of the tree, in its order: device, inode, time of change; zeros for one that must be read again. */
  readonly records: Buffer;
}

/* File:  "INSTLOK1", 32 bytes tree, i64 trusted until, records of u64 device, u64 inode, i64 change time; 32 bytes SHA-256 of all before. */
const HEAD = Buffer.from("INSTLOK1");
const HEAD_BYTES = HEAD.length + 32 + 8;
const RECORD_BYTES = 24;

export function renderLooks(tree: Digest, entries: readonly TreeEntry[], known: KnownFiles, trustedUntilNs: bigint): Buffer {
  const files = entries.filter(({ kind }) => kind === "file");
  const bytes = Buffer.alloc(HEAD_BYTES + files.length * RECORD_BYTES + 32);
  HEAD.copy(bytes);
  bytes.write(tree, HEAD.length, 32, "hex");
  bytes.writeBigInt64LE(trustedUntilNs, HEAD.length + 32);
  for (const [number, { path, mtimeNs }] of files.entries()) {
    const look = known.get(path)?.look;
    if (look === undefined || look.ctimeNs >= trustedUntilNs || look.mtimeNs !== mtimeNs) continue;
    const at = HEAD_BYTES + number * RECORD_BYTES;
    bytes.writeBigUInt64LE(look.dev, at);
    bytes.writeBigUInt64LE(look.ino, at + 8);
    bytes.writeBigInt64LE(look.ctimeNs, at + 16);
  }
  hash("sha256", bytes.subarray(0, -32), "buffer").copy(bytes, bytes.length - 32);
  return bytes;
}

/** undefined where it is not what was written. */
export function parseLooks(bytes: Buffer): TreeLooks | undefined {
  if (bytes.length < HEAD_BYTES + 32 || !bytes.subarray(0, HEAD.length).equals(HEAD)) return undefined;
  if (!hash("sha256", bytes.subarray(0, -32), "buffer").equals(bytes.subarray(-32))) return undefined;
  return {
    tree: bytes.toString("hex", HEAD.length, HEAD.length + 32),
    trustedUntilNs: bytes.readBigInt64LE(HEAD.length + 32),
    records: bytes.subarray(HEAD_BYTES, -32),
  };
}

/** @param entries of the tree that the looks are about */
export function knownFrom({ records }: TreeLooks, entries: Iterable<TreeEntry>): KnownFiles {
  const known: KnownFiles = new Map();
  let at = 0;
  for (const entry of entries) {
    if (entry.kind !== "file") continue;
    const [dev, ino, ctimeNs] = [records.readBigUInt64LE(at), records.readBigUInt64LE(at + 8), records.readBigInt64LE(at + 16)];
    at += RECORD_BYTES;
    if (ino === 0n && ctimeNs === 0n) continue;
    known.set(entry.path, { look: { dev, ino, size: entry.size, mtimeNs: entry.mtimeNs, ctimeNs }, blobs: entry.blobs });
  }
  return known;
}
