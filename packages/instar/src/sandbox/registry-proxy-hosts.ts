import { isIP } from "node:net";
import { InstarError } from "@instar/protocol";

export interface RegistryHost {
  /** In lower case, without a dot at its end; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A registry of the settings: `host` means port 443, or `host:port`; an IPv6 address stands in brackets. @throws InstarError INPUT_INVALID */
export function parseRegistryHost(text: string): RegistryHost {
  const found = parseAuthority(text, 443);
  if (found === undefined)
    throw new InstarError("INPUT_INVALID", `${JSON.stringify(text)} is no registry: a host, or host:port`, {
      advice: "Without https:// and without a path, such as registry.npmjs.org.",
    });
  return found;
}

/** What a request names: exact in host and port, or undefined where it is not of that form. */
export function parseAuthority(text: string, defaultPort?: number): RegistryHost | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?)(?::(\d{1,5}))?$/i.exec(text);
  const host = (found?.[1] ?? found?.[2])?.toLowerCase();
  const port = found?.[3] === undefined ? defaultPort : Number(found[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  if (found?.[1] !== undefined && isIP(host) !== 6) return undefined;
  return { host, port };
}

/** By its exact name and port: a name that begins or ends like it is another one, and an address is not its name. */
export function isListed(hosts: readonly RegistryHost[], asked: RegistryHost): boolean {
  return hosts.some(({ host, port }) => host === asked.host && port === asked.port);
}

export const renderHost = ({ host, port }: RegistryHost): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;
