import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { CertificateFiles } from "./read-server-certificate.ts";

/** Certificates for tests are made when they run: one that is kept in the repository would expire there. */
export const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;

/** A certificate that nobody vouches for, for localhost and 127.0.0.1, and its key. It is valid for thirty days from now. */
export function makeCertificate(folder: string, name: string): CertificateFiles {
  const files = { certificatePath: join(folder, `${name}.pem`), keyPath: join(folder, `${name}.key`) };
  const asked = ["-x509", "-days", "30", "-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  execFileSync("openssl", ["req", ...asked, ...key, "-keyout", files.keyPath, "-out", files.certificatePath], { stdio: "ignore" });
  return files;
}
