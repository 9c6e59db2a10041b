import { InstarError, parseProblem, type Role } from "@instar/protocol";
import { keepInTab } from "../platform/storage.ts";
import { createCell, useCell } from "./cell.ts";

/**
 * A session is a cookie, which script cannot read, and a secret, which another port of this host is never sent: each opens nothing without the other.
 * The secret lives as long as the tab.
 */
export interface Session {
  readonly secret: string;
  readonly expiresAt: string;
  readonly caller: { readonly name: string; readonly role: Role; readonly type: string };
}

type SessionState =
  | { readonly kind: "unknown" }
  | { readonly kind: "none"; readonly because: string | null }
  | { readonly kind: "open"; readonly session: Session };

const SECRET_HEADER = "x-instar-session";
const SESSION_PATH = "/console/session";
const kept = keepInTab("session");
const state = createCell<SessionState>({ kind: "unknown" });

export const useSession = (): SessionState => useCell(state);

/** What every request carries beside the cookie. */
export function sessionHeaders(): Record<string, string> {
  const secret = kept.read();
  return secret === null ? {} : { [SECRET_HEADER]: secret };
}

/** Opens a session by a one-time code or a token. */
export async function openSession(by: { readonly code: string } | { readonly token: string }): Promise<void> {
  const answer = await fetch(SESSION_PATH, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(by),
    credentials: "same-origin",
  }).catch((cause: unknown) => {
    throw new InstarError("NOT_RUNNING", "Instar's daemon does not answer", { cause, transient: true, advice: "`instar status` says what it is doing" });
  });
  if (!answer.ok) throw parseProblem(await answer.json());
  const session = (await answer.json()) as Session;
  kept.write(session.secret);
  state.set({ kind: "open", session });
}

/** Opens one by the code that the address carried. A code that is used up says so, unless there was a session before. */
export async function beginByCode(code: string): Promise<void> {
  try {
    await openSession({ code });
  } catch (error) {
    await resumeSession();
    if (state.get().kind !== "open") state.set({ kind: "none", because: (error as Error).message });
  }
}

/** Looks whether the session of before a reload still stands. */
export async function resumeSession(): Promise<void> {
  const secret = kept.read();
  if (secret === null) return state.set({ kind: "none", because: null });
  try {
    const answer = await fetch(SESSION_PATH, { headers: sessionHeaders(), credentials: "same-origin", cache: "no-store" });
    if (answer.status === 401) return loseSession("The session has ended.");
    if (!answer.ok) throw parseProblem(await answer.json());
    state.set({ kind: "open", session: { ...((await answer.json()) as Omit<Session, "secret">), secret } });
  } catch {
    state.set({ kind: "none", because: "Instar's daemon does not answer. Reload this page once it runs: `instar status` says what it is doing." });
  }
}

/** The daemon no longer knows this session. */
export function loseSession(because: string): void {
  kept.write(null);
  state.set({ kind: "none", because });
}

export async function closeSession(): Promise<void> {
  await fetch(SESSION_PATH, { method: "DELETE", headers: sessionHeaders(), credentials: "same-origin" }).catch(() => undefined);
  loseSession("You have signed out.");
}
