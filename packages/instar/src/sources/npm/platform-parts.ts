import semver from "semver";
import { plainText } from "../../platform/plain-text.ts";
import { PACKAGE_NAME } from "../../settings/npm-source-settings.ts";
import { askRegistry } from "./ask-registry.ts";
import type { MachinePlatform } from "./judge-version.ts";
import { parsePackument } from "./parse-packument.ts";
import type { RegistryPlace } from "./registry-place.ts";

export interface PartsFinder {
  /** A sentence on the first part for this machine that the registry does not have. @throws as askRegistry */
  findMissing(optionalDependencies: Readonly<Record<string, string>>, platform: MachinePlatform, signal: AbortSignal | undefined): Promise<string | undefined>;
}

/** Real packages have one or two for a machine. */
const MOST_PARTS = 16;

/**
 * Programs are published as one package and, for each platform, one with the binary. npm installs without the binary where it is missing and says nothing,
 * and the agent ends at its start: so it is asked before. What was there once is not asked for again: versions stay.
 */
export function createPartsFinder(place: RegistryPlace): PartsFinder {
  const known = new Set<string>();
  const isThere = async ({ name, version }: Part, signal: AbortSignal | undefined): Promise<boolean> => {
    if (known.has(`${name}@${version}`)) return true;
    const answer = await askRegistry(place, name, { etag: null, signal });
    const isPublished = answer.kind === "document" && Object.hasOwn(parsePackument(answer.text, name).versions, version);
    if (isPublished) known.add(`${name}@${version}`);
    return isPublished;
  };
  return {
    findMissing: async (optionalDependencies, platform, signal) => {
      for (const part of planParts(optionalDependencies, platform).slice(0, MOST_PARTS))
        if (!(await isThere(part, signal))) return `its part for this machine is not published: ${plainText(`${part.name}@${part.version}`, 300)}`;
      return undefined;
    },
  };
}

export interface Part {
  readonly name: string;
  readonly version: string;
}

/** The optional dependencies that are named for this platform and want one exact version. Pure. */
export function planParts(optionalDependencies: Readonly<Record<string, string>>, platform: MachinePlatform): Part[] {
  return Object.entries(optionalDependencies).flatMap(([key, wanted]) => {
    if (!isForPlatform(key, platform)) return [];
    // `"@x/y-linux-x64": "npm:@x/y@1.2.3-linux-x64"` is one package with a version for each platform.
    const alias = /^npm:(.+)@([^@]+)$/.exec(wanted);
    const name = alias?.[1] ?? key;
    const version = semver.valid(alias?.[2] ?? wanted);
    return version === null || !PACKAGE_NAME.test(name) ? [] : [{ name, version }];
  });
}

const OS_WORDS: Readonly<Record<string, readonly string[]>> = {
  linux: ["linux", "linuxmusl"],
  darwin: ["darwin", "macos", "osx"],
  win32: ["win32", "windows", "win"],
  freebsd: ["freebsd"],
  android: ["android"],
};
const CPU_WORDS: Readonly<Record<string, readonly string[]>> = {
  x64: ["x64", "amd64", "64"],
  arm64: ["arm64", "aarch64"],
  arm: ["arm", "armv7", "armv7l", "armhf"],
  ia32: ["ia32", "x86", "i686", "386", "32"],
};
const MUSL_WORDS = ["musl", "musleabihf", "linuxmusl"];
const GLIBC_WORDS = ["gnu", "glibc", "gnueabihf"];

function isForPlatform(name: string, { os, cpu, libc }: MachinePlatform): boolean {
  const words = name
    .toLowerCase()
    .replaceAll(/x86[_-]64/g, "x64")
    .split(/[^a-z0-9]+/);
  const has = (wanted: readonly string[]) => wanted.some((word) => words.includes(word));
  if (!has(OS_WORDS[os] ?? [os])) return false;
  if (!has(CPU_WORDS[cpu] ?? [cpu]) && !words.includes("universal")) return false;
  if (os !== "linux") return true;
  // Where nobody knows which one it is, one of both will do, and neither can be called missing.
  if (libc === null) return !has(MUSL_WORDS) && !has(GLIBC_WORDS);
  return libc === "musl" ? !has(GLIBC_WORDS) : !has(MUSL_WORDS);
}
