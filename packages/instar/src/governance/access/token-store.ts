import { timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { InstarError, type Role, type TokenView } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { judgeToken } from "./judge-token.ts";
import { hashTokenSecret, makeTokenSecret, readTokenId } from "./token-secret.ts";

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly scope: readonly string[] | null;
  /** Wall time, ISO 8601; null: never. */
  readonly expiresAt: string | null;
  readonly createdBy: string;
}

/** Why a token does not count. Outsiders hear one answer for all of them. */
export type WhyRefused = "malformed" | "unknown" | "wrong secret" | "expired" | "revoked" | "unsure";

/** `token` of one that is refused: which it is, where there is such a one. */
export type Verified =
  | { readonly kind: "known"; readonly token: TokenView }
  | { readonly kind: "refused"; readonly why: WhyRefused; readonly token: TokenView | null };

/** How exactly it is known when a token was used last: not every question is a write to the disk. */
const USE_NOTED_EVERY_MS = 60_000;
/** Compared with where there is no such token, so that it takes as long as where there is. */
const NOBODY = hashTokenSecret("nobody");

/** The instance's tokens. Only digests of their secrets are kept: who reads the database can come in with none of them. */
export class TokenStore {
  readonly #database: DatabaseSync;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #newId: () => string;

  constructor({ database, clock, newId }: { database: DatabaseSync; clock: Pick<Clock, "wallMs">; newId: () => string }) {
    this.#database = database;
    this.#clock = clock;
    this.#newId = newId;
  }

  /**
   * In the caller's transaction. The secret is returned and kept nowhere.
   * @throws InstarError CONFLICT where a token of this name lives
   */
  create({ name, role, scope, expiresAt, createdBy }: NewToken): { readonly token: TokenView; readonly secret: string } {
    const namesake = this.#namesake(name);
    if (namesake !== undefined && namesake.state !== "expired")
      throw new InstarError("CONFLICT", `a token named ${name} lives already (${namesake.id})`, {
        facts: { token: namesake.id },
        advice: `Take another name, or end it: \`instar token revoke ${namesake.id}\`.`,
      });
    // One that expired gives its name free, and so can never come back.
    if (namesake !== undefined) this.revoke(namesake.id);
    const id = this.#newId();
    const secret = makeTokenSecret(id);
    this.#database
      .prepare("INSERT INTO token (id, name, role, scope, hash, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .run(id, name, role, scope === null ? null : JSON.stringify(scope), hashTokenSecret(secret).toString("hex"), this.#now(), createdBy, expiresAt);
    return { token: this.#demand(id), secret };
  }

  /** Who shows this. In constant time as far as the secret is concerned; ids are no secret. Writes nothing. */
  verify(shown: string): Verified {
    const id = readTokenId(shown);
    if (id === undefined) return { kind: "refused", why: "malformed", token: null };
    const row = this.#row(id);
    const isSame = timingSafeEqual(hashTokenSecret(shown), row === undefined ? NOBODY : Buffer.from(row.hash, "hex"));
    if (row === undefined) return { kind: "refused", why: "unknown", token: null };
    const token = this.#view(row);
    if (!isSame) return { kind: "refused", why: "wrong secret", token };
    return token.state === "living" ? { kind: "known", token } : { kind: "refused", why: token.state, token };
  }

  /**
   * The token of which it is to be noted that its secret was shown. Not again within a minute, but once for certain when it has ended: a clock that is set
   * back later does not wake it. Never while the clock is behind the last time: what was seen does not become less.
   */
  planNote(verified: Verified): TokenView | undefined {
    const { token } = verified;
    if (token === null || (verified.kind === "refused" && verified.why === "wrong secret")) return undefined;
    const { lastUsedAt, expiresAt, state } = token;
    const sinceMs = lastUsedAt === null ? Number.POSITIVE_INFINITY : this.#clock.wallMs() - Date.parse(lastUsedAt);
    const isNews = state === "expired" && sinceMs > 0 && (lastUsedAt ?? "") < (expiresAt ?? "");
    return isNews || sinceMs >= USE_NOTED_EVERY_MS ? token : undefined;
  }

  /** In the caller's transaction. */
  noteUse({ id }: TokenView): void {
    this.#database.prepare("UPDATE token SET last_used_at = ? WHERE id = ?").run(this.#now(), id);
  }

  /** Oldest first, those that ended included. */
  list(): TokenView[] {
    return (this.#database.prepare("SELECT * FROM token ORDER BY rowid").all() as unknown as TokenRow[]).map((row) => this.#view(row));
  }

  /** By its id, or by the name of one that was not revoked. @throws InstarError NOT_FOUND */
  find(named: string): TokenView {
    const row = this.#row(named);
    const found = row === undefined ? this.#namesake(named) : this.#view(row);
    if (found === undefined) throw new InstarError("NOT_FOUND", `there is no token ${named}`, { advice: "`instar token list` shows them all." });
    return found;
  }

  /** Undefined where there is none, or it no longer counts. */
  findLiving(id: string): TokenView | undefined {
    const row = this.#row(id);
    const token = row === undefined ? undefined : this.#view(row);
    return token?.state === "living" ? token : undefined;
  }

  /** In the caller's transaction. One that was revoked before stays as it was. */
  revoke(id: string): TokenView {
    this.#database.prepare("UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL").run(this.#now(), id);
    return this.#demand(id);
  }

  /** Of these ids those whose tokens were taken away. One that merely expired was good when it was shown. */
  revokedAmong(ids: readonly string[]): string[] {
    return ids.filter((id) => {
      const row = this.#row(id);
      return row === undefined || row.revoked_at !== null;
    });
  }

  /** Whether somebody can come in who decides who else may. */
  hasLivingAdmin(): boolean {
    return this.list().some(({ role, state }) => role === "admin" && state === "living");
  }

  #namesake(name: string): TokenView | undefined {
    const row = this.#database.prepare("SELECT * FROM token WHERE name = ? AND revoked_at IS NULL").get(name) as unknown as TokenRow | undefined;
    return row === undefined ? undefined : this.#view(row);
  }

  #row(id: string): TokenRow | undefined {
    return this.#database.prepare("SELECT * FROM token WHERE id = ?").get(id) as unknown as TokenRow | undefined;
  }

  #demand(id: string): TokenView {
    const row = this.#row(id);
    if (row === undefined) throw new InstarError("NOT_FOUND", `there is no token ${id}`);
    return this.#view(row);
  }

  #view({ id, name, role, scope, created_at, created_by, expires_at, revoked_at, last_used_at }: TokenRow): TokenView {
    const times = { createdAt: created_at, expiresAt: expires_at, revokedAt: revoked_at, lastUsedAt: last_used_at };
    const state = judgeToken(times, this.#clock.wallMs());
    return { id, name, role, scope: scope === null ? null : (JSON.parse(scope) as string[]), state, createdBy: created_by, ...times };
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly scope: string | null;
  readonly hash: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}
