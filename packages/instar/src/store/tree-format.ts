import { InstarError } from "@instar/protocol";
import type { Digest } from "./pack-format.ts";
import { decodeRaw, encodeRaw, type RawPath } from "./raw-path.ts";

/** One thing in a tree, as it was. Extended attributes and access lists are not recorded, and not restored. */
export type TreeEntry = TreeAttributes &
  (
    | { readonly kind: "folder" }
    | { readonly kind: "link"; readonly target: RawPath }
    | { readonly kind: "file"; readonly size: number; readonly blobs: readonly Digest[]; readonly isSparse: boolean }
    /** Another name of the file at `sameAs`, which comes before it: a hard link. */
    | { readonly kind: "same"; readonly sameAs: RawPath }
  );

interface TreeAttributes {
  /** "" is the root itself, always the first entry. */
  readonly path: RawPath;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
}

export type FileEntry = Extract<TreeEntry, { kind: "file" }>;

/** A line of JSON for each entry, sorted by the bytes of its path, after one that says what this is. Equal trees have equal bytes. */
export function renderTree(entries: readonly TreeEntry[]): Buffer {
  const pieces = [Buffer.from(`${HEAD}\n`)];
  for (let from = 0; from < entries.length; from += LINES_AT_ONCE) {
    const lines = entries.slice(from, from + LINES_AT_ONCE).map((entry) => `${JSON.stringify([...commonOf(entry), ...ownOf(entry)])}\n`);
    pieces.push(Buffer.from(lines.join("")));
  }
  return Buffer.concat(pieces);
}

/** A tree of a hundred thousand files is tens of megabytes: it is never one string. */
const LINES_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 262_144;
const HEAD = '["instar tree",1]';

function commonOf({ kind, path, mode, uid, gid, mtimeNs }: TreeEntry): unknown[] {
  return [kind, writePath(path), mode, uid, gid, String(mtimeNs)];
}

function ownOf(entry: TreeEntry): unknown[] {
  switch (entry.kind) {
    case "folder":
      return [];
    case "link":
      return [writePath(entry.target)];
    case "same":
      return [writePath(entry.sameAs)];
    case "file":
      return [entry.size, entry.blobs, ...(entry.isSparse ? ["sparse"] : [])];
  }
}

/**
 * One entry after the other, so that who needs a part of each need not hold them all.
 *
 * @throws InstarError DATA_DAMAGED where it is no tree; that its bytes are what was written, their digest has said before
 */
export function* parseTree(bytes: Buffer): Generator<TreeEntry> {
  const head = Buffer.from(`${HEAD}\n`);
  if (!bytes.subarray(0, head.length).equals(head)) throw noTree(new Error("it does not begin as a tree does"));
  for (let from = head.length; from < bytes.length; ) {
    const end = bytes.indexOf("\n", Math.min(from + BYTES_AT_ONCE, bytes.length - 1));
    if (end === -1) throw noTree(new Error("it ends in the middle of a line"));
    for (const line of parseLines(bytes.toString("utf8", from, end))) yield entryOf(line);
    from = end + 1;
  }
}

function parseLines(text: string): unknown[] {
  try {
    return JSON.parse(`[${text.replaceAll("\n", ",")}]`) as unknown[];
  } catch (cause) {
    throw noTree(cause);
  }
}

const noTree = (cause: unknown) => new InstarError("DATA_DAMAGED", "What should be a tree is none", { cause });

type PathText = string | { base64: string };

function entryOf(line: unknown): TreeEntry {
  if (!Array.isArray(line)) throw noTree(new Error("a line of it is no entry"));
  const [kind, path, mode, uid, gid, mtimeNs, own, blobs, sparse] = line as unknown[];
  if (![mode, uid, gid].every(Number.isSafeInteger) || typeof mtimeNs !== "string" || !/^-?\d{1,19}$/.test(mtimeNs))
    throw noTree(new Error("an entry of it lacks what every entry has"));
  const common = { path: readPath(path), mode: mode as number, uid: uid as number, gid: gid as number, mtimeNs: BigInt(mtimeNs) };
  switch (kind) {
    case "folder":
      return { ...common, kind };
    case "link":
      return { ...common, kind, target: readPath(own) };
    case "same":
      return { ...common, kind, sameAs: readPath(own) };
    case "file":
      if (!Number.isSafeInteger(own) || !Array.isArray(blobs)) throw noTree(new Error("a file of it has no content"));
      return { ...common, kind, size: own as number, blobs: blobs as Digest[], isSparse: sparse === "sparse" };
    default:
      throw noTree(new Error(`${JSON.stringify(kind)} is no kind of entry`));
  }
}

function writePath(path: RawPath): PathText {
  return decodeRaw(path) ?? { base64: Buffer.from(path, "latin1").toString("base64") };
}

function readPath(text: unknown): RawPath {
  if (typeof text === "string") return encodeRaw(text);
  const base64 = (text as { base64?: unknown } | null | undefined)?.base64;
  if (typeof base64 !== "string") throw noTree(new Error("an entry of it has no path"));
  return Buffer.from(base64, "base64").toString("latin1");
}
