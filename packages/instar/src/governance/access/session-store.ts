import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { InstarError, type Role } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { judgeSession, SESSION_MS, type SessionState, type SessionTimes } from "./judge-session.ts";

export interface Session extends SessionTimes {
  readonly id: string;
  /** The token that it was opened with; null: the instance's own door. */
  readonly token: string | null;
  /** What that allowed then. */
  readonly role: Role;
  readonly state: SessionState;
}

/** What a browser shows of a session. Neither half is worth anything without the other. */
export interface ShownSession {
  readonly id: string;
  /** Sent by the browser to every port of this host, an agent's among them. */
  readonly cookie: string;
  /** Kept by the page, which only what comes from this very port can read. */
  readonly secret: string;
}

/** `session` of one that is refused: which it is, where both halves are right. */
export type VerifiedSession =
  | { readonly kind: "known"; readonly session: Session }
  | { readonly kind: "refused"; readonly why: "unknown" | "wrong secret" | Exclude<SessionState, "living">; readonly session: Session | null };

/** Of one token: whoever opens one more ends the oldest. */
const MOST_LIVING = 10;
const MOST_BEGUN = 20;
const BEGUN_WITHIN_MS = 600_000;
/** How exactly it is known when a session was used last: not every question is a write to the disk. */
const USE_NOTED_EVERY_MS = 60_000;
/** How long one that ended is still told from a guess. */
const REMEMBERED_MS = 7 * 86_400_000;
const NOBODY = hash("nobody");

/** Who is at the web console. Only digests are kept: who reads the database can show no session. It outlives the daemon, so that a page does too. */
export class SessionStore {
  readonly #database: DatabaseSync;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #newId: () => string;

  constructor({ database, clock, newId }: { database: DatabaseSync; clock: Pick<Clock, "wallMs">; newId: () => string }) {
    this.#database = database;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** In the caller's transaction. @throws InstarError RATE_LIMITED where one token opens them without end: each is an entry of the ledger */
  begin({ token, role }: Pick<Session, "token" | "role">): ShownSession & { readonly session: Session } {
    const wallMs = this.#clock.wallMs();
    this.#database.prepare("DELETE FROM console_session WHERE expires_at < ?").run(new Date(wallMs - REMEMBERED_MS).toISOString());
    const own = this.#all().filter((session) => session.token === token);
    const recent = own.filter(({ createdAt }) => Date.parse(createdAt) > wallMs - BEGUN_WITHIN_MS);
    if (recent.length >= MOST_BEGUN)
      throw new InstarError("RATE_LIMITED", `${recent.length} sessions were begun in the last ten minutes`, {
        facts: { retryAfterSeconds: BEGUN_WITHIN_MS / 1_000 },
        transient: true,
        advice: "Use one that is open, or wait.",
      });
    const living = own.filter(({ state }) => state === "living");
    for (const session of living.slice(0, Math.max(0, living.length - MOST_LIVING + 1))) this.end(session.id);
    const [id, cookie, secret] = [this.#newId(), makeHalf(), makeHalf()];
    const now = new Date(wallMs).toISOString();
    this.#database
      .prepare("INSERT INTO console_session (id, token, role, cookie_hash, secret_hash, created_at, expires_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .run(id, token, role, hash(cookie).toString("hex"), hash(secret).toString("hex"), now, new Date(wallMs + SESSION_MS).toISOString(), now);
    return { id, cookie, secret, session: this.#demand(id) };
  }

  /** Whose this is. In constant time as far as both halves are concerned; ids are no secret. Writes nothing. */
  verify({ id, cookie, secret }: ShownSession): VerifiedSession {
    const row = this.#row(id);
    const isSame = [
      [cookie, row?.cookie_hash],
      [secret, row?.secret_hash],
    ].map(([shown, kept]) => timingSafeEqual(hash(shown ?? ""), kept === undefined ? NOBODY : Buffer.from(kept, "hex")));
    if (row === undefined) return { kind: "refused", why: "unknown", session: null };
    if (isSame.includes(false)) return { kind: "refused", why: "wrong secret", session: null };
    const session = this.#view(row);
    return session.state === "living" ? { kind: "known", session } : { kind: "refused", why: session.state, session };
  }

  /** Undefined where there is none, or it no longer counts. */
  findLiving(id: string): Session | undefined {
    const row = this.#row(id);
    const session = row === undefined ? undefined : this.#view(row);
    return session?.state === "living" ? session : undefined;
  }

  isNoteDue({ lastUsedAt }: Session): boolean {
    return this.#clock.wallMs() - Date.parse(lastUsedAt) >= USE_NOTED_EVERY_MS;
  }

  /** In the caller's transaction. */
  noteUse({ id }: Session): void {
    this.#database.prepare("UPDATE console_session SET last_used_at = ? WHERE id = ?").run(this.#now(), id);
  }

  /** In the caller's transaction. For good: a clock that is set back wakes none. */
  end(id: string): void {
    this.#database.prepare("UPDATE console_session SET ended_at = ? WHERE id = ? AND ended_at IS NULL").run(this.#now(), id);
  }

  /** In the caller's transaction. @returns how many there were */
  endAll(): number {
    return Number(this.#database.prepare("UPDATE console_session SET ended_at = ? WHERE ended_at IS NULL").run(this.#now()).changes);
  }

  #all(): Session[] {
    return (this.#database.prepare("SELECT * FROM console_session ORDER BY rowid").all() as unknown as SessionRow[]).map((row) => this.#view(row));
  }

  #row(id: string): SessionRow | undefined {
    return this.#database.prepare("SELECT * FROM console_session WHERE id = ?").get(id) as unknown as SessionRow | undefined;
  }

  #demand(id: string): Session {
    const row = this.#row(id);
    if (row === undefined) throw new InstarError("NOT_FOUND", `there is no session ${id}`);
    return this.#view(row);
  }

  #view({ id, token, role, created_at, expires_at, last_used_at, ended_at }: SessionRow): Session {
    const times = { createdAt: created_at, expiresAt: expires_at, lastUsedAt: last_used_at, endedAt: ended_at };
    return { id, token, role, ...times, state: judgeSession(times, this.#clock.wallMs()) };
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}

const makeHalf = () => randomBytes(32).toString("base64url");

/** Not a password's slow hash: 256 random bits are not guessed, however fast they can be tried. */
function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

interface SessionRow {
  readonly id: string;
  readonly token: string | null;
  readonly role: Role;
  readonly cookie_hash: string;
  readonly secret_hash: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly last_used_at: string;
  readonly ended_at: string | null;
}
