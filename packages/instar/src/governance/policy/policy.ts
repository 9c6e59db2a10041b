export interface Policy {
  /** Its `@id`; where it has none, its file and its place there. */
  readonly id: string;
  readonly file: string;
  readonly effect: "permit" | "forbid";
  /** Its `@because`: why, in words for people. */
  readonly because: string | null;
  /** Its `@approvals`: how many people it asks for. */
  readonly approvals: number;
  /** Its `@passkey("required")`: only what their passkeys signed counts. */
  readonly passkey: boolean;
  readonly text: string;
}
