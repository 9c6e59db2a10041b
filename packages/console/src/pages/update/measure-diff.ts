/** Beyond these a browser is busy for seconds: whoever made the file may have meant it so. */
const HIGHLIGHTED_CHARACTERS = 200_000;
const LONGEST_LINE = 2_000;
const LAST_LINE = 200_000;
const DRAWN_CHARACTERS = 2_000_000;

export const canBeHighlighted = (text: string): boolean => text.length <= HIGHLIGHTED_CHARACTERS && longestLine(text) <= LONGEST_LINE;

/** What draws differences holds a place for each line up to the last, and compares the words of lines that changed. */
export function canBeDrawn(
  hunks: readonly { readonly oldStart: number; readonly newStart: number; readonly changes: readonly { readonly content: string }[] }[],
): boolean {
  let characters = 0;
  for (const { oldStart, newStart, changes } of hunks) {
    if (Math.max(oldStart, newStart) + changes.length > LAST_LINE) return false;
    for (const { content } of changes) {
      if (content.length > LONGEST_LINE) return false;
      characters += content.length;
    }
  }
  return characters <= DRAWN_CHARACTERS;
}

function longestLine(text: string): number {
  let longest = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const next = end < 0 ? text.length : end;
    longest = Math.max(longest, next - from);
    from = next + 1;
  }
  return longest;
}
