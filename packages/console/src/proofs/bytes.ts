/** Bytes that WebCrypto takes: never in memory that several threads share. */
export type Bytes = Uint8Array<ArrayBuffer>;

export const HASH_BYTES = 32;

export const encodeText = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

export function joinBytes(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export const isSameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

export const renderHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const renderBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** Of base64 as RFC 4648 §4 writes it, padded and in one form only; undefined of anything else, so that no two texts mean the same bytes. */
export function parseBase64(text: string): Bytes | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return renderBase64(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** A number from 0 without zeros before it; undefined of anything else, and of what a number cannot hold exactly. */
export function parseDecimal(text: string): number | undefined {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

export const sha256 = async (bytes: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
