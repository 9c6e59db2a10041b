import type { IncomingMessage } from "node:http";
import { addressOf, plainAddress } from "./forwarded-header.ts";
import { planOrigin, type Tell } from "./plan-origin.ts";
import { renderProxyV1, renderProxyV2 } from "./proxy-preamble.ts";
import type { RawHeaders } from "./rewrite-headers.ts";
import { createProxyTrust } from "./trusted-proxies.ts";

/** Who asked, and how the agent is told. */
export interface Origin {
  /** The client's address, as far as it is known from those who are believed. */
  readonly address: string;
  readonly lines: RawHeaders;
  /** What the connection to the agent begins with. */
  readonly preamble?: Buffer;
}

/** @throws InstarError INPUT_INVALID where `trustedProxies` names what is no address and no range */
export function createOriginReader({
  tells,
  scheme,
  trustedProxies,
}: {
  tells: readonly Tell[];
  scheme: "http" | "https";
  trustedProxies: readonly string[];
}): (request: IncomingMessage) => Origin {
  const isTrusted = createProxyTrust(trustedProxies);
  const render = tells.includes("proxy-v2") ? renderProxyV2 : tells.includes("proxy-v1") ? renderProxyV1 : undefined;
  return (request) => {
    const peer = plainAddress(request.socket.remoteAddress ?? "unknown");
    const { address, lines } = planOrigin(request, peer, { tells, scheme, isTrusted });
    if (render === undefined) return { address, lines };
    const { remotePort = 0, localAddress = "unknown", localPort = 0 } = request.socket; // Asks the operating system.
    // Of a client behind a trusted proxy the port is not known.
    const source = { address: addressOf(address) ?? "unknown", port: address === peer ? remotePort : 0 };
    return { address, lines, preamble: render({ source, destination: { address: plainAddress(localAddress), port: localPort } }) };
  };
}
