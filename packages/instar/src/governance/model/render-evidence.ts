/**
 * What nobody sees, or sees elsewhere than where it stands: control characters, marks of direction, fillers, blanks other than the blank, whatever has no
 * meaning yet. Lone surrogates are escaped by JSON already.
 */
const INVISIBLE = /[^\P{C}\n]|[^\P{Z} ]|[\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** What may begin a mark that a model's own template knows, such as `<|im_end|>`, `</s>` or `[/INST]`; and what could close our fence. */
const MARK = /<|\[(?=\/?[A-Z_]+\])/g;

/**
 * A value as a JSON text that parses back to the very same value, in which nothing is invisible and no `<` stands. Strings cannot be left: what would end one
 * is escaped, and outside of strings JSON has none of these characters but the line's end.
 */
export function renderEvidence(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(INVISIBLE, escapeUnits).replaceAll(MARK, escapeUnits);
}

/** JSON escapes UTF-16 units: what lies beyond the first plane is two of them. */
function escapeUnits(text: string): string {
  return Array.from({ length: text.length }, (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`).join("");
}
