import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import type { Caller } from "../governance/access/caller.ts";
import { SESSION_MS } from "../governance/access/judge-session.ts";
import type { LoginCodes } from "../governance/access/login-codes.ts";
import { type Session, SessionStore, type ShownSession } from "../governance/access/session-store.ts";
import type { TokenStore } from "../governance/access/token-store.ts";
import type { Actor } from "../ledger/ledger-entry.ts";
import { newId } from "../update/new-id.ts";
import type { OperationContext } from "./context.ts";
import { type Refusals, unauthorized } from "./refusals.ts";

type Instance = OperationContext["instance"];

export interface ConsoleDoorParts {
  readonly instance: Instance;
  readonly tokens: TokenStore;
  readonly codes: LoginCodes;
  readonly refusals: Refusals;
  /** Who comes in by a token, or by the instance's own door. @throws InstarError UNAUTHORIZED, RATE_LIMITED */
  readonly admitToken: (shown: string) => Promise<Caller>;
  /** Whoever comes through the instance's own door, as it is now. */
  readonly owner: () => Promise<Caller>;
}

/** What the console's page is told of who sits at it. */
export interface SessionView {
  readonly expiresAt: string;
  readonly caller: { readonly name: string; readonly role: Caller["role"]; readonly type: "user" | "agent" };
}

export interface Login {
  readonly shown: ShownSession;
  readonly view: SessionView;
  /** How long a browser keeps the cookie. */
  readonly seconds: number;
}

/**
 * Where people come in with a browser: a token, or a code that a token asked for, becomes a session of two halves. A session is no more than what it was made
 * from, at each moment: it ends with its token, has its scope, and of the instance's own door never more than that allowed when it began.
 */
export class ConsoleDoor {
  readonly #parts: ConsoleDoorParts;
  readonly #sessions: SessionStore;

  constructor(parts: ConsoleDoorParts) {
    const { database, rooms } = parts.instance;
    this.#parts = parts;
    this.#sessions = new SessionStore({ database, clock: rooms.clock, newId });
  }

  /** @throws InstarError UNAUTHORIZED, RATE_LIMITED, DISK_FULL */
  async login(shown: { readonly code: string } | { readonly token: string }): Promise<Login> {
    const caller = "code" in shown ? this.#takeCode(shown.code) : await this.#parts.admitToken(shown.token);
    const begun = transact(this.#parts.instance.database, () => {
      const made = this.#sessions.begin(caller);
      this.#note("SESSION_BEGUN", caller, made.id, `${caller.name} opened the console (${caller.role}) by ${"code" in shown ? "a login code" : "a token"}`);
      return made;
    });
    const { id, cookie, secret } = begun;
    return { shown: { id, cookie, secret }, view: viewOf(begun.session, caller), seconds: SESSION_MS / 1_000 };
  }

  /** Who shows both halves of a session; null where none was. @throws InstarError UNAUTHORIZED, RATE_LIMITED */
  async admit(shown: ShownSession | null): Promise<Caller> {
    if (shown === null) throw unauthorized();
    const verified = this.#sessions.verify(shown);
    if (verified.kind === "refused") {
      if (verified.session === null) throw this.#parts.refusals.add({ what: "a session of the console", why: verified.why, token: null });
      throw this.#over(verified.session);
    }
    const caller = await this.#callerOf(verified.session);
    if (caller === undefined) throw this.#over(verified.session);
    this.#noteUse(verified.session);
    return caller;
  }

  /** Of a caller who came by one. @throws InstarError UNAUTHORIZED */
  view(caller: Caller): SessionView {
    const session = caller.session === undefined ? undefined : this.#sessions.findLiving(caller.session);
    if (session === undefined) throw unauthorized();
    return viewOf(session, caller);
  }

  /** What a page that stays open is asked again and again. Being open is being there: it counts as use. */
  isStillIn(id: string): boolean {
    const session = this.#sessions.findLiving(id);
    if (session === undefined || (session.token !== null && this.#parts.tokens.findLiving(session.token) === undefined)) return false;
    this.#noteUse(session);
    return true;
  }

  logout(caller: Caller): void {
    const { session } = caller;
    if (session === undefined) throw unauthorized();
    transact(this.#parts.instance.database, () => {
      this.#sessions.end(session);
      this.#note("SESSION_ENDED", caller, session, `${caller.name} left the console`);
    });
  }

  /** For when somebody else may have listened in the daemon's place. */
  endAll(because: string): void {
    transact(this.#parts.instance.database, () => {
      const ended = this.#sessions.endAll();
      if (ended > 0) this.#note("SESSION_ENDED", null, null, `${ended} sessions of the console were ended: ${because}`);
    });
  }

  #takeCode(shown: string): Caller {
    const { codes, refusals, tokens } = this.#parts;
    const taken = codes.take(shown);
    if (taken.kind === "refused") throw refusals.add({ what: "a login code", why: taken.why, token: null });
    const { token } = taken.caller;
    if (token !== null && tokens.findLiving(token) === undefined) throw refusals.add({ what: "a login code", why: "of a token that ended", token: null });
    return taken.caller;
  }

  /** Undefined where what it was made from counts no more. */
  async #callerOf({ id, token, role }: Session): Promise<Caller | undefined> {
    if (token === null) {
      const owner = await this.#parts.owner();
      return { ...owner, role: role === "admin" ? owner.role : "operator", session: id };
    }
    const { tokens } = this.#parts;
    const found = tokens.findLiving(token);
    if (found === undefined) return undefined;
    this.#quietly(() => {
      const due = tokens.planNote({ kind: "known", token: found });
      if (due !== undefined) transact(this.#parts.instance.database, () => tokens.noteUse(due));
    });
    return { name: found.name, role: found.role, token, scope: found.scope, session: id };
  }

  /** It was a real one, and whoever shows it may know that it is over: that is no guess. */
  #over(session: Session): InstarError {
    this.#quietly(() => transact(this.#parts.instance.database, () => this.#sessions.end(session.id)));
    return new InstarError("UNAUTHORIZED", "the session has ended", { advice: "`instar console` opens a new one." });
  }

  #noteUse(session: Session): void {
    this.#quietly(() => {
      if (this.#sessions.isNoteDue(session)) transact(this.#parts.instance.database, () => this.#sessions.noteUse(session));
    });
  }

  /** What could not be written down keeps nobody out, and lets nobody in. */
  #quietly(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!InstarError.is(error, "DISK_FULL")) throw error;
    }
  }

  #note(event: "SESSION_BEGUN" | "SESSION_ENDED", caller: Caller | null, session: string | null, description: string): void {
    const actor: Actor = caller === null ? { type: "system", id: "daemon" } : { type: typeOf(caller), id: caller.name };
    const details = { session, token: caller?.token ?? null, role: caller?.role ?? null };
    this.#parts.instance.ledger.append({ event, actor, description, success: true, details });
  }
}

const typeOf = ({ role }: Caller) => (role === "agent" ? "agent" : "user");

const viewOf = ({ expiresAt }: Session, caller: Caller): SessionView => ({
  expiresAt,
  caller: { name: caller.name, role: caller.role, type: typeOf(caller) },
});
