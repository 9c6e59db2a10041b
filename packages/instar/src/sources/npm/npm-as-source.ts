import { InstarError } from "@instar/protocol";
import { bringPackage, type PackageTools } from "../bring-package.ts";
import type { Source } from "../source.ts";
import type { NpmFound, NpmSource } from "./npm-source.ts";

export interface NpmFollow {
  readonly package: string;
  readonly range?: string | undefined;
  readonly tag: string;
  readonly registry: string;
  readonly checkEveryMs: number;
}

/** A package of an npm registry as a source of updates. */
export function npmAsSource(npm: NpmSource, follow: NpmFollow, tools: PackageTools): Source {
  let newest: NpmFound | undefined;
  const foundOf = async (key: string, signal: AbortSignal): Promise<NpmFound> => {
    if (newest !== undefined && keyOf(newest) === key) return newest;
    const found = await npm.look(signal);
    if (keyOf(found) === key) return found;
    throw new InstarError("CONFLICT", "the registry no longer offers what was seen in it", { transient: true, advice: "It is looked for again." });
  };
  return {
    id: "npm",
    kind: "remote_registry",
    address: `${follow.registry.replace(/\/$/, "")}/${follow.package}`,
    follows: follow.range === undefined ? `tag ${follow.tag}` : `versions in ${follow.range}`,
    checkEveryMs: follow.checkEveryMs,
    look: async (signal) => {
      newest = await npm.look(signal);
      return {
        key: keyOf(newest),
        ref: refOf(newest),
        version: newest.version,
        digest: newest.integrity,
        trigger: "new_version",
        refusedBecause: newest.refusedBecause,
      };
    },
    bring: async ({ key }, signal) => bringNpmPackage(npm, await foundOf(key, signal), tools, signal),
    prove: async ({ key }, _, signal) => npm.prove(await foundOf(key, signal), signal),
  };
}

export const bringNpmPackage = (npm: NpmSource, found: NpmFound, tools: PackageTools, signal: AbortSignal): Promise<string> =>
  bringPackage(tools, { source: "npm", key: keyOf(found), unpack: (into, within) => npm.download(found, into, within) }, signal);

export const refOf = (found: NpmFound) => `npm:${found.package}@${found.version}`;
const keyOf = (found: NpmFound) => `${found.package}@${found.version} ${found.integrity}`;
