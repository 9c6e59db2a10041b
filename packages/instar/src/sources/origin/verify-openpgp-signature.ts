import { InstarError } from "@instar/protocol";
import type { PublicKey } from "openpgp";
import type { Verified } from "./verify-ssh-signature.ts";

type OpenPgp = typeof import("openpgp");

export interface OpenPgpQuestion {
  readonly payload: Buffer;
  readonly armoured: string;
  /** Public keys, one armoured block after the other. */
  readonly keys: string;
  readonly nowMs: number;
}

/**
 * Who of the listed keys signed. A key that has expired or was taken back by now signs nothing, whatever date a signature says of itself.
 * @throws InstarError SETTINGS_INVALID where the keys themselves cannot be read
 */
export async function verifyOpenPgpSignature({ payload, armoured, keys, nowMs }: OpenPgpQuestion): Promise<Verified> {
  // Large, and most instances never need it.
  const openpgp = await import("openpgp");
  const verificationKeys = await readEveryKey(openpgp, keys).catch((cause: unknown) => {
    throw new InstarError("SETTINGS_INVALID", "the keys of source.signers.openpgp cannot be read", {
      cause,
      advice: "Write them there as `gpg --armor --export` gives them.",
    });
  });
  const date = new Date(nowMs);
  try {
    const message = await openpgp.createMessage({ binary: payload });
    const signature = await openpgp.readSignature({ armoredSignature: armoured });
    const { signatures } = await openpgp.verify({ message, signature, verificationKeys, date, format: "binary" });
    if (signatures.length !== 1) return { by: null, because: `its OpenPGP signature holds ${signatures.length} of them` };
    for (const { keyID, verified } of signatures) {
      const key = verificationKeys.find((each) => each.getKeys(keyID).length > 0);
      if (key === undefined) return { by: null, because: `it is signed by the OpenPGP key ${keyID.toHex()}, which source.signers.openpgp does not list` };
      await verified;
      // Of the whole key, and of the part of it that signed: neither has ended or was taken back.
      await key.getSigningKey(keyID, date);
      const [name] = key.getUserIDs();
      return { by: `${name === undefined ? "" : `${name} `}(${key.getFingerprint().toUpperCase()})`.trim() };
    }
  } catch (error) {
    return { by: null, because: `its OpenPGP signature is not good: ${(error instanceof Error ? error.message : String(error)).slice(0, 200)}` };
  }
  return { by: null, because: "it has no OpenPGP signature" };
}

const BLOCKS = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

/** A key that stands there twice counts as what both say: taken back in one of them, it is taken back. */
async function readEveryKey(openpgp: OpenPgp, armoured: string): Promise<PublicKey[]> {
  // readKeys looks at the first block alone. What holds no block is given to it too, so that it says what is wrong.
  const blocks = armoured.match(BLOCKS) ?? [armoured];
  const listed = new Map<string, PublicKey>();
  for (const key of (await Promise.all(blocks.map((block) => openpgp.readKeys({ armoredKeys: block })))).flat()) {
    const same = listed.get(key.getFingerprint());
    listed.set(key.getFingerprint(), same === undefined ? key : await same.update(key));
  }
  return [...listed.values()];
}
