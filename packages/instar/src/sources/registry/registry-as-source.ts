import { InstarError } from "@instar/protocol";
import { valid } from "semver";
import { removeTree } from "../../platform/durable-files.ts";
import type { RegistrySourceSettings } from "../../settings/registry-source-settings.ts";
import { extractTarball } from "../archive/extract-tarball.ts";
import { bringPackage, type PackageTools } from "../bring-package.ts";
import type { Source } from "../source.ts";
import type { RegistryFound, RegistryLook, ReleaseRegistry } from "./release-registry.ts";

export interface RegistryTools extends PackageTools {
  /** Private; where a release lies while it is packed. Emptied after each, and outside of the scratch folder. */
  readonly downloadFolder: string;
  /** The version that runs, whatever it looks like; null where nothing does. */
  readonly runningVersion: () => string | null;
}

/** Signed releases of a component in a channel, as a source of updates. */
export function registryAsSource(
  registry: ReleaseRegistry,
  settings: Pick<RegistrySourceSettings, "url" | "component" | "channel" | "checkEvery">,
  tools: RegistryTools,
): Source {
  let newest: RegistryFound | undefined;
  // A version of git's such as a1b2c3d is neither older nor newer than a release: then the version policy decides.
  const look = (signal: AbortSignal) => registry.look(valid(tools.runningVersion()), signal);
  const demand = async (key: string, signal: AbortSignal): Promise<RegistryFound> => {
    if (newest !== undefined && keyOf(newest) === key) return newest;
    const looked = await look(signal);
    if (looked.kind === "found" && keyOf(looked.found) === key) return looked.found;
    throw new InstarError("CONFLICT", "the registry no longer offers what was seen in it", { transient: true, advice: "It is looked for again." });
  };
  return {
    id: "registry",
    kind: "remote_registry",
    address: settings.url,
    follows: `${settings.component} in ${settings.channel}`,
    checkEveryMs: settings.checkEvery,
    look: async (signal) => {
      const looked = await look(signal);
      newest = looked.kind === "found" ? looked.found : undefined;
      if (looked.kind === "none") return { waitsBecause: renderNone(looked) };
      const { component, version, sha256 } = looked.found;
      return {
        key: keyOf(looked.found),
        ref: `registry:${component}@${version}`,
        version,
        digest: `sha256:${sha256}`,
        trigger: "new_version",
        refusedBecause: null,
      };
    },
    prove: async ({ key }, _, signal) => {
      const { signedBy } = await demand(key, signal);
      return { kind: "tuf", by: signedBy, because: `it is listed in signed metadata: ${signedBy}` };
    },
    bring: ({ key }, signal) => {
      const unpack = async (into: string, within: AbortSignal): Promise<void> => {
        try {
          await unpackRelease(registry, await demand(key, within), { into, downloadFolder: tools.downloadFolder }, within);
        } finally {
          await removeTree(tools.downloadFolder);
        }
      };
      // A crash in it leaves the packed release, which need not come again, and a part of its files, which the next one removes.
      return bringPackage(tools, { source: "registry", key, unpack }, signal);
    },
  };
}

async function unpackRelease(
  registry: ReleaseRegistry,
  found: RegistryFound,
  { into, downloadFolder }: { readonly into: string; readonly downloadFolder: string },
  signal: AbortSignal,
): Promise<void> {
  const archive = await registry.download(found, downloadFolder, signal);
  await extractTarball({ tarball: archive.file, into, signal });
  await archive.settle(into);
}

function renderNone({ because, yanked, notes }: RegistryLook & { readonly kind: "none" }): string {
  return [...(yanked === null ? [] : [`the version that runs was taken back: ${yanked}`]), because, ...notes].join("; ");
}

const keyOf = ({ component, version, sha256 }: RegistryFound) => `${component}@${version} ${sha256}`;
