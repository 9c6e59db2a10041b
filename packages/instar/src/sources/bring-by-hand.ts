import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { InstarError, type Origin } from "@instar/protocol";
import { extractTarball } from "./archive/extract-tarball.ts";
import { bringPackage, importAsCommit, type PackageTools } from "./bring-package.ts";
import type { IsIgnored } from "./files/path-rules.ts";
import { bringNpmPackage, refOf } from "./npm/npm-as-source.ts";
import type { NpmSource } from "./npm/npm-source.ts";
import { unproven } from "./origin.ts";
import type { Target } from "./plan-target.ts";

export interface ByHandParts extends PackageTools {
  /** The registry of instar.yaml, or the public one, asked about any package. */
  readonly npmOf: (name: string) => NpmSource;
  /** What of a folder is no part of a version, though it lies there. */
  readonly isIgnored: IsIgnored;
}

export interface BroughtByHand {
  readonly commit: string;
  readonly ref: string;
  readonly digest: string | undefined;
  readonly origin: Origin;
}

export type BringByHand = (target: Exclude<Target, { kind: "git" }>, signal: AbortSignal) => Promise<BroughtByHand>;

/** Brings what a person names and no source was asked for. @throws InstarError NOT_FOUND, PACKAGE_REFUSED, and what reading it fails with */
export function createBringByHand(parts: ByHandParts): BringByHand {
  return async (target, signal) => {
    if (target.kind === "package") return bringNamed(parts, target, signal);
    return target.kind === "folder" ? bringFolder(parts, target.path, signal) : bringTarball(parts, target.path, signal);
  };
}

async function bringNamed(parts: ByHandParts, { package: name, wanted }: { package: string; wanted: string }, signal: AbortSignal): Promise<BroughtByHand> {
  const npm = parts.npmOf(name);
  const found = await npm.find(wanted, signal);
  if (found.refusedBecause !== null)
    throw new InstarError("PACKAGE_REFUSED", `${name}@${found.version} is not taken: ${found.refusedBecause}`, {
      ...(found.deprecated === null ? {} : { advice: "source.npm.deprecated: allow takes deprecated versions." }),
    });
  return { commit: await bringNpmPackage(npm, found, parts, signal), ref: refOf(found), digest: found.integrity, origin: await npm.prove(found, signal) };
}

async function bringFolder({ git, isIgnored }: ByHandParts, path: string, signal: AbortSignal): Promise<BroughtByHand> {
  const found = await look(path);
  if (!found.isDirectory())
    throw new InstarError("INPUT_INVALID", `${path} is neither a folder nor a tarball`, { advice: "A tarball ends in .tgz, .tar.gz or .tar." });
  return {
    commit: await importAsCommit(git, path, signal, isIgnored),
    ref: `folder:${path}`,
    digest: undefined,
    origin: unproven("a person named a folder, which nobody signs"),
  };
}

async function bringTarball(parts: ByHandParts, path: string, signal: AbortSignal): Promise<BroughtByHand> {
  const found = await look(path);
  if (!found.isFile()) throw new InstarError("INPUT_INVALID", `${path} is no file`);
  const digest = `sha256:${await digestOf(path, signal)}`;
  const unpack = (into: string, within: AbortSignal) => extractTarball({ tarball: path, into, signal: within });
  return {
    commit: await bringPackage(parts, { source: "by-hand", key: digest, unpack }, signal),
    ref: `tarball:${path}`,
    digest,
    origin: unproven("a person named an archive, which nobody signs"),
  };
}

function look(path: string) {
  return stat(path).catch((cause: unknown) => {
    throw new InstarError("NOT_FOUND", `there is no ${path}, or Instar's user may not look at it`, { cause, facts: { path } });
  });
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest("hex");
}
