import { judgeToken } from "./judge-token.ts";

/** `idle`: nobody asked for so long that nobody sits there. */
export type SessionState = "living" | "expired" | "idle" | "ended" | "unsure";

export interface SessionTimes {
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string;
  readonly endedAt: string | null;
}

/** A working day. */
export const SESSION_MS = 12 * 3_600_000;
/** An open page asks all the time; one that did not for so long is closed, and its secret went with it. */
const IDLE_MS = 3_600_000;

/** Whether a session still counts, by the same clock as tokens and with the same doubts about it. Pure. */
export function judgeSession({ createdAt, expiresAt, lastUsedAt, endedAt }: SessionTimes, wallMs: number): SessionState {
  const state = judgeToken({ createdAt, expiresAt, lastUsedAt, revokedAt: endedAt }, wallMs);
  if (state === "revoked") return "ended";
  if (state !== "living") return state;
  return wallMs - Date.parse(lastUsedAt) < IDLE_MS ? "living" : "idle";
}
