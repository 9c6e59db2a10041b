import { bringPackage, type PackageTools } from "../bring-package.ts";
import type { Source } from "../source.ts";
import { shownAddress } from "./ask-endpoint.ts";
import type { EndpointSource } from "./endpoint-source.ts";
import type { EndpointRelease } from "./parse-endpoint-answer.ts";

/** An address that is asked which version there is, as a source of updates. */
export function endpointAsSource(endpoint: EndpointSource, follow: { readonly url: string; readonly checkEveryMs: number }, tools: PackageTools): Source {
  let newest: EndpointRelease | undefined;
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
    bring: async ({ key }, signal) => {
      const found = newest !== undefined && keyOf(newest) === key ? newest : (await endpoint.look(signal)).found;
      return bringPackage(tools, { source: "endpoint", key: keyOf(found), unpack: (into, within) => endpoint.download(found, into, within) }, signal);
    },
  };
}

const keyOf = ({ version, sha256 }: EndpointRelease) => `${version} ${sha256}`;
