import { type Finding, found, notFound } from "./finding.ts";

/** Which variables name the certificates that a network wants trusted, to the programs that install. */
const AUTHORITIES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"];
/** Where every job may read already. */
const SEEN_BY_JOBS = /^\/(usr|etc\/(ssl|pki|ca-certificates))\//;

export interface NetworkTrust {
  readonly environment: Readonly<Record<string, string>>;
  /** Files that jobs could not read otherwise. */
  readonly readable: readonly string[];
}

/**
 * What installing needs on a network whose TLS is looked into, or whose registry is its own: jobs get nothing of the operator's shell, so it must stand in
 * instar.yaml. Pure.
 *
 * @param environment the operator's own
 */
export function planNetworkTrust(environment: Readonly<Record<string, string | undefined>>): Finding<NetworkTrust> {
  const given = AUTHORITIES.flatMap((name): [string, string][] => {
    const path = environment[name];
    return path?.startsWith("/") ? [[name, path]] : [];
  });
  if (given.length === 0) return notFound("your shell names no certificates of its own (NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, PIP_CERT)");
  // npm looks at a setting of its own where Node's variable does not reach.
  const authorities = new Map(given);
  const node = authorities.get("NODE_EXTRA_CA_CERTS");
  const entries = [...given, ...(node === undefined ? [] : ([["npm_config_cafile", node]] satisfies [string, string][]))];
  const readable = [...new Set(given.map(([, path]) => path))].filter((path) => !SEEN_BY_JOBS.test(path));
  return found(
    { environment: Object.fromEntries(entries), readable },
    "certain",
    `your shell names them: ${given.map(([name, path]) => `${name}=${path}`).join(", ")}`,
  );
}
