import { hash } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { z } from "zod";
import { BACKUP_KINDS, COMPONENTS, type Component, type SnapshotAbout } from "./backup-parts.ts";

/** Files or a folder of a component, as they lie in the store. */
export interface KeptRoot {
  readonly name: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** SHA-256 of its tree in the store: see store/tree-format.ts. */
  readonly tree: string;
}

export interface KeptPart {
  readonly component: Component;
  readonly about: Readonly<Record<string, string>>;
  readonly roots: readonly KeptRoot[];
}

export interface SnapshotManifest {
  readonly id: string;
  readonly takenAtMs: number;
  readonly about: SnapshotAbout;
  /** SHA-256 over the names and trees of all roots: the snapshot's contents, not when or under which id they were taken. */
  readonly digest: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** Sockets, pipes and devices that were left out. */
  readonly skipped: readonly string[];
  readonly parts: readonly KeptPart[];
}

export function defineManifest(given: Pick<SnapshotManifest, "id" | "takenAtMs" | "about" | "skipped" | "parts">): SnapshotManifest {
  const roots = given.parts.flatMap((part) => part.roots.map((root) => ({ ...root, component: part.component })));
  const digest = hash("sha256", JSON.stringify(roots.map(({ component, name, tree }) => [component, name, tree])), "hex");
  const sum = (of: "files" | "sizeBytes") => roots.reduce((total, root) => total + root[of], 0);
  return { ...given, digest, files: sum("files"), sizeBytes: sum("sizeBytes") };
}

/** @throws InstarError NOT_FOUND */
export function findRoot(manifest: SnapshotManifest, component: Component, name: string): KeptRoot {
  const found = manifest.parts.find((part) => part.component === component)?.roots.find((root) => root.name === name);
  if (found !== undefined) return found;
  throw new InstarError("NOT_FOUND", `Snapshot ${manifest.id} has no ${component}/${name}`, { facts: { snapshot: manifest.id, component, root: name } });
}

/** The last line is the digest of all before it. */
export function renderManifest(manifest: SnapshotManifest): string {
  const text = `${JSON.stringify({ version: 2, ...manifest }, null, 2)}\n`;
  return `${text}${hash("sha256", text, "hex")}\n`;
}

/** @throws InstarError SNAPSHOT_DAMAGED where the text is not what renderManifest wrote */
export function parseManifest(text: string): SnapshotManifest {
  if (text.startsWith('{"version":1,'))
    throw new InstarError("SNAPSHOT_DAMAGED", "The snapshot was taken by an earlier Instar, which kept no store", { facts: { manifestVersion: 1 } });
  try {
    const end = text.trimEnd().lastIndexOf("\n") + 1;
    const json = text.slice(0, end);
    if (text.slice(end) !== `${hash("sha256", json, "hex")}\n`) throw new Error("the text does not have the digest that is written below it");
    const { version: _, ...manifest } = manifestSchema.parse(JSON.parse(json));
    return manifest;
  } catch (cause) {
    throw new InstarError("SNAPSHOT_DAMAGED", "The snapshot's manifest is not what was written", { cause });
  }
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const manifestSchema = z.strictObject({
  version: z.literal(2),
  id: z.string(),
  takenAtMs: z.number(),
  about: z.strictObject({
    kind: z.enum(BACKUP_KINDS),
    tags: z.array(z.string()),
    because: z.string(),
    update: z.string().nullable(),
    version: z.string().nullable(),
    release: z.string().nullable(),
  }),
  digest,
  files: z.int(),
  sizeBytes: z.int(),
  skipped: z.array(z.string()),
  parts: z.array(
    z.strictObject({
      component: z.enum(COMPONENTS),
      about: z.record(z.string(), z.string()),
      roots: z.array(z.strictObject({ name: z.string(), files: z.int(), sizeBytes: z.int(), tree: digest })),
    }),
  ),
});
