import { createHash, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;
/** Also what it looks like in the middle of a text, where somebody left one. */
const SHAPE = "instar_([2-9a-hjkmnp-z]{8})_[A-Za-z0-9_-]{43}";
const WHOLE = new RegExp(`^${SHAPE}$`);
const INSIDE = new RegExp(`(?<![A-Za-z0-9_-])${SHAPE}(?![A-Za-z0-9_-])`, "g");
const LENGTH = "instar_".length + 8 + 1 + 43;

/** What a person is shown once, `instar_<id>_<256 random bits>`: found by its id, recognised by its digest, and known for what it is wherever it turns up. */
export function makeTokenSecret(id: string): string {
  return `instar_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
}

/** The id that it names; undefined of anything that is no token of Instar's. */
export function readTokenId(shown: string): string | undefined {
  return shown.length === LENGTH ? WHOLE.exec(shown)?.[1] : undefined;
}

export function findTokenSecrets(text: string): readonly string[] {
  return [...new Set([...text.matchAll(INSIDE)].map(([secret]) => secret))];
}

/** Not a password's slow hash: 256 random bits are not guessed, however fast they can be tried. */
export const hashTokenSecret = (secret: string): Buffer => createHash("sha256").update(secret).digest();
