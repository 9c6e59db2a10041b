import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { chooseRoot } from "../../../packages/instar/src/trust/choose-root.ts";
import { makeDraft, readDraft, writeDraft } from "../../../packages/instar/src/trust/draft.ts";
import { findNameProblem } from "../../../packages/instar/src/trust/find-name-problem.ts";
import { findLayoutProblem } from "../../../packages/instar/src/trust/judge-metadata.ts";
import type { Body, RootBody, TargetsBody } from "../../../packages/instar/src/trust/metadata-bodies.ts";
import { rootSchema, SELF, SELF_PATHS } from "../../../packages/instar/src/trust/metadata-bodies.ts";
import { planLayout } from "../../../packages/instar/src/trust/plan-layout.ts";
import {
  type KeysOfRoles,
  planFirstRoot,
  planFirstSelf,
  planFirstTargets,
  planSnapshot,
  planTargets,
  planTimestamp,
} from "../../../packages/instar/src/trust/plan-metadata.ts";
import { listTargets, planRelease } from "../../../packages/instar/src/trust/plan-release.ts";
import { parseManifest, RELEASE_LIMITS, renderManifest } from "../../../packages/instar/src/trust/release-manifest.ts";
import { parseChannel, targetPathOf } from "../../../packages/instar/src/trust/release-path.ts";
import { placesIn } from "../../../packages/instar/src/trust/repository-disk.ts";
import {
  isSigned,
  listSigners,
  renderDocument,
  rootDocumentSchema,
  ruleOfDelegation,
  ruleOfRoot,
  type SignedDocument,
  signDocument,
  snapshotDocumentSchema,
  targetsDocumentSchema,
  timestampDocumentSchema,
} from "../../../packages/instar/src/trust/signed-document.ts";
import { keyIdOf, parsePublicKey, type SigningKey } from "../../../packages/instar/src/trust/signing-keys.ts";
import { digestBody, judgeFloors, parseFloors, type TrustFloors } from "../../../packages/instar/src/trust/trust-floors.ts";
import { assertHolds, assertInside, type FuzzTarget, jsonOf, seedOf, textOf } from "../fuzz-target.ts";

const NOW_MS = Date.UTC(2026, 0, 2);
const DIGEST = "0".repeat(64);
const pair = generateKeyPairSync("ed25519");
const PEM = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
const { keyId, publicKey } = parsePublicKey(PEM);
const KEY: SigningKey = { name: "one", keyId, publicKey, sign: (bytes) => sign(null, bytes, pair.privateKey).toString("hex") };
const ONE = { keys: 1, threshold: 1 };
const LAYOUT = planLayout({ root: ONE, targets: ONE, self: ONE });
const KEYS: KeysOfRoles = { root: [KEY], targets: [KEY], self: [KEY], snapshot: [KEY], timestamp: [KEY] };
const MANIFEST = {
  formatVersion: 1,
  component: "agent",
  version: "1.0.0",
  kind: "agent",
  files: [{ path: "server.js", digest: DIGEST, sizeBytes: 3, mode: "644" }],
  migrations: [],
  rollbackPlan: { text: "go back", steps: [] },
};
const CUSTOM = {
  component: "agent",
  version: "1.0.0",
  kind: "agent",
  channel: "stable",
  migrations: [],
  rollbackPlan: MANIFEST.rollbackPlan,
  filesDigest: DIGEST,
  percentage: 100,
};

const signed = <B extends Body>(body: B): SignedDocument<B> => signDocument({ signed: body, signatures: [] }, [KEY]);
const ROOT = signed(planFirstRoot(KEYS, LAYOUT, NOW_MS));
const NEWER_ROOT = signed<RootBody>({ ...ROOT.signed, version: 2 });
const FIRST_TARGETS = planFirstTargets(KEYS, LAYOUT, NOW_MS);
const TARGETS = signed<TargetsBody>({ ...FIRST_TARGETS, targets: { "stable/agent-1.0.0.tgz": { length: 3, hashes: { sha256: DIGEST }, custom: CUSTOM } } });
const SELF_TARGETS = signed(planFirstSelf(NOW_MS));
const SNAPSHOT = signed(planSnapshot(TARGETS, SELF_TARGETS, { version: 1, nowMs: NOW_MS }));
const TIMESTAMP = signed(planTimestamp(SNAPSHOT, { version: 1, nowMs: NOW_MS }));
const verdict = judgeFloors(
  null,
  { root: NEWER_ROOT.signed, timestamp: TIMESTAMP.signed, snapshot: SNAPSHOT.signed, targets: TARGETS.signed, self: SELF_TARGETS.signed },
  NOW_MS,
);
const FLOORS: TrustFloors | null = verdict.kind === "fine" ? verdict.floors : null;
const DRAFT = makeDraft({
  purpose: "a release",
  createdAt: new Date(NOW_MS).toISOString(),
  base: { root: 1, targets: 1, self: 1 },
  documents: { root: ROOT, targets: TARGETS, self: SELF_TARGETS },
  lost: ["timestamp"],
});
let draftBytes = Buffer.alloc(0);
await writeDraft("/", DRAFT, async (_, bytes) => {
  draftBytes = Buffer.from(bytes);
});

export const TRUST_TARGETS: readonly FuzzTarget[] = [
  {
    name: "release-manifest",
    seeds: [seedOf(MANIFEST)],
    parse: (bytes) => {
      const manifest = parseManifest(textOf(bytes));
      for (const { path } of manifest.files) assertInside(path);
      assertHolds(manifest.files.length <= RELEASE_LIMITS.files && sum(manifest.files) <= RELEASE_LIMITS.unpackedBytes, "a release is within its limits");
      assertHolds(isDeepStrictEqual(parseManifest(renderManifest(manifest)), manifest), "what is written is read as it was");
    },
  },
  {
    name: "trust-floors",
    seeds: [seedOf({ atMs: 1, root: { version: 1, digest: "" } }), seedOf(FLOORS ?? {})],
    parse: (bytes) => {
      const floors = parseFloors(jsonOf(bytes));
      const seen = { root: ROOT.signed, timestamp: TIMESTAMP.signed, snapshot: SNAPSHOT.signed, targets: TARGETS.signed, self: SELF_TARGETS.signed };
      const judged = judgeFloors(floors, seen, NOW_MS);
      if (judged.kind === "fine")
        assertHolds(judged.floors.atMs >= floors.atMs && judged.floors.root.version >= floors.root.version, "what was seen never grows older");
    },
  },
  {
    name: "tuf-root",
    seeds: [renderDocument(ROOT), renderDocument(NEWER_ROOT)],
    parse: (bytes) => {
      const shipped = renderDocument(ROOT);
      const { bytes: chosen } = chooseRoot(bytes, shipped, FLOORS);
      if (chosen.equals(shipped)) return;
      const body = rootDocumentSchema.parse(jsonOf(chosen)).signed;
      assertHolds(chosen === bytes && digestBody(body) === FLOORS?.root.digest, "trust begins with a root that was given or recorded");
    },
  },
  {
    name: "tuf-root-signed",
    seeds: [seedOf(ROOT.signed)],
    parse: (bytes) => {
      const body = rootSchema.safeParse(jsonOf(bytes));
      if (!body.success) return;
      const document = signed<RootBody>(body.data);
      const local = renderDocument(document);
      assertHolds(isDeepStrictEqual(jsonOf(local), jsonOf(seedOf(document))), "a document is the same when it is written again");
      chooseRoot(local, renderDocument(ROOT), { ...(FLOORS as TrustFloors), root: { version: body.data.version, digest: digestBody(body.data) } });
      findLayoutProblem({ root: body.data, snapshot: SNAPSHOT.signed, targets: TARGETS.signed, self: undefined });
    },
  },
  {
    name: "tuf-targets",
    seeds: [
      renderDocument(TARGETS),
      renderDocument(SELF_TARGETS),
      renderDocument(signed(planTargets("targets", FIRST_TARGETS, undefined, { version: 2, nowMs: NOW_MS }))),
    ],
    parse: (bytes) => {
      const parsed = targetsDocumentSchema.safeParse(jsonOf(bytes));
      if (!parsed.success) return;
      const body = parsed.data.signed;
      const rule = ruleOfRoot(ROOT.signed, "targets");
      assertHolds(
        listSigners(parsed.data, rule).every((id) => rule.keyIds.includes(id)),
        "only keys of the rule sign",
      );
      const because = findLayoutProblem({ root: ROOT.signed, snapshot: SNAPSHOT.signed, targets: body, self: body });
      if (because === undefined)
        for (const { name, paths } of body.delegations?.roles ?? [])
          assertHolds(name === SELF && isDeepStrictEqual(paths, SELF_PATHS), "only self/* is handed on");
      ruleOfDelegation(body, SELF);
      for (const release of [...listTargets("targets", body), ...listTargets("self", body)]) {
        assertInside(release.path);
        assertHolds((release.role === "self") === release.path.startsWith(`${SELF}/`), "self/* is of its own role, and nothing else is");
      }
      planRelease(listTargets("targets", body), "agent", "stable", { current: "0.9.0", place: 0 });
    },
  },
  {
    name: "tuf-snapshot",
    seeds: [renderDocument(SNAPSHOT)],
    parse: (bytes) => {
      const parsed = snapshotDocumentSchema.safeParse(jsonOf(bytes));
      if (parsed.success) isSigned(parsed.data, ruleOfRoot(ROOT.signed, "snapshot"));
    },
  },
  {
    name: "tuf-timestamp",
    seeds: [renderDocument(TIMESTAMP)],
    parse: (bytes) => {
      const parsed = timestampDocumentSchema.safeParse(jsonOf(bytes));
      if (!parsed.success || !isSigned(parsed.data, ruleOfRoot(ROOT.signed, "timestamp"))) return;
      assertHolds(digestBody(parsed.data.signed) === digestBody(TIMESTAMP.signed), "only what was signed is signed");
    },
  },
  {
    name: "tuf-draft",
    tasteInputs: 100,
    seeds: [draftBytes],
    parse: async (bytes, scratch) => {
      const path = join(placesIn(scratch).drafts, `${DRAFT.id}.json`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      assertHolds((await readDraft(scratch, DRAFT.id)).id === DRAFT.id, "a draft has the name of its file");
    },
  },
  {
    name: "release-paths",
    seeds: [seedOf("server.js\nlib/a.js\nlib/b/c.js"), seedOf("Straße/ß\nnul.txt\nLib/A.js\nlib/a.js"), seedOf("a/../b\nC:/x\n.git/config\nCOM1")],
    parse: (bytes) => {
      const paths = textOf(bytes).split("\n");
      if (findNameProblem(paths) !== undefined) return;
      for (const path of paths) {
        assertInside(path);
        assertHolds(posix.normalize(path) === path && !/(^|\/)\.git(\/|$)/i.test(path), "a path is plain");
      }
      assertHolds(new Set(paths.map((path) => path.toLowerCase())).size === paths.length, "no two paths are one on some systems");
    },
  },
  {
    name: "release-channel",
    seeds: [seedOf("stable"), seedOf("self")],
    parse: (bytes) => assertInside(targetPathOf({ channel: parseChannel(textOf(bytes)), component: "agent", version: "1.0.0" })),
  },
  {
    name: "public-key",
    seeds: [seedOf(PEM)],
    parse: (bytes) => {
      const parsed = parsePublicKey(textOf(bytes));
      assertHolds(parsed.keyId === keyIdOf(parsed.publicKey) && /^[0-9a-f]{64}$/.test(parsed.publicKey.keyval.public), "a key is 32 bytes, and named for them");
    },
  },
];

const sum = (files: readonly { readonly sizeBytes: number }[]) => files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
