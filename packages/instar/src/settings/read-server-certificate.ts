import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { InstarError } from "@instar/protocol";
import { readSmallFile } from "./read-small-file.ts";
import type { Settings } from "./settings.ts";

/** Where they lie; both absolute. */
export interface CertificateFiles {
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** A certificate with its key, both PEM, byte by byte as they were read. They fit each other. */
export interface ServerCertificate {
  /** The server's own first, then those that vouch for it. */
  readonly chain: Buffer;
  readonly key: Buffer;
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

/** @param folder of instar.yaml: relative paths count from there */
export function certificateFilesOf(tls: NonNullable<NonNullable<Settings["front"]>["tls"]>, folder: string): CertificateFiles {
  return { certificatePath: resolve(folder, tls.certificate), keyPath: resolve(folder, tls.key) };
}

/**
 * Reads both and tries them out. Whether the certificate is valid today is the caller's to ask: one that expired still serves those who know why.
 *
 * @throws InstarError SETTINGS_INVALID where a file cannot be read, is not what it should be, or the two do not fit
 */
export async function readServerCertificate({ certificatePath, keyPath }: CertificateFiles): Promise<ServerCertificate> {
  const chain = await readPem(certificatePath, "certificate");
  const key = await readPem(keyPath, "key");
  const leaf = parse(certificatePath, "does not begin with a certificate in PEM", () => new X509Certificate(chain));
  const secret = parse(keyPath, "holds no private key in PEM that can be used without a passphrase", () => createPrivateKey(key));
  assertFit(leaf, secret, { certificatePath, keyPath });
  parse(certificatePath, "cannot be used for TLS", () => createSecureContext({ cert: chain, key }));
  return { chain, key, validFromMs: leaf.validFromDate.getTime(), validUntilMs: leaf.validToDate.getTime() };
}

async function readPem(path: string, name: "certificate" | "key"): Promise<Buffer> {
  const bytes = await readSmallFile(path).catch((cause: unknown) => {
    throw new InstarError("SETTINGS_INVALID", `${path}, which front.tls.${name} names, cannot be read`, {
      cause,
      facts: { path },
      advice: "It must be a plain file that the user of Instar may read.",
    });
  });
  if (bytes === undefined)
    throw new InstarError("SETTINGS_INVALID", `front.tls.${name} names ${path}, and there is no such file`, {
      facts: { path },
      advice: "Put it there, or say in instar.yaml where it is.",
    });
  return bytes;
}

function parse<Parsed>(path: string, because: string, act: () => Parsed): Parsed {
  try {
    return act();
  } catch (cause) {
    throw new InstarError("SETTINGS_INVALID", `${path} ${because}`, { cause, facts: { path } });
  }
}

function assertFit(leaf: X509Certificate, key: KeyObject, { certificatePath, keyPath }: CertificateFiles): void {
  if (leaf.checkPrivateKey(key)) return;
  throw new InstarError("SETTINGS_INVALID", `${keyPath} is not the key of the first certificate in ${certificatePath}`, {
    facts: { certificatePath, keyPath },
    advice: "The server's own certificate comes first in the file, then those that vouch for it.",
  });
}
