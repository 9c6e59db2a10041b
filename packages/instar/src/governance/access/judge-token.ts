/** `unsure`: the clock is behind what was seen already. */
export type TokenState = "living" | "expired" | "revoked" | "unsure";

export interface TokenTimes {
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

/** Clocks are set by so much without anybody meaning anything by it. */
const CLOCK_SLACK_MS = 300_000;

/**
 * Whether a token still counts. It ends by wall time, and a wall clock may jump: then its life may become shorter, never longer. What was seen of it is
 * remembered with it, so a clock that is set back neither wakes one that had expired nor lends one time.
 */
export function judgeToken({ createdAt, expiresAt, revokedAt, lastUsedAt }: TokenTimes, wallMs: number): TokenState {
  if (revokedAt !== null) return "revoked";
  if (expiresAt === null) return "living";
  const newestMs = Math.max(Date.parse(createdAt), lastUsedAt === null ? 0 : Date.parse(lastUsedAt));
  // Written so that a time that cannot be read ends it.
  if (!(Math.max(wallMs, newestMs) < Date.parse(expiresAt))) return "expired";
  return wallMs < newestMs - CLOCK_SLACK_MS ? "unsure" : "living";
}
