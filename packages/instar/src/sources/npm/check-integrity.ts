import { createHash, type Hash } from "node:crypto";
import { InstarError } from "@instar/protocol";

const LENGTHS = { sha512: 64, sha384: 48, sha256: 32, sha1: 20 } as const;
type Algorithm = keyof typeof LENGTHS;

/** The strongest digest that a registry gives, in the form of Subresource Integrity; SHA-1 only where there is nothing else. Pure. */
export function chooseDigest(dist: { readonly integrity?: string | undefined; readonly shasum?: string | undefined }): string | undefined {
  const given = (dist.integrity ?? "").split(/\s+/);
  for (const algorithm of Object.keys(LENGTHS) as Algorithm[]) {
    const digest = given.find((one) => one.startsWith(`${algorithm}-`) && parseDigest(one) !== undefined);
    if (digest !== undefined) return digest.replace(/\?.*$/, "");
  }
  return /^[0-9a-f]{40}$/i.test(dist.shasum ?? "") ? `sha1-${Buffer.from(dist.shasum ?? "", "hex").toString("base64")}` : undefined;
}

/** A hash that what comes is given to, and a check whether it was what was promised. */
export function createIntegrityCheck(integrity: string): { readonly hash: Hash; readonly assertPromised: (what: string) => void } {
  const wanted = parseDigest(integrity);
  if (wanted === undefined) throw new InstarError("PACKAGE_REFUSED", "there is no digest that the archive could be checked against");
  const hash = createHash(wanted.algorithm);
  return {
    hash,
    assertPromised: (what) => {
      const came = hash.digest();
      if (came.equals(wanted.digest)) return;
      throw new InstarError("PACKAGE_REFUSED", `${what} is not what the registry promised: its digest is another`, {
        facts: { promised: integrity, came: `${wanted.algorithm}-${came.toString("base64")}` },
      });
    },
  };
}

function parseDigest(text: string): { readonly algorithm: Algorithm; readonly digest: Buffer } | undefined {
  const [, algorithm, written] = /^(sha512|sha384|sha256|sha1)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(text) ?? [];
  if (algorithm === undefined || written === undefined) return undefined;
  const digest = Buffer.from(written, "base64");
  return digest.length === LENGTHS[algorithm as Algorithm] ? { algorithm: algorithm as Algorithm, digest } : undefined;
}
