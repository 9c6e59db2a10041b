import { InstarError } from "@instar/protocol";
import type { TrustMaterial } from "@sigstore/verify";
import { parseTrustedRoot } from "./parse-trusted-root.ts";

/**
 * Whom Sigstore's signatures must lead to. null is the public-good instance, as `@sigstore/tuf` ships it for its first start: nobody is asked, so it
 * knows of no key that was exchanged or taken back after that release. An operator who wants it newer gives a file.
 * @param trustRoot the bytes of a trusted_root.json
 * @throws InstarError SETTINGS_INVALID
 */
export async function readTrustMaterial(trustRoot: Buffer | null): Promise<TrustMaterial> {
  const { toTrustMaterial } = await import("@sigstore/verify");
  const root = parseTrustedRoot(trustRoot ?? (await readPublicGoodRoot()));
  try {
    return toTrustMaterial(root);
  } catch (cause) {
    throw new InstarError("SETTINGS_INVALID", "the trust root has a key or a certificate that cannot be read", { cause });
  }
}

const PUBLIC_GOOD = "https://tuf-repo-cdn.sigstore.dev";

async function readPublicGoodRoot(): Promise<Buffer> {
  const { default: seeds } = await import("@sigstore/tuf/seeds.json", { with: { type: "json" } });
  return Buffer.from(seeds[PUBLIC_GOOD].targets["trusted_root.json"], "base64");
}
