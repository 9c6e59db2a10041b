import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { GENESIS, hashLine } from "../../../packages/instar/src/ledger/ledger-entry.ts";
import { readEntries } from "../../../packages/instar/src/ledger/read-ledger.ts";
import { openCheckpoint, parseCheckpoint, renderCheckpoint } from "../../../packages/instar/src/ledger/tree/checkpoint.ts";
import { EMPTY_ROOT, hashLeaf } from "../../../packages/instar/src/ledger/tree/hash-tree.ts";
import { parseVerifierKey, renderVerifierKey } from "../../../packages/instar/src/ledger/tree/note-key.ts";
import { verifyConsistency } from "../../../packages/instar/src/ledger/tree/prove-consistency.ts";
import { verifyInclusion } from "../../../packages/instar/src/ledger/tree/prove-inclusion.ts";
import { parseNote, signNote } from "../../../packages/instar/src/ledger/tree/signed-note.ts";
import { decodeBundle, encodeBundle, entriesPath, hashesOfTile } from "../../../packages/instar/src/ledger/tree/tile.ts";
import { parseProof, renderProof, verifyReceipt } from "../../../packages/instar/src/ledger/tree/tlog-proof.ts";
import { verifyLedger } from "../../../packages/instar/src/ledger/verify-ledger.ts";
import { parseTrigger } from "../../../packages/instar/src/reports/classify-sort.ts";
import { parseEntry } from "../../../packages/instar/src/reports/parse-entry.ts";
import { assertHolds, type FuzzTarget, jsonOf, seedOf, textOf, throwsNothing } from "../fuzz-target.ts";

const KEY = { name: "instar.local/fuzz", key: generateKeyPairSync("ed25519").privateKey };
const TRUST = { origin: KEY.name, keys: [KEY] };
const ENTRY = Buffer.from('{"index":0}');
const NOTE = signNote(renderCheckpoint({ origin: KEY.name, size: 1, root: hashLeaf(ENTRY) }), KEY);
const hashesIn = (bytes: Buffer) => Array.from({ length: Math.min(70, Math.floor(bytes.length / 32)) }, (_, at) => bytes.subarray(at * 32, at * 32 + 32));

const LINE = `{"actor":{"id":"instar","type":"system"},"at":"2026-01-02T03:04:05.678Z","description":"update to 1.0.0 started (found)","event":"UPDATE_STARTED","index":0,"previous":"${GENESIS}","success":true,"update":"u1"}`;
const NEXT = LINE.replace('"index":0', '"index":1').replace(GENESIS, hashLine(LINE));
const TAIL = "00000000.jsonl";

export const LEDGER_TARGETS: readonly FuzzTarget[] = [
  { name: "signed-note", seeds: [seedOf(NOTE)], parse: (bytes) => parseNote(bytes) },
  {
    name: "checkpoint",
    seeds: [seedOf(NOTE)],
    parse: (bytes) => {
      const opened = openCheckpoint(bytes, TRUST);
      // Nobody else has the key: whatever else is around it, what is signed is what was signed.
      if (opened.kind === "verified")
        assertHolds(opened.checkpoint.size === 1 && opened.checkpoint.root.equals(hashLeaf(ENTRY)), "only what was signed is verified");
    },
  },
  {
    name: "checkpoint-text",
    seeds: [seedOf(renderCheckpoint({ origin: "a", size: 0, root: EMPTY_ROOT }))],
    parse: (bytes) => {
      const parsed = parseCheckpoint(textOf(bytes));
      const written = [renderCheckpoint(parsed), ...parsed.extensions.map((line) => `${line}\n`)].join("");
      assertHolds(written === textOf(bytes), "a checkpoint is written in one way only");
    },
  },
  {
    name: "verifier-key",
    seeds: [seedOf(renderVerifierKey(KEY))],
    parse: (bytes) => assertHolds(renderVerifierKey(parseVerifierKey(textOf(bytes))) === textOf(bytes), "a key is written in one way only"),
  },
  { name: "receipt", seeds: [seedOf(renderProof({ index: 0, proof: [], checkpoint: NOTE }))], parse: (bytes) => parseProof(bytes) },
  { name: "receipt-verified", seeds: [seedOf(renderProof({ index: 0, proof: [], checkpoint: NOTE }))], parse: (bytes) => verifyReceipt(bytes, ENTRY, TRUST) },
  {
    name: "bundle",
    seeds: [encodeBundle([ENTRY, Buffer.alloc(0), Buffer.alloc(300, 7)])],
    parse: (bytes) => assertHolds(encodeBundle(decodeBundle(bytes, 3)).equals(bytes), "a bundle is written in one way only"),
  },
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
  {
    name: "report-entry",
    seeds: [seedOf(LINE)],
    parse: (bytes) => {
      const read = parseEntry(jsonOf(bytes));
      if (read === undefined) return;
      assertHolds(Number.isSafeInteger(read.index) && read.index >= 0 && Number.isFinite(read.atMs), "an entry has an index and a time");
      parseTrigger(read.details, read.description);
    },
  },
  {
    name: "ledger-tail",
    tasteInputs: 30,
    seeds: [seedOf(`${LINE}\n`), seedOf(`${LINE}\n${NEXT}\n`)],
    parse: (bytes, scratch) => readLedgerWith(scratch, TAIL, bytes),
  },
  {
    name: "ledger-checkpoint",
    tasteInputs: 30,
    seeds: [seedOf(NOTE)],
    parse: (bytes, scratch) => readLedgerWith(scratch, "checkpoint", bytes),
  },
  {
    name: "ledger-bundle",
    tasteInputs: 30,
    seeds: [encodeBundle(Array.from({ length: 256 }, () => Buffer.from("{}")))],
    parse: (bytes, scratch) => readLedgerWith(scratch, entriesPath(0), bytes),
  },
  {
    name: "ledger-bundle-packed",
    tasteInputs: 30,
    seeds: [gzipSync(encodeBundle(Array.from({ length: 256 }, () => Buffer.from("{}"))))],
    parse: (bytes, scratch) => readLedgerWith(scratch, `${entriesPath(0)}.gz`, bytes),
  },
];

/** A ledger in which one file is whatever it is. */
async function readLedgerWith(folder: string, name: string, bytes: Buffer): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of [
    [TAIL, `${LINE}\n${NEXT}\n`],
    [name, bytes],
  ] as const) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  await throwsNothing("verifyLedger", () => verifyLedger(folder, { key: KEY }));
  for await (const _ of readEntries(folder));
}
