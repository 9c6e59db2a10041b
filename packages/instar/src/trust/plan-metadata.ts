import { createHash } from "node:crypto";
import type { TrustRole } from "@instar/protocol";
import {
  type MetaFileBody,
  type RootBody,
  SELF,
  SELF_PATHS,
  type SnapshotBody,
  SPEC_VERSION,
  type TargetFileBody,
  type TargetsBody,
  type TimestampBody,
} from "./metadata-bodies.ts";
import type { TrustLayout } from "./plan-layout.ts";
import { renderDocument, type SignedDocument } from "./signed-document.ts";
import type { PublicKey } from "./signing-keys.ts";

/** How long each role's word counts. What people sign counts long; what a machine signs by itself counts so short that withheld updates are noticed. */
export const EXPIRY_DAYS: Readonly<Record<TrustRole, number>> = { root: 365, targets: 180, self: 180, snapshot: 7, timestamp: 1 };

export const DAY_MS = 86_400_000;

/** Whole seconds, as TUF writes them. */
export function expiresAt(role: TrustRole, nowMs: number): string {
  return new Date(nowMs + EXPIRY_DAYS[role] * DAY_MS).toISOString().replace(/\.\d+Z$/, "Z");
}

export type KeysOfRoles = Readonly<Record<TrustRole, readonly { readonly keyId: string; readonly publicKey: PublicKey }[]>>;

export function planFirstRoot(keys: KeysOfRoles, layout: TrustLayout, nowMs: number): RootBody {
  const roleOf = (role: TrustRole, threshold: number) => ({ keyids: keys[role].map(({ keyId }) => keyId), threshold });
  return {
    _type: "root",
    spec_version: SPEC_VERSION,
    version: 1,
    expires: expiresAt("root", nowMs),
    consistent_snapshot: true,
    keys: keyMap([...keys.root, ...keys.targets, ...keys.snapshot, ...keys.timestamp]),
    roles: {
      root: roleOf("root", layout.root.threshold),
      targets: roleOf("targets", layout.targets.threshold),
      snapshot: roleOf("snapshot", 1),
      timestamp: roleOf("timestamp", 1),
    },
  };
}

/** `targets` hands `self/*` on. Not terminating: what both list, `targets` decides, because it is asked first. */
export function planFirstTargets(keys: KeysOfRoles, layout: TrustLayout, nowMs: number): TargetsBody {
  const role = { name: SELF, keyids: keys.self.map(({ keyId }) => keyId), threshold: layout.self.threshold, terminating: false, paths: SELF_PATHS };
  return { ...planFirstSelf(nowMs), expires: expiresAt("targets", nowMs), delegations: { keys: keyMap(keys.self), roles: [role] } };
}

export function planFirstSelf(nowMs: number): TargetsBody {
  return { _type: "targets", spec_version: SPEC_VERSION, version: 1, expires: expiresAt("self", nowMs), targets: {} };
}

/** The next version of `targets` or `self`, with one target set to this, or taken away where it is undefined. */
export function planTargets(role: "targets" | "self", last: TargetsBody, change: TargetChange | undefined, { version, nowMs }: NextVersion): TargetsBody {
  const { [change?.path ?? ""]: _, ...others } = last.targets;
  const targets = change?.file === undefined ? (change === undefined ? last.targets : others) : { ...others, [change.path]: change.file };
  return { ...last, version, expires: expiresAt(role, nowMs), targets };
}

export interface TargetChange {
  readonly path: string;
  readonly file: TargetFileBody | undefined;
}

export interface NextVersion {
  readonly version: number;
  readonly nowMs: number;
}

export function planSnapshot(targets: SignedDocument<TargetsBody>, self: SignedDocument<TargetsBody>, { version, nowMs }: NextVersion): SnapshotBody {
  return {
    _type: "snapshot",
    spec_version: SPEC_VERSION,
    version,
    expires: expiresAt("snapshot", nowMs),
    meta: { "targets.json": describeDocument(targets), [`${SELF}.json`]: describeDocument(self) },
  };
}

export function planTimestamp(snapshot: SignedDocument<SnapshotBody>, { version, nowMs }: NextVersion): TimestampBody {
  return {
    _type: "timestamp",
    spec_version: SPEC_VERSION,
    version,
    expires: expiresAt("timestamp", nowMs),
    meta: { "snapshot.json": describeDocument(snapshot) },
  };
}

/** Length and digest too, so that a mirror cannot give another file of the same version. */
function describeDocument(document: SignedDocument): MetaFileBody {
  const bytes = renderDocument(document);
  return { version: document.signed.version, length: bytes.byteLength, hashes: { sha256: createHash("sha256").update(bytes).digest("hex") } };
}

const keyMap = (keys: KeysOfRoles[TrustRole]) => Object.fromEntries(keys.map(({ keyId, publicKey }) => [keyId, publicKey]));
