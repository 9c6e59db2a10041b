import { z } from "zod";
import { componentSchema, kindSchema, migrationSchema, rollbackPlanSchema, versionSchema } from "./release-manifest.ts";

/** What signed metadata look like in a repository of ours. A stricter reading than TUF's own: what is not like this is none of ours. */

const count = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const common = { spec_version: z.string(), version: count, expires: z.iso.datetime() };
/** Ed25519 and nothing else: one kind of key is one thing that can be wrong. */
const keySchema = z.strictObject({
  keytype: z.literal("ed25519"),
  scheme: z.literal("ed25519"),
  keyval: z.strictObject({ public: z.string().regex(/^[0-9a-f]{64}$/) }),
});
const roleSchema = z.looseObject({ keyids: z.array(digest).min(1).max(64), threshold: count });
const metaFileSchema = z.looseObject({ version: count, length: z.int().min(0).optional(), hashes: z.looseObject({ sha256: digest }).optional() });

export const rootSchema = z.looseObject({
  _type: z.literal("root"),
  ...common,
  consistent_snapshot: z.literal(true),
  keys: z.record(digest, keySchema),
  roles: z.looseObject({ root: roleSchema, targets: roleSchema, snapshot: roleSchema, timestamp: roleSchema }),
});

const delegationSchema = roleSchema.extend({ name: z.string(), terminating: z.boolean(), paths: z.array(z.string()).min(1) });

const targetFileSchema = z.looseObject({
  length: z.int().min(0),
  /** Exactly this one: with none at all every content of that length would do. */
  hashes: z.strictObject({ sha256: digest }),
  custom: z.unknown().optional(),
});

export const targetsSchema = z.looseObject({
  _type: z.literal("targets"),
  ...common,
  targets: z.record(z.string(), targetFileSchema),
  delegations: z.strictObject({ keys: z.record(digest, keySchema), roles: z.array(delegationSchema) }).optional(),
});

export const snapshotSchema = z.looseObject({ _type: z.literal("snapshot"), ...common, meta: z.record(z.string(), metaFileSchema) });
export const timestampSchema = z.looseObject({ _type: z.literal("timestamp"), ...common, meta: z.strictObject({ "snapshot.json": metaFileSchema }) });

/** A folder of the targets. `self` is one of them. */
export const channelSchema = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);

/** What is said of a release beside its bytes. `yanked`: still listed, so that who runs it can be told, and never offered. */
export const customSchema = z.looseObject({
  component: componentSchema,
  version: versionSchema,
  kind: kindSchema,
  channel: channelSchema,
  migrations: z.array(migrationSchema),
  rollbackPlan: rollbackPlanSchema,
  /** `digestManifest` of the release. */
  filesDigest: digest,
  /** To how many of a hundred instances it is offered. */
  percentage: z.int().min(0).max(100),
  yanked: z.strictObject({ reason: z.string(), at: z.iso.datetime() }).optional(),
});

export type RootBody = z.infer<typeof rootSchema>;
export type TargetsBody = z.infer<typeof targetsSchema>;
export type SnapshotBody = z.infer<typeof snapshotSchema>;
export type TimestampBody = z.infer<typeof timestampSchema>;
export type MetaFileBody = z.infer<typeof metaFileSchema>;
export type RoleBody = z.infer<typeof roleSchema>;
export type TargetFileBody = z.infer<typeof targetFileSchema>;
export type ReleaseCustom = z.infer<typeof customSchema>;
export type Body = RootBody | TargetsBody | SnapshotBody | TimestampBody;

/** The part of the specification that these are written to. */
export const SPEC_VERSION = "1.0.31";
/** The one role that `targets` hands on: packages that an agent wrote itself. */
export const SELF = "self";
export const SELF_PATHS = ["self/*"];
