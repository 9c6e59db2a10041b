import { isSecretName } from "./is-secret-name.ts";

export const MASK = "********";

/** What is a secret by its form: a password in an address, a key between marks, a long run without words, a known beginning. */
export function maskText(text: string): string {
  if (/-----BEGIN [A-Z ]+-----/.test(text)) return MASK;
  return text
    .replaceAll(/(:\/\/[^\s/:@]*:)[^\s/@]+@/g, `$1${MASK}@`)
    .replaceAll(/\b(sk|pk|rk|ghp|gho|github_pat|glpat|xox[abpr]|AKIA|eyJ)[-_A-Za-z0-9.]{12,}/g, MASK)
    .replaceAll(/\b(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Za-z])[A-Za-z0-9+/_-]{32,}={0,2}/g, MASK);
}

/** A value without its secrets: those that their key's name tells, at any depth, and those that their form tells. */
export function maskValue(value: unknown): unknown {
  if (typeof value === "string") return maskText(value);
  if (Array.isArray(value)) return value.map(maskValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, isSecretName(key) && isPlain(inner) ? MASK : maskValue(inner)]));
}

const isPlain = (value: unknown) => typeof value === "string" || typeof value === "number";
