/** What a piece of text means; how that looks is the screen's. */
export type Tone = "plain" | "quiet" | "strong" | "good" | "bad" | "turn" | "live";

export interface Piece {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of text, before it is cut or wrapped to a terminal. */
export interface Row {
  readonly pieces: readonly Piece[];
  /** What does not fit goes on below; else it is cut off. */
  readonly wraps: boolean;
  /** What it is about, in so many columns of its own: what goes on below goes on beside it. */
  readonly label?: { readonly piece: Piece; readonly columns: number };
}

/** Of labels in words. */
const LABEL_COLUMNS = 10;

export const piece = (text: string, tone: Tone = "plain"): Piece => ({ text, tone });
export const cutRow = (...pieces: readonly Piece[]): Row => ({ pieces, wraps: false });
export const wrapRow = (...pieces: readonly Piece[]): Row => ({ pieces, wraps: true });
export const textOf = ({ pieces }: Row): string => pieces.map(({ text }) => text).join("");
export const labelled = (label: string, row: Row): Row => ({ ...row, label: { piece: piece(label, "quiet"), columns: LABEL_COLUMNS } });
export const marked = (mark: Piece, row: Row): Row => ({ ...row, label: { piece: mark, columns: mark.text.length } });
