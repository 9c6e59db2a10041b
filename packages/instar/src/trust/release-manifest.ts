import { createHash } from "node:crypto";
import { InstarError } from "@instar/protocol";
import canonicalize from "canonicalize";
import { parse as parseVersion } from "semver";
import { z } from "zod";
import { parseBoundedJson } from "../platform/parse-bounded-json.ts";
import { findNameProblem } from "./find-name-problem.ts";

/** Lies at the top of every release, and is itself no file of its list. */
export const MANIFEST_NAME = "release.json";

export interface ReleaseLimits {
  /** Of all files together. */
  readonly unpackedBytes: number;
  readonly files: number;
}

export const RELEASE_LIMITS: ReleaseLimits = { unpackedBytes: 1_024 ** 3, files: 20_000 };

/**
 * Semantic versioning without build metadata: two versions that differ in nothing else have no order, and a version that is neither older nor newer cannot be
 * held to "never older".
 */
export const versionSchema = z.string().refine((text) => parseVersion(text)?.version === text, "is no version like 1.2.3 or 1.2.3-beta.1");
export const componentSchema = z.string().regex(/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/, "is no name like agent or my-skill");
export const kindSchema = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "is no kind like agent or skill");

export const migrationSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/),
  description: z.string().max(1_000),
  /** False: the state cannot be brought back to the old form, so the way back is the snapshot. */
  isReversible: z.boolean(),
});
export const rollbackPlanSchema = z.strictObject({ text: z.string().min(1).max(4_000), steps: z.array(z.string().min(1).max(500)).max(50) });

const fileSchema = z.strictObject({
  path: z.string().min(1),
  /** SHA-256 in hex. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().min(0),
  mode: z.enum(["644", "755"]),
});

const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  component: componentSchema,
  version: versionSchema,
  kind: kindSchema,
  files: z.array(fileSchema).min(1),
  migrations: z.array(migrationSchema).max(100),
  rollbackPlan: rollbackPlanSchema,
});

export type ReleaseManifest = z.infer<typeof manifestSchema>;
export type ReleaseFile = z.infer<typeof fileSchema>;
/** What a person says of a release; the rest is read from its folder. */
export type ReleaseAbout = Pick<ReleaseManifest, "component" | "version" | "kind" | "migrations" | "rollbackPlan">;

/** @throws InstarError PACKAGE_REFUSED */
export function parseManifest(text: string, limits: ReleaseLimits = RELEASE_LIMITS): ReleaseManifest {
  const read = parseBoundedJson(text);
  if (read.kind === "refused") throw refused(`its ${MANIFEST_NAME} ${read.because}`);
  return assertManifest(read.value, limits);
}

/** The same from a value. @throws InstarError PACKAGE_REFUSED */
export function assertManifest(value: unknown, limits: ReleaseLimits = RELEASE_LIMITS): ReleaseManifest {
  // Before every file is looked at: a list without end must not be parsed to its end.
  if (countFiles(value) > limits.files) throw refused(`it has more than ${limits.files} files`);
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw refused(`its ${MANIFEST_NAME} has a mistake at ${first?.path.join(".") || "the top"}: ${first?.message ?? "unknown"}`);
  }
  const because = findManifestProblem(parsed.data, limits);
  if (because !== undefined) throw refused(because);
  return parsed.data;
}

function findManifestProblem({ files }: ReleaseManifest, limits: ReleaseLimits): string | undefined {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (!(sizeBytes <= limits.unpackedBytes)) return `it is more than ${limits.unpackedBytes} bytes when it is unpacked`;
  return findNameProblem([MANIFEST_NAME, ...files.map(({ path }) => path)]);
}

const countFiles = (value: unknown): number => {
  const files = typeof value === "object" && value !== null ? (value as { files?: unknown }).files : undefined;
  return Array.isArray(files) ? files.length : 0;
};

/** One digest for all that a release is: its whole manifest in canonical form (RFC 8785), so also every file's digest. SHA-256 in hex. */
export function digestManifest(manifest: ReleaseManifest): string {
  const files = manifest.files.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  return createHash("sha256")
    .update(canonicalize({ ...manifest, files }) ?? "")
    .digest("hex");
}

export const renderManifest = (manifest: ReleaseManifest): string => `${JSON.stringify(manifest, undefined, 2)}\n`;

const refused = (because: string) => new InstarError("PACKAGE_REFUSED", `the release is not acceptable: ${because}`);
