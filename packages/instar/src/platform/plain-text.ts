/** Somebody else's text in a sentence of ours: on one line, cut, without what would move a terminal's cursor or change its colours. */
export function plainText(text: string, longest: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  const line = text
    .slice(0, longest * 4)
    .replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "?");
  return line.trim().slice(0, longest);
}

/** The same in quotes. */
export const quoteText = (text: string, longest: number) => JSON.stringify(plainText(text, longest));
