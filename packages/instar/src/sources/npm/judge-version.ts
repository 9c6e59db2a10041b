import semver from "semver";
import { plainText, quoteText } from "../../platform/plain-text.ts";
import { planHop } from "../endpoint/plan-hop.ts";
import type { VersionManifest } from "./parse-packument.ts";

/** In npm's words, which are Node's: `linux`, `x64`. */
export interface MachinePlatform {
  readonly os: string;
  readonly cpu: string;
  /** null where there is none to speak of, or nobody knows. */
  readonly libc: "glibc" | "musl" | null;
}

export interface VersionQuestion {
  readonly agentNode: string | null;
  readonly platform: MachinePlatform;
  readonly allowsDeprecated: boolean;
  readonly registry: URL;
  readonly limits: { readonly unpacked: { readonly unpackedBytes?: number } };
}

/** Why a version must not be taken, by its own words; undefined where they say nothing against it. Pure. */
export function judgeVersion(manifest: VersionManifest, { agentNode, platform, allowsDeprecated, registry, limits }: VersionQuestion): string | undefined {
  const { engineNode, deprecated, integrity, unpackedBytes } = manifest;
  if (
    engineNode !== null &&
    agentNode !== null &&
    semver.validRange(engineNode) !== null &&
    !semver.satisfies(agentNode, engineNode, { includePrerelease: true })
  )
    return `it wants Node ${plainText(engineNode, 100)}, and the agent runs on ${agentNode}`;
  if (!admits(manifest.os, platform.os)) return `it is for ${render(manifest.os)}, and this machine is ${platform.os}`;
  if (!admits(manifest.cpu, platform.cpu)) return `it is for processors of ${render(manifest.cpu)}, and this machine has ${platform.cpu}`;
  if (platform.libc !== null && !admits(manifest.libc, platform.libc)) return `it is for ${render(manifest.libc)}, and this machine has ${platform.libc}`;
  if (deprecated !== null && !allowsDeprecated) return `its authors call it deprecated: ${quoteText(deprecated, 300)}`;
  if (integrity === "") return "the registry gives no digest that its archive could be checked against";
  const mostBytes = limits.unpacked.unpackedBytes;
  if (mostBytes !== undefined && unpackedBytes > mostBytes) return `it is ${unpackedBytes} bytes when it is unpacked; at most ${mostBytes} are taken`;
  return findAddressProblem(manifest.tarballUrl, registry);
}

/** What speaks against nothing, and should be known. Pure. */
export function noteVersion({ engineNode, integrity }: VersionManifest, agentNode: string | null): string[] {
  const notes: string[] = [];
  if (integrity.startsWith("sha1-")) notes.push("the registry has no better digest of it than SHA-1, which can be forged");
  if (engineNode !== null && semver.validRange(engineNode) === null) notes.push(`its engines.node is no range and says nothing: ${quoteText(engineNode, 100)}`);
  else if (engineNode !== null && agentNode === null) notes.push(`it wants Node ${plainText(engineNode, 100)}, and nobody knows which one the agent runs on`);
  return notes;
}

/** As npm reads it: `!x` keeps x out; with anything else in the list, only that comes in. */
function admits(listed: readonly string[], own: string): boolean {
  if (listed.includes(`!${own}`)) return false;
  const wanted = listed.filter((one) => !one.startsWith("!"));
  return wanted.length === 0 || wanted.includes(own) || (wanted.length === 1 && wanted[0] === "any");
}

const render = (listed: readonly string[]) => plainText(listed.join(", "), 200);

function findAddressProblem(tarballUrl: string, registry: URL): string | undefined {
  const address = URL.parse(tarballUrl);
  if (address === null) return "the registry gives no address of its archive";
  const hop = planHop(address, registry);
  return hop.kind === "refused" ? `its archive lies at ${plainText(address.origin, 200)}, which is not asked: ${hop.because}` : undefined;
}
