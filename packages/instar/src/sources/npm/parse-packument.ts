import { InstarError } from "@instar/protocol";
import semver from "semver";
import { z } from "zod";
import { chooseDigest } from "./check-integrity.ts";

/** What a registry says of a package. The versions' own words are read only of the one that is chosen: there may be thousands. */
export interface Packument {
  readonly tags: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, unknown>>;
  /** When each was published, where the registry says so. */
  readonly times: Readonly<Record<string, string>>;
  /** Names of versions that are none. */
  readonly passedOver: readonly string[];
}

export interface VersionManifest {
  readonly integrity: string;
  readonly tarballUrl: string;
  readonly unpackedBytes: number;
  /** The registry's own, over name, version and digest. */
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  /** Where it says how the version was made; null where it does not. */
  readonly attestationsUrl: string | null;
  readonly deprecated: string | null;
  readonly engineNode: string | null;
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc: readonly string[];
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const texts = z
  .record(z.string(), z.unknown())
  .transform((all) => Object.fromEntries(Object.entries(all).filter((each): each is [string, string] => typeof each[1] === "string")));
const packument = z.object({ name: z.string(), "dist-tags": texts, versions: z.record(z.string(), z.unknown()), time: texts.optional().catch(undefined) });

/** @throws InstarError DETECTION_FAILED */
export function parsePackument(text: string, name: string): Packument {
  const parsed = packument.safeParse(parseJson(text));
  if (!parsed.success) throw refused(name, "is no packument: a packument has a name, dist-tags and versions", parsed.error);
  if (parsed.data.name !== name) throw refused(name, "is about another package");
  const all = Object.entries(parsed.data.versions);
  const isVersion = (key: string) => semver.parse(key)?.version === key;
  return {
    tags: parsed.data["dist-tags"],
    versions: Object.fromEntries(all.filter(([key]) => isVersion(key))),
    times: parsed.data.time ?? {},
    passedOver: all.map(([key]) => key).filter((key) => !isVersion(key)),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // it is no packument then, and what it is instead may repeat the token
  }
}

/** Authors write what they like: what is not understood is left out, but for the name, the version and the archive. */
const list = z.union([z.array(z.string()), z.string().transform((one) => [one])]).catch([]);
const manifest = z.object({
  name: z.string(),
  version: z.string(),
  dist: z.object({
    tarball: z.string(),
    integrity: z.string().optional().catch(undefined),
    shasum: z.string().optional().catch(undefined),
    unpackedSize: z.number().nonnegative().catch(0).default(0),
    signatures: z
      .array(z.object({ keyid: z.string().max(200), sig: z.string().max(2_000) }))
      .max(20)
      .catch([])
      .default([]),
    attestations: z
      .object({ url: z.string().max(2_000) })
      .optional()
      .catch(undefined),
  }),
  deprecated: z.union([z.string(), z.boolean()]).optional().catch(undefined),
  engines: z.object({ node: z.string().optional() }).optional().catch(undefined),
  os: list.default([]),
  cpu: list.default([]),
  libc: list.default([]),
  optionalDependencies: texts.optional().catch(undefined),
});

/** @throws InstarError DETECTION_FAILED */
export function parseVersion(written: unknown, name: string, version: string): VersionManifest {
  const parsed = manifest.safeParse(written);
  if (!parsed.success) throw refused(name, `does not say where version ${version} is`, parsed.error);
  const { dist, deprecated, engines, os, cpu, libc, optionalDependencies } = parsed.data;
  if (parsed.data.name !== name || parsed.data.version !== version) throw refused(name, `has another package or version in place of ${version}`);
  return {
    integrity: chooseDigest(dist) ?? "",
    tarballUrl: dist.tarball,
    unpackedBytes: dist.unpackedSize,
    signatures: dist.signatures,
    attestationsUrl: dist.attestations?.url ?? null,
    // An empty word takes a deprecation back.
    deprecated: deprecated === true ? "no reason given" : deprecated || null,
    engineNode: engines?.node ?? null,
    os,
    cpu,
    libc,
    optionalDependencies: optionalDependencies ?? {},
  };
}

function refused(name: string, because: string, cause?: unknown): InstarError {
  return new InstarError("DETECTION_FAILED", `what the registry says of ${name} ${because}`, {
    facts: { package: name },
    ...(cause === undefined ? {} : { cause: new Error(cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 500) : "it is not understood") }),
    advice: "Check source.npm.registry in instar.yaml.",
  });
}
