/** Somebody else's text in a sentence of ours: on one line, cut, without what would move a terminal's cursor or change its colours. */
export function plainText(text: string, longest: number): string {
  const line = text
    .slice(0, longest * 4)
    .replaceAll(/\p{Cc}\[[0-9;]*[A-Za-z]/gu, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, "?");
  return line.trim().slice(0, longest);
}

/** The same in quotes. */
export const quoteText = (text: string, longest: number) => JSON.stringify(plainText(text, longest));
