import { readFileSync } from "node:fs";
import { join } from "node:path";

type Row = readonly [name: string, first: number, size: number, hash: number, root: number, proof: readonly number[], verifies: boolean];

export interface MerkleVector {
  readonly name: string;
  /** The index of the leaf, or the size of the older tree. */
  readonly first: number;
  readonly size: number;
  /** The leaf's, or the root of the older tree. */
  readonly hash: Buffer;
  readonly root: Buffer;
  readonly proof: readonly Buffer[];
  readonly verifies: boolean;
}

/** Proofs that must verify and proofs that must not; merkle-vectors.json says whose they are. */
export function readMerkleVectors(kind: "inclusion" | "consistency"): MerkleVector[] {
  const file = JSON.parse(readFileSync(join(import.meta.dirname, "merkle-vectors.json"), "utf8")) as Record<typeof kind, Row[]> & { hashes: string[] };
  const hashAt = (place: number) => Buffer.from(file.hashes[place] ?? "missing", "base64");
  return file[kind].map(([name, first, size, hash, root, proof, verifies]) => ({
    name,
    first,
    size,
    hash: hashAt(hash),
    root: hashAt(root),
    proof: proof.map(hashAt),
    verifies,
  }));
}
