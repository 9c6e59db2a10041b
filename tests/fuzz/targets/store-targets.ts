import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readMarker } from "../../../packages/instar/src/backups/restore-marker.ts";
import { defineManifest, parseManifest as parseSnapshot, renderManifest as renderSnapshot } from "../../../packages/instar/src/backups/snapshot-manifest.ts";
import { parseManifest as parseRelease, renderManifest as renderRelease } from "../../../packages/instar/src/releases/manifest.ts";
import { parseReleaseRecord } from "../../../packages/instar/src/releases/release-record.ts";
import { PACK_HEAD, parseFooter, renderTable } from "../../../packages/instar/src/store/pack-format.ts";
import { parseTree, renderTree, type TreeEntry } from "../../../packages/instar/src/store/tree-format.ts";
import { parseLooks, renderLooks } from "../../../packages/instar/src/store/tree-looks.ts";
import { assertHolds, type FuzzTarget, jsonOf, seedOf, textOf } from "../fuzz-target.ts";

const DIGEST = "0".repeat(64);
const COMMON = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 1_767_323_045_000_000_000n };
const TREE: readonly TreeEntry[] = [
  { ...COMMON, path: "", kind: "folder" },
  { ...COMMON, path: "a", kind: "file", size: 3, blobs: [DIGEST], isSparse: true },
  { ...COMMON, path: "b\xff", kind: "link", target: "a" },
  { ...COMMON, path: "c", kind: "same", sameAs: "a" },
];
const ABOUT = { kind: "full", tags: ["t"], because: "why", update: null, version: null, release: null } as const;
const SNAPSHOT = renderSnapshot(
  defineManifest({
    id: "s1",
    takenAtMs: 1,
    about: ABOUT,
    skipped: [],
    parts: [{ component: "code", about: {}, roots: [{ name: "tree", files: 1, sizeBytes: 3, tree: DIGEST }] }],
  }),
);
const FILE = { path: "a", kind: "file", mode: "0444", sizeBytes: 3, sha256: DIGEST, isShared: false, mtimeNs: "1" } as const;
const RECORD = {
  id: "1.0.0-abc",
  digest: `sha256:${DIGEST}`,
  files: 1,
  sizeBytes: 3,
  sealedAt: "2026-01-02T03:04:05.678Z",
  version: "1.0.0",
  commit: "abc",
  author: "Ada",
  at: "2026-01-02T03:04:05.678Z",
  changes: ["one"],
  updateType: "patch",
  previous: null,
  wayBack: { release: "r0", commit: "def" },
  settingsDigest: "x",
};
const MARKER = {
  version: 1,
  snapshot: "s1",
  askedFor: "/a",
  stateFolder: "/a",
  phase: "moving-in",
  layout: "whole",
  builtAt: "/b",
  asideAt: "/c",
  ownersNotKept: 0,
};
const PACK = renderTable([{ offset: 8, storedBytes: 3, sizeBytes: 3 }], [{ digest: DIGEST, frame: 0, at: 0, sizeBytes: 3 }]);

export const STORE_TARGETS: readonly FuzzTarget[] = [
  {
    name: "store-tree",
    seeds: [renderTree(TREE)],
    parse: (bytes) => {
      const entries = [...parseTree(bytes)];
      assertHolds(isDeepStrictEqual([...parseTree(renderTree(entries))], entries), "what is written is read as it was");
    },
  },
  {
    name: "store-footer",
    seeds: [PACK.subarray(-48)],
    parse: (bytes) => {
      const tableBytes = parseFooter(bytes, PACK.length + PACK_HEAD.length);
      assertHolds(tableBytes === undefined || tableBytes <= PACK.length, "a table lies in its pack");
    },
  },
  { name: "store-looks", seeds: [renderLooks(DIGEST, TREE, new Map(), 9n)], parse: (bytes) => parseLooks(bytes) },
  {
    name: "snapshot-manifest",
    seeds: [seedOf(SNAPSHOT)],
    parse: (bytes) => {
      const manifest = parseSnapshot(textOf(bytes));
      assertHolds(isDeepStrictEqual(parseSnapshot(renderSnapshot(manifest)), manifest), "what is written is read as it was");
    },
  },
  {
    name: "snapshot-manifest-digested",
    seeds: [seedOf(SNAPSHOT.slice(0, SNAPSHOT.trimEnd().lastIndexOf("\n") + 1))],
    parse: (bytes) => parseSnapshot(`${textOf(bytes)}${createHash("sha256").update(textOf(bytes)).digest("hex")}\n`),
  },
  {
    name: "sealed-manifest",
    seeds: [seedOf(renderRelease([FILE, { ...FILE, path: "b", kind: "link", target: "a" }]))],
    parse: (bytes) => {
      const entries = parseRelease(textOf(bytes));
      assertHolds(isDeepStrictEqual(parseRelease(renderRelease(entries)), entries), "what is written is read as it was");
    },
  },
  {
    name: "release-record",
    seeds: [seedOf(RECORD)],
    parse: (bytes) => assertHolds(parseReleaseRecord(RECORD.id, jsonOf(bytes)).id === RECORD.id, "a record is of its release"),
  },
  {
    name: "restore-marker",
    tasteInputs: 100,
    seeds: [seedOf(MARKER)],
    parse: (bytes, scratch) => {
      writeFileSync(join(scratch, "k.json"), bytes);
      return readMarker(scratch, "k");
    },
  },
];
