/** What does not verify; an answer, since anybody may hand in anything. */
export interface Refused {
  readonly kind: "refused";
  /** One sentence, for a person. */
  readonly because: string;
}

/** Neither verified nor refused: what it takes is missing in this browser. Never shown as a pass. */
export interface Uncheckable {
  readonly kind: "uncheckable";
  readonly because: string;
}

export const refused = (because: string): Refused => ({ kind: "refused", because });

/** What others wrote, within a sentence: without what moves a cursor or turns the writing around, and not endless. */
export const quoteText = (text: string): string =>
  JSON.stringify((text.length > 80 ? `${text.slice(0, 80)}…` : text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd"));
