import { stripVTControlCharacters } from "node:util";

/** How programs that run tests tell how many they ran. Nothing is decided in favour of a version by them: they only show that somebody counted. */
const CLAIMS: readonly RegExp[] = [
  /^(not )?ok \d+\b/,
  /^1\.\.\d+\b/,
  /\b\d+ (tests? |specs? |scenarios? |examples? )?(passed|passing|succeeded)\b/i,
  /\bpass(ed|ing)?[ :=]+\d+\b/i,
  /\bran \d+ (tests?|specs?)\b/i,
  /\btests?( run)?[ :=]+\d+\b/i,
  /\b\d+ (tests?|specs?|scenarios?|examples?|assertions?)\b/i,
];

/** Longer lines are no summary. */
const LONGEST = 2_000;

/** The line itself, where it says how many tests ran or passed; else undefined. */
export function findClaim(line: string): string | undefined {
  if (line.length > LONGEST) return undefined;
  const plain = stripVTControlCharacters(line).trim();
  return CLAIMS.some((claim) => claim.test(plain)) ? plain.slice(0, 120) : undefined;
}
