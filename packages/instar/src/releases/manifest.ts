import { createHash } from "node:crypto";
import { InstarError } from "@instar/protocol";
import { z } from "zod";

const manifestEntry = z.strictObject({
  path: z.string(),
  kind: z.enum(["file", "folder", "link"]),
  /** Four octal digits, as sealed: nobody may write. `0000` for links, which have none. */
  mode: z.string().regex(/^0[0-7]{3}$/),
  sizeBytes: z.int().min(0),
  /** Of a file's bytes, in hex. */
  sha256: z.string().optional(),
  /** Of a link. */
  target: z.string().optional(),
  isShared: z.boolean(),
  /** For the quick look only, and no part of the digest: it says nothing about what runs. */
  mtimeNs: z.string(),
});

export type ManifestEntry = z.output<typeof manifestEntry>;

/** `sha256:…` over one canonical line an entry, in the manifest's order (by the bytes of the paths). */
export function digestOf(entries: readonly ManifestEntry[]): string {
  const hash = createHash("sha256");
  for (const { path, kind, mode, sizeBytes, sha256, target } of entries)
    hash.update(`${JSON.stringify([path, kind, mode, sizeBytes, sha256 ?? null, target ?? null])}\n`);
  return `sha256:${hash.digest("hex")}`;
}

/** manifest.jsonl: an entry a line. */
export function renderManifest(entries: readonly ManifestEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

/** @throws InstarError DATA_DAMAGED */
export function parseManifest(text: string): readonly ManifestEntry[] {
  try {
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => manifestEntry.parse(JSON.parse(line)));
  } catch (cause) {
    throw new InstarError("DATA_DAMAGED", "a release's manifest cannot be read", { cause });
  }
}

/** The mode a thing has once it is sealed: nobody may write, who may run it stays. */
export function sealedMode(mode: number): number {
  return mode & 0o555;
}

export function renderMode(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`;
}
