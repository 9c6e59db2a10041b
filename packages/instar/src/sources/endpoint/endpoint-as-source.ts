import { InstarError } from "@instar/protocol";
import { bringPackage, type PackageTools } from "../bring-package.ts";
import type { Source } from "../source.ts";
import { shownAddress } from "./ask-endpoint.ts";
import type { EndpointSource } from "./endpoint-source.ts";
import type { EndpointRelease } from "./parse-endpoint-answer.ts";
import { verifyEndpointSignature } from "./verify-endpoint-signature.ts";

export interface EndpointFollow {
  readonly url: string;
  readonly checkEveryMs: number;
  /** The pinned key in PEM, read anew for each question; null where there is none. */
  readonly readKey: () => Promise<string | null>;
}

/** An address that is asked which version there is, as a source of updates. */
export function endpointAsSource(endpoint: EndpointSource, follow: EndpointFollow, tools: PackageTools): Source {
  let newest: EndpointRelease | undefined;
  const foundOf = async (key: string, signal: AbortSignal): Promise<EndpointRelease> => {
    if (newest !== undefined && keyOf(newest) === key) return newest;
    const { found } = await endpoint.look(signal);
    if (keyOf(found) === key) return found;
    throw new InstarError("CONFLICT", "the endpoint no longer offers what was seen there", { transient: true, advice: "It is looked at again." });
  };
  return {
    id: "endpoint",
    kind: "api_endpoint",
    address: shownAddress(new URL(follow.url)),
    follows: "what it offers",
    checkEveryMs: follow.checkEveryMs,
    look: async (signal) => {
      const { found } = await endpoint.look(signal);
      newest = found;
      return {
        key: keyOf(found),
        ref: `endpoint:${found.version}`,
        version: found.version,
        digest: `sha256:${found.sha256}`,
        trigger: "new_version",
        refusedBecause: null,
      };
    },
    prove: async ({ key }, _, signal) => verifyEndpointSignature(await foundOf(key, signal), await follow.readKey()),
    bring: async ({ key }, signal) => {
      const found = await foundOf(key, signal);
      return bringPackage(tools, { source: "endpoint", key: keyOf(found), unpack: (into, within) => endpoint.download(found, into, within) }, signal);
    },
  };
}

const keyOf = ({ version, sha256 }: EndpointRelease) => `${version} ${sha256}`;
