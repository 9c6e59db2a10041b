/**
 * The lines of an HTTP/1.x answer (RFC 9112 §4, §5, §7.1), without their CRLF, one character a byte. Each throws where the line
 * could be read in two ways: an agent is believed in what it says, never in what it may have meant.
 */

export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** `HTTP/1.1 200 OK`; the reason may be missing, with or without its space. */
export function parseStatusLine(line: string): { minor: number; statusCode: number; statusMessage: string } {
  if (!line.startsWith("HTTP/1.") || line.charCodeAt(8) !== SPACE) throw new MalformedAnswer("the answer does not begin as HTTP/1.x");
  const minor = line.charCodeAt(7) - ZERO;
  if (minor !== 0 && minor !== 1) throw new MalformedAnswer("the answer's version is neither 1.0 nor 1.1");
  let statusCode = 0;
  for (let at = 9; at < 12; at += 1) {
    const digit = line.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw new MalformedAnswer("the answer's status is not three digits");
    statusCode = statusCode * 10 + digit;
  }
  if (statusCode < 100) throw new MalformedAnswer("the answer's status does not exist");
  if (line.length > 12 && line.charCodeAt(12) !== SPACE) throw new MalformedAnswer("the answer's status is not three digits");
  const statusMessage = line.slice(13);
  assertText(statusMessage);
  return { minor, statusCode, statusMessage };
}

/** `Name: value`, appended to `into` as two entries: the name as it is written, the value without the blanks around it. */
export function parseFieldLine(line: string, into: string[]): void {
  const length = line.length;
  let colon = 0;
  while (colon < length && CHARACTERS[line.charCodeAt(colon)] === TOKEN) colon += 1;
  // A line that begins with a blank would continue the one before it in the eyes of some (RFC 9112 §5.2); others see a field.
  if (colon === 0 || line.charCodeAt(colon) !== COLON) throw new MalformedAnswer("a header line has no name");
  let from = colon + 1;
  while (from < length && isBlank(line.charCodeAt(from))) from += 1;
  let to = length;
  while (to > from && isBlank(line.charCodeAt(to - 1))) to -= 1;
  const value = line.slice(from, to);
  assertText(value);
  into.push(line.slice(0, colon), value);
}

/** A decimal length: digits, nothing else, and no more than a number holds exactly. */
export function parseContentLength(value: string): number {
  const length = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(length)) throw new MalformedAnswer("the answer's length is not a number");
  return length;
}

/** `1a`, `1a;name=value`: the size in bytes. Extensions are checked and forgotten (RFC 9112 §7.1.1). */
export function parseChunkLine(line: string): number {
  let digits = 0;
  let sizeBytes = 0;
  for (; digits < line.length; digits += 1) {
    const digit = hexValue(line.charCodeAt(digits));
    if (digit < 0) break;
    sizeBytes = sizeBytes * 16 + digit;
    if (digits >= 16 || sizeBytes > Number.MAX_SAFE_INTEGER) throw new MalformedAnswer("a chunk is larger than a number holds");
  }
  if (digits === 0) throw new MalformedAnswer("a chunk has no size");
  if (digits < line.length && !EXTENSIONS.test(line.slice(digits))) throw new MalformedAnswer("a chunk's size is not a number");
  return sizeBytes;
}

const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
const COLON = 0x3a;

/** What a byte may be part of: RFC 9110 §5.5 (text) and §5.6.2 (token). */
const NEITHER = 0;
const TEXT = 1;
const TOKEN = 2;
const CHARACTERS = classifyCharacters();

function classifyCharacters(): Uint8Array {
  const kinds = new Uint8Array(256).fill(TEXT, SPACE).fill(TEXT, TAB, TAB + 1);
  kinds[0x7f] = NEITHER;
  for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") kinds[character.charCodeAt(0)] = TOKEN;
  return kinds;
}

const EXTENSIONS =
  /^(?:;[!#$%&'*+\-.^_`|~\dA-Za-z]+(?:=(?:[!#$%&'*+\-.^_`|~\dA-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)+$/;

function assertText(text: string): void {
  for (let at = 0; at < text.length; at += 1)
    if (CHARACTERS[text.charCodeAt(at)] === NEITHER) throw new MalformedAnswer("the answer's head has bytes that no text has");
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function hexValue(code: number): number {
  if (code >= ZERO && code <= 0x39) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
