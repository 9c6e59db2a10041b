import { createHash } from "node:crypto";
import { InstarError } from "@instar/protocol";
import canonicalize from "canonicalize";
import { z } from "zod";
import type { Body, RootBody } from "./metadata-bodies.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const floorSchema = z.strictObject({ version: z.int().min(1), digest });
const onlineFloorSchema = floorSchema.extend({ keyIds: z.array(digest).min(1) });

/**
 * What was seen already, kept where neither the repository nor the agent can write: no time, no version and no content may be older. Plain JSON.
 */
const floorsSchema = z.strictObject({
  /** Wall time of the newest answer that was accepted. An answer is only accepted before it expires, so a clock that is a year ahead cannot raise it by a year. */
  atMs: z.int().min(0),
  root: floorSchema,
  timestamp: onlineFloorSchema,
  snapshot: onlineFloorSchema,
  targets: floorSchema,
  self: floorSchema.optional(),
});

export type TrustFloors = z.infer<typeof floorsSchema>;

/** From where they were recorded. Damaged ones are never taken for none. @throws InstarError DATA_DAMAGED */
export function parseFloors(value: unknown): TrustFloors {
  const parsed = floorsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InstarError("DATA_DAMAGED", "what was seen of the repository is not as it was recorded", {
    cause: parsed.error,
    advice: "Nothing is taken from it until the record is put back.",
  });
}

/** Of what is signed, not of the signatures: signing the same thing once more makes it no other thing. SHA-256 in hex. */
export const digestBody = (body: unknown): string =>
  createHash("sha256")
    .update(canonicalize(body) ?? "")
    .digest("hex");

export interface SeenMetadata {
  readonly root: RootBody;
  readonly timestamp: Body;
  readonly snapshot: Body;
  readonly targets: Body;
  readonly self: Body | undefined;
}

export type FloorsVerdict = { readonly kind: "fine"; readonly floors: TrustFloors } | { readonly kind: "older"; readonly because: string };

/**
 * Holds what was just accepted against what was seen before, and gives the new floors. Versions may only go back where a newer root replaced every key of the
 * role: that is how a repository recovers when a stolen key signed a version far ahead (TUF 5.3.11). Pure.
 */
export function judgeFloors(floors: TrustFloors | null, seen: SeenMetadata, nowMs: number): FloorsVerdict {
  const next = describeSeen(seen, Math.max(nowMs, floors?.atMs ?? 0), floors?.self);
  if (floors === null) return { kind: "fine", floors: next };
  // The same root has the same keys, and an older one is refused below: only a newer one replaces any.
  const isReplaced = (role: "timestamp" | "snapshot") => !floors[role].keyIds.some((keyId) => seen.root.roles[role].keyids.includes(keyId));
  const snapshotReplaced = isReplaced("snapshot");
  const held: [string, Floor | undefined, Floor | undefined][] = [["root", floors.root, next.root]];
  if (!isReplaced("timestamp") && !snapshotReplaced) held.push(["timestamp", floors.timestamp, next.timestamp]);
  if (!snapshotReplaced) held.push(["snapshot", floors.snapshot, next.snapshot], ["targets", floors.targets, next.targets], ["self", floors.self, next.self]);
  for (const [role, floor, now] of held) {
    const because = findOlder(role, floor, now);
    if (because !== undefined) return { kind: "older", because };
  }
  return { kind: "fine", floors: next };
}

type Floor = z.infer<typeof floorSchema>;

function findOlder(role: string, floor: Floor | undefined, now: Floor | undefined): string | undefined {
  if (floor === undefined) return undefined;
  if (now === undefined) return `${role} is gone, and had version ${floor.version}`;
  if (now.version < floor.version) return `${role} has version ${now.version}, and version ${floor.version} was seen before`;
  if (now.version === floor.version && now.digest !== floor.digest) return `${role} has version ${now.version} as before, and other content`;
  return undefined;
}

function describeSeen({ root, timestamp, snapshot, targets, self }: SeenMetadata, atMs: number, lastSelf: Floor | undefined): TrustFloors {
  const floorOf = (body: Body): Floor => ({ version: body.version, digest: digestBody(body) });
  const selfFloor = self === undefined ? lastSelf : floorOf(self);
  return {
    atMs,
    root: floorOf(root),
    timestamp: { ...floorOf(timestamp), keyIds: root.roles.timestamp.keyids },
    snapshot: { ...floorOf(snapshot), keyIds: root.roles.snapshot.keyids },
    targets: floorOf(targets),
    ...(selfFloor === undefined ? {} : { self: selfFloor }),
  };
}

/** Clocks are set by so much without anybody meaning anything by it. What is expired is judged by the later of the two times, so it lends nobody time. */
const CLOCK_SLACK_MS = 300_000;

/** The time to judge by. @throws InstarError PACKAGE_REFUSED where the clock was set back */
export function planReferenceTime(floors: TrustFloors | null, wallMs: number): number {
  if (floors === null) return wallMs;
  if (wallMs < floors.atMs - CLOCK_SLACK_MS)
    throw new InstarError("PACKAGE_REFUSED", "the clock was set back: it shows a time before what was seen of the repository", {
      facts: { reason: "clock", shows: new Date(wallMs).toISOString(), seen: new Date(floors.atMs).toISOString() },
      advice: "Set the clock of this machine right.",
    });
  return Math.max(wallMs, floors.atMs);
}
