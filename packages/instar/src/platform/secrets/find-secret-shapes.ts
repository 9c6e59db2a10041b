import { findAssignedSecrets } from "./find-assigned-secrets.ts";
import type { SecretSpan } from "./secret-span.ts";

/** Not inside a word. What JSON writes for the end of a line is none. */
const START = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))`;

/**
 * What keys look like. A class that repeats has nothing after it that could fail, or cannot hold what the pattern begins with: so no text makes the search go
 * back further than it came, and its time is in proportion to the text.
 */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`${START}sk-[A-Za-z0-9_-]{16,}`, "g"), "API key"],
  [/(?:gh[opsur]_|github_pat_)[A-Za-z0-9_]{20,}/g, "GitHub token"],
  [/glpat-[A-Za-z0-9_-]{16,}/g, "GitLab token"],
  [/npm_[A-Za-z0-9]{30,}/g, "npm token"],
  [/A(?:KI|SI)A[A-Z0-9]{16,}/g, "AWS key"],
  [/AIza[A-Za-z0-9_-]{30,}/g, "Google key"],
  [/xox[a-z]-[A-Za-z0-9-]{10,}/g, "Slack token"],
  [/(?<=Bearer[ \t]{1,8})[A-Za-z0-9._~+/=-]{8,}/gi, "bearer token"],
  // base64url of `{"`: a JSON Web Token, or another signed document.
  [new RegExp(`${START}eyJ[A-Za-z0-9_.-]{16,}`, "g"), "JSON Web Token"],
  // The last @ ends the password: one that was not escaped is part of it.
  [/(?<=:\/\/[^\s/@:"'<>]{0,200}:)[^\s/"'<>]+(?=@)/g, "password in a URL"],
];

/** What every shape has a part of: most texts have none, and are then not searched a dozen times. */
const HINT =
  /sk-|gh[opsur]_|github_pat_|glpat-|npm_|A(?:KI|SI)A|AIza|xox|bearer|eyJ|:\/\/|-----BEGIN|passw|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization/i;

/** What looks like a secret, whatever its value is. Rather one too many than one too few: a reviewer can do without. */
export function findSecretShapes(text: string): SecretSpan[] {
  if (!HINT.test(text)) return [];
  const shaped = SHAPES.flatMap(([shape, what]) => [...text.matchAll(shape)].map((match) => ({ from: match.index, to: match.index + match[0].length, what })));
  return [...shaped, ...findPrivateKeys(text), ...findAssignedSecrets(text)];
}

const KEY_BEGINS = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;

/** Whole blocks; one that is not closed goes to the end of the text. */
function findPrivateKeys(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  KEY_BEGINS.lastIndex = 0;
  for (let match = KEY_BEGINS.exec(text); match !== null; match = KEY_BEGINS.exec(text)) {
    const closing = text.indexOf("-----END", KEY_BEGINS.lastIndex);
    const closed = closing === -1 ? -1 : text.indexOf("-----", closing + 8);
    const to = closed === -1 ? text.length : closed + 5;
    found.push({ from: match.index, to, what: "private key" });
    KEY_BEGINS.lastIndex = to;
  }
  return found;
}
