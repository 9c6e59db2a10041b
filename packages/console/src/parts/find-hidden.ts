/** A stretch of text, or one character that would not be seen or would move its neighbours; `at` is where it begins. */
export type Piece =
  | { readonly kind: "text"; readonly at: number; readonly text: string }
  | { readonly kind: "hidden"; readonly at: number; readonly code: string; readonly name: string };

/** Controls but tab and line end, what turns the direction of writing, what has no width, and what only tags: first and last of each stretch. */
const HIDDEN: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0e],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffc],
  [0xe0000, 0xe0fff],
];

const NAMES: Readonly<Record<number, string>> = {
  13: "carriage return",
  27: "escape",
  8203: "zero width space",
  8206: "left-to-right mark",
  8207: "right-to-left mark",
  8234: "left-to-right embedding",
  8235: "right-to-left embedding",
  8236: "end of direction",
  8237: "left-to-right override",
  8238: "right-to-left override",
  8294: "left-to-right isolate",
  8295: "right-to-left isolate",
  8296: "first strong isolate",
  8297: "end of isolate",
  65279: "byte order mark",
};

/** Cuts a text of unknown hands where it has something that a reader would not see: a diff may lie by it (CVE-2021-42574). */
export function findHidden(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const point = text.codePointAt(at) ?? 0;
    if (!isHidden(point)) continue;
    if (at > from) pieces.push({ kind: "text", at: from, text: text.slice(from, at) });
    pieces.push({ kind: "hidden", at, code: `U+${point.toString(16).toUpperCase().padStart(4, "0")}`, name: NAMES[point] ?? "character that is not seen" });
    if (point > 0xffff) at += 1;
    from = at + 1;
  }
  if (from < text.length || pieces.length === 0) pieces.push({ kind: "text", at: from, text: text.slice(from) });
  return pieces;
}

/** Printable ASCII, which is nearly all of it, is no question. */
const isHidden = (point: number): boolean => (point < 0x20 || point > 0x7e) && HIDDEN.some(([first, last]) => point >= first && point <= last);

/** The same where only a string can be shown, such as a title: `⟨U+202E⟩`. */
export const renderVisible = (text: string): string =>
  findHidden(text)
    .map((piece) => (piece.kind === "text" ? piece.text : `⟨${piece.code}⟩`))
    .join("");
