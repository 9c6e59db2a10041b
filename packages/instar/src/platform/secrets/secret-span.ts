/** A part of a text that must not be shown: where, and what it is. */
export interface SecretSpan {
  readonly from: number;
  readonly to: number;
  readonly what: string;
}
