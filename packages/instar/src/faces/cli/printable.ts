/**
 * Text of anybody's on a terminal: control characters, directional marks and what has no width are written as what they are, so that nothing a candidate
 * says can move a cursor, colour a line or turn one round.
 */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (letter) => `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
