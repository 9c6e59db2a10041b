import type { Passkey } from "./passkey.ts";
import { algorithmOf } from "./public-key.ts";

export interface ParsedPasskeys {
  readonly passkeys: readonly Passkey[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

/** As tokens are called, and as hosts are: what cannot be one never becomes a part of a line. */
const PERSON = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*$/;
const ID = /^[A-Za-z0-9_-]{8,512}$/;

/**
 * The file of passkeys: one a line, `person host id key label…`, and `#` before what people say. A line that cannot be understood is a passkey that does not
 * count, and a problem; it takes nothing from the others, since no line lowers a gate.
 */
export function parsePasskeys(text: string): ParsedPasskeys {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line: index + 1, words: line.trim() }));
  const parsed = lines.filter(({ words }) => words !== "" && !words.startsWith("#")).map(({ line, words }) => ({ line, passkey: parseLine(words) }));
  return {
    passkeys: parsed.flatMap(({ passkey }) => (typeof passkey === "string" ? [] : [passkey])),
    problems: parsed.flatMap(({ line, passkey }) => (typeof passkey === "string" ? [{ line, message: passkey }] : [])),
  };
}

function parseLine(words: string): Passkey | string {
  const [person = "", host = "", id = "", key = "", ...label] = words.split(/\s+/);
  if (key === "") return "it is not `person host id key label`";
  if (!PERSON.test(person)) return `${JSON.stringify(person)} is no name that a token can have`;
  if (!HOST.test(host)) return `${JSON.stringify(host)} is no host: lower-case letters, digits, dashes and dots`;
  if (!ID.test(id)) return "its id is not base64url";
  if (algorithmOf(key) === undefined) return "its key is no public key for ES256, EdDSA or RS256";
  return { person, host, id, key, label: label.join(" ") };
}
