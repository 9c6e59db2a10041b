import { generateKeyPairSync } from "node:crypto";
import { openCheckpoint, parseCheckpoint, renderCheckpoint } from "../../packages/instar/src/ledger/tree/checkpoint.ts";
import { EMPTY_ROOT, hashLeaf } from "../../packages/instar/src/ledger/tree/hash-tree.ts";
import { parseVerifierKey, renderVerifierKey } from "../../packages/instar/src/ledger/tree/note-key.ts";
import { verifyConsistency } from "../../packages/instar/src/ledger/tree/prove-consistency.ts";
import { verifyInclusion } from "../../packages/instar/src/ledger/tree/prove-inclusion.ts";
import { parseNote, signNote } from "../../packages/instar/src/ledger/tree/signed-note.ts";
import { decodeBundle, encodeBundle, hashesOfTile } from "../../packages/instar/src/ledger/tree/tile.ts";
import { parseProof, renderProof, verifyReceipt } from "../../packages/instar/src/ledger/tree/tlog-proof.ts";
import { parseEndpointAnswer } from "../../packages/instar/src/sources/endpoint/parse-endpoint-answer.ts";
import { parseManifest } from "../../packages/instar/src/trust/release-manifest.ts";
import { parseFloors } from "../../packages/instar/src/trust/trust-floors.ts";

/** One parser of bytes that anybody may have written. */
export interface FuzzTarget {
  readonly name: string;
  /** What it is given in good days; mistakes grow from these. */
  readonly seeds: readonly Buffer[];
  /** May refuse with an InstarError; anything else that is thrown is a find. */
  readonly parse: (bytes: Buffer) => unknown;
}

const KEY = { name: "instar.local/fuzz", key: generateKeyPairSync("ed25519").privateKey };
const TRUST = { origin: KEY.name, keys: [KEY] };
const ENTRY = Buffer.from('{"index":0}');
const NOTE = signNote(renderCheckpoint({ origin: KEY.name, size: 1, root: hashLeaf(ENTRY) }), KEY);
const MANIFEST = {
  formatVersion: 1,
  component: "agent",
  version: "1.0.0",
  kind: "agent",
  files: [{ path: "server.js", digest: "0".repeat(64), sizeBytes: 3, mode: "644" }],
  migrations: [],
  rollbackPlan: { text: "go back", steps: [] },
};
const hashesIn = (bytes: Buffer) => Array.from({ length: Math.min(70, Math.floor(bytes.length / 32)) }, (_, at) => bytes.subarray(at * 32, at * 32 + 32));
const text = (value: string) => Buffer.from(value);

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  { name: "signed-note", seeds: [text(NOTE)], parse: (bytes) => parseNote(bytes) },
  { name: "checkpoint", seeds: [text(NOTE)], parse: (bytes) => openCheckpoint(bytes, TRUST) },
  {
    name: "checkpoint-text",
    seeds: [text(renderCheckpoint({ origin: "a", size: 0, root: EMPTY_ROOT }))],
    parse: (bytes) => parseCheckpoint(bytes.toString("utf8")),
  },
  { name: "verifier-key", seeds: [text(renderVerifierKey(KEY))], parse: (bytes) => parseVerifierKey(bytes.toString("utf8")) },
  { name: "receipt", seeds: [text(renderProof({ index: 0, proof: [], checkpoint: NOTE }))], parse: (bytes) => parseProof(bytes) },
  { name: "receipt-verified", seeds: [text(renderProof({ index: 0, proof: [], checkpoint: NOTE }))], parse: (bytes) => verifyReceipt(bytes, ENTRY, TRUST) },
  { name: "bundle", seeds: [encodeBundle([ENTRY, Buffer.alloc(0), Buffer.alloc(300, 7)])], parse: (bytes) => decodeBundle(bytes, 3) },
  { name: "tile", seeds: [Buffer.alloc(64, 1)], parse: (bytes) => hashesOfTile(bytes, 2) },
  {
    name: "inclusion",
    seeds: [Buffer.alloc(32 * 20, 3)],
    parse: (bytes) => verifyInclusion(hashesIn(bytes), bytes.length % 977, 1_000, hashLeaf(bytes), EMPTY_ROOT),
  },
  {
    name: "consistency",
    seeds: [Buffer.alloc(32 * 20, 3)],
    parse: (bytes) => verifyConsistency(hashesIn(bytes), 1 + (bytes.length % 977), 1_000, EMPTY_ROOT, hashLeaf(bytes)),
  },
  { name: "release-manifest", seeds: [text(JSON.stringify(MANIFEST))], parse: (bytes) => parseManifest(bytes.toString("utf8")) },
  { name: "trust-floors", seeds: [text('{"atMs":1,"root":{"version":1,"digest":""}}')], parse: (bytes) => parseFloors(jsonOf(bytes)) },
  {
    name: "endpoint-answer",
    seeds: [text('{"version":"1.0.0","url":"https://example.org/a.tgz","sha256":"00"}')],
    parse: (bytes) => parseEndpointAnswer(bytes.toString("utf8"), { url: "https://example.org/", contentType: "application/json" }),
  },
];

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
