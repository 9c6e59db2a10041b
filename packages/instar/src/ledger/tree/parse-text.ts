import { InstarError } from "@instar/protocol";

export interface TextRule {
  /** What it is, for the error: "the note". */
  readonly what: string;
  readonly longestBytes: number;
}

/**
 * Lines of somebody who is not trusted, exactly as they came: UTF-8, ended by a newline, without other control characters (C2SP signed-note).
 * @throws InstarError INPUT_INVALID
 */
export function parseText(input: string | Uint8Array, { what, longestBytes }: TextRule): string {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `${what} ${because}`);
  if (Buffer.byteLength(input) > longestBytes) throw refuse(`is longer than ${longestBytes} bytes`);
  const text = typeof input === "string" ? input : decode(input);
  if (text === undefined || !text.isWellFormed()) throw refuse("is not UTF-8");
  if (!text.endsWith("\n")) throw refuse("does not end in a newline");
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < SPACE && code !== NEWLINE) throw refuse(`holds the control character ${code}`);
  }
  return text;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** A byte order mark is kept: what was signed must come out as it went in. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Of base64 as RFC 4648 §4 writes it, padded and in one form only; undefined of anything else, so that no two texts mean the same bytes. */
export function parseBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** A number from 0 without zeros before it; undefined of anything else, and of what a number cannot hold exactly. */
export function parseDecimal(text: string): number | undefined {
  const value = /^(?:0|[1-9][0-9]*)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
