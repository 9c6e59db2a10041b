import type { SecretSpan } from "./secret-span.ts";

/**
 * `password = "…"`, `api_key: …`, `"token": "…"`, `secret: string = "…"`: the name, what closes it, and the sign. Every repetition has a limit, so a search that
 * fails has looked a few characters ahead.
 */
const ASSIGNMENT =
  /(passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization)[A-Za-z0-9_]{0,20}\\{0,2}["'`]?\]?[ \t]{0,8}(?::[ \t]{0,4}[A-Za-z]{1,20}[ \t]{0,4}=|:=|={1,3}|:)[ \t]{0,8}/gi;

const SHORTEST_QUOTED = 4;
const SHORTEST_BARE = 6;
const TYPES = /^(?:string|number|boolean|undefined|unknown|required|optional|process\.env\b.*)$/;
/** `"jsonwebtoken": "^9.0.2"` is a dependency. */
const VERSION = /^[\^~<>=v ]{0,3}\d+\.\d+(?:\.\d+)?(?:[-+][\w.]{1,40})?$/;
const REDACTED = /^\[redacted: [^\]]{1,100}\]$/;

/** Values that are given to what is called as secrets are. A call is none: what a program asks for its secret is what a reviewer must see. */
export function findAssignedSecrets(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  ASSIGNMENT.lastIndex = 0;
  for (let match = ASSIGNMENT.exec(text); match !== null; match = ASSIGNMENT.exec(text)) {
    const what = (match[1] ?? "").toLowerCase();
    const value = readValue(text, ASSIGNMENT.lastIndex, what);
    if (value === undefined) continue;
    if (value.isSecret) found.push({ from: value.from, to: value.to, what });
    // What was read as a value is read once.
    ASSIGNMENT.lastIndex = Math.max(ASSIGNMENT.lastIndex, value.to);
  }
  return found;
}

interface Value {
  readonly from: number;
  readonly to: number;
  readonly isSecret: boolean;
}

function readValue(text: string, start: number, what: string): Value | undefined {
  let from = start;
  while (text[from] === "\\" && from < start + 2) from += 1;
  const quote = text[from] ?? "";
  if (quote === '"' || quote === "'" || quote === "`") {
    const to = endOfQuoted(text, from + 1, quote, from > start);
    return { from: from + 1, to, isSecret: to - from - 1 >= SHORTEST_QUOTED && !isOrdinary(text.slice(from + 1, to)) };
  }
  const to = endOfBare(text, start, what === "authorization");
  if (to === start) return undefined;
  return { from: start, to, isSecret: to - start >= SHORTEST_BARE && text[to] !== "(" && !isOrdinary(text.slice(start, to)) };
}

const isOrdinary = (value: string) => value.length <= 160 && (TYPES.test(value) || VERSION.test(value) || REDACTED.test(value));

/** In a text that is itself inside a string, a backslash begins the quote that closes. */
function endOfQuoted(text: string, start: number, quote: string, isEscaped: boolean): number {
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === quote || letter === "\n" || letter === "\r") return at;
    if (letter !== "\\") continue;
    if (isEscaped) return at;
    at += 1;
  }
  return text.length;
}

/** A header's value has blanks. */
function endOfBare(text: string, start: number, isHeader: boolean): number {
  const end = isHeader ? /["'`\\\r\n]/g : /[\s"'`,;(){}[\]<>\\]/g;
  end.lastIndex = start;
  return end.exec(text)?.index ?? text.length;
}
