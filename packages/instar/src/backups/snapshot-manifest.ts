import { createHash } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { z } from "zod";
import { decodeRaw, encodeRaw, type RawPath } from "./raw-path.ts";

/** One thing in the state folder, as it was. Extended attributes and access lists are not recorded, and not restored. */
export interface ManifestEntry {
  /** "" is the state folder itself, always the first entry. */
  readonly path: RawPath;
  readonly kind: "file" | "folder" | "link";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  /** Of files whose bytes are in the snapshot. */
  readonly size?: number;
  readonly sha256?: string;
  /** Another name of the file at this path: a hard link. */
  readonly sameAs?: RawPath;
  /** Where a link points. */
  readonly target?: RawPath;
}

export interface SnapshotManifest {
  readonly id: string;
  readonly takenAtMs: number;
  /** SHA-256 over all entries, in hexadecimal: the snapshot's contents, not when or under which id they were taken. */
  readonly digest: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** Sockets, pipes and devices that were left out. */
  readonly skipped: readonly string[];
  readonly entries: readonly ManifestEntry[];
}

export function defineManifest(parts: Pick<SnapshotManifest, "id" | "takenAtMs" | "skipped" | "entries">): SnapshotManifest {
  const files = parts.entries.filter((entry) => entry.sha256 !== undefined);
  return { ...parts, digest: digestOf(parts.entries), files: files.length, sizeBytes: files.reduce((sum, entry) => sum + (entry.size ?? 0), 0) };
}

export function renderManifest(manifest: SnapshotManifest): string {
  const { entries, ...head } = manifest;
  const lines = entries.map((entry) => JSON.stringify({ ...entry, mtimeNs: String(entry.mtimeNs), ...textOf(entry) }));
  return `${JSON.stringify({ version: 1, ...head }).slice(0, -1)},"entries":[\n${lines.join(",\n")}\n]}\n`;
}

/** @throws InstarError SNAPSHOT_DAMAGED where the text is not what renderManifest wrote */
export function parseManifest(text: string): SnapshotManifest {
  try {
    const { version: _, ...found } = manifestSchema.parse(JSON.parse(text));
    const manifest = { ...found, entries: found.entries.map(entryOf) };
    if (digestOf(manifest.entries) !== manifest.digest) throw new Error("the entries do not have the digest that is written beside them");
    return manifest;
  } catch (cause) {
    throw new InstarError("SNAPSHOT_DAMAGED", "The snapshot's manifest is not what was written", { cause });
  }
}

const pathText = z.union([z.string(), z.strictObject({ base64: z.base64() })]);
const entrySchema = z.strictObject({
  path: pathText,
  kind: z.enum(["file", "folder", "link"]),
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  mtimeNs: z.string().regex(/^-?\d+$/),
  size: z.int().exactOptional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .exactOptional(),
  sameAs: pathText.exactOptional(),
  target: pathText.exactOptional(),
});
const manifestSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  takenAtMs: z.number(),
  digest: z.string(),
  files: z.int(),
  sizeBytes: z.int(),
  skipped: z.array(z.string()),
  entries: z.array(entrySchema),
});

type PathText = z.output<typeof pathText>;

function textOf(entry: ManifestEntry): { path: PathText; sameAs?: PathText; target?: PathText } {
  return {
    path: writePath(entry.path),
    ...(entry.sameAs === undefined ? {} : { sameAs: writePath(entry.sameAs) }),
    ...(entry.target === undefined ? {} : { target: writePath(entry.target) }),
  };
}

function entryOf(found: z.output<typeof entrySchema>): ManifestEntry {
  const { path, sameAs, target, mtimeNs, ...rest } = found;
  return {
    ...rest,
    path: readPath(path),
    mtimeNs: BigInt(mtimeNs),
    ...(sameAs === undefined ? {} : { sameAs: readPath(sameAs) }),
    ...(target === undefined ? {} : { target: readPath(target) }),
  };
}

function writePath(path: RawPath): PathText {
  return decodeRaw(path) ?? { base64: Buffer.from(path, "latin1").toString("base64") };
}

function readPath(text: PathText): RawPath {
  return typeof text === "string" ? encodeRaw(text) : Buffer.from(text.base64, "base64").toString("latin1");
}

function digestOf(entries: readonly ManifestEntry[]): string {
  const hash = createHash("sha256");
  for (const { path, kind, mode, uid, gid, mtimeNs, size, sha256, sameAs, target } of entries)
    hash.update(`${JSON.stringify([path, kind, mode, uid, gid, String(mtimeNs), size, sha256, sameAs, target])}\n`);
  return hash.digest("hex");
}
