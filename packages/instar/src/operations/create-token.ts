import { InstarError, type OutputOf, type TokenView } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { aboutOf, noteHappenings } from "../daemon/tell-people.ts";
import { transact } from "../database/open-database.ts";
import type { NewToken, TokenStore } from "../governance/access/token-store.ts";
import type { Actor } from "../ledger/ledger-entry.ts";

/** What it takes; less than an instance, so that the first token can be made where no daemon lets anybody make one. */
export type TokenRoom = Pick<Instance, "name" | "settings" | "database" | "ledger"> & { readonly rooms: Pick<Instance["rooms"], "clock"> };

export interface TokenAsked extends Omit<NewToken, "createdBy"> {
  readonly actor: Actor;
  /** How it came to be, where that is worth a word. */
  readonly how: string;
  /** Asked within the transaction; what it throws leaves nothing. */
  readonly assertAllowed?: () => void;
}

/** The token, its entry in the ledger and what people are told of it, in one transaction: none of them without the others, whoever makes it. */
export function createToken(room: TokenRoom, tokens: TokenStore, { actor, how, assertAllowed, ...asked }: TokenAsked): OutputOf<"token.create"> {
  return transact(room.database, () => {
    assertAllowed?.();
    const { token, secret } = tokens.create({ ...asked, createdBy: actor.id });
    const description = `${actor.id} made the token ${token.name} (${describeRights(token)})${how}`;
    room.ledger.append({ event: "TOKEN_CREATED", actor, description, success: true, details: detailsOf(token) });
    noteHappenings(room, [
      {
        occasion: "token-created",
        key: token.id,
        summary: description,
        ...{ update: null, versionFrom: null, versionTo: null },
        advice: `If nobody meant to: instar token revoke ${token.id}`,
        ...aboutOf(room),
      },
    ]);
    return { ...token, secret };
  });
}

/** In a transaction of its own. One that was revoked before is left as it is, and nothing more is said of it. */
export function revokeToken({ database, ledger }: TokenRoom, tokens: TokenStore, named: string, actor: Actor): TokenView {
  return transact(database, () => {
    const found = tokens.find(named);
    if (found.state === "revoked") return found;
    const description = `${actor.id} ended the token ${found.name} (${describeRights(found)})`;
    ledger.append({ event: "TOKEN_REVOKED", actor, description, success: true, details: detailsOf(found) });
    return tokens.revoke(found.id);
  });
}

/** The first token is made by whoever owns the data folder; every later one by who has a token of role admin. */
export function assertNoAdmin(tokens: TokenStore): void {
  if (tokens.hasLivingAdmin()) throw new InstarError("FORBIDDEN", "a token of role admin lives, and only who has such a one makes others");
}

const describeRights = ({ role, scope, expiresAt }: TokenView) =>
  `${role}${scope === null ? "" : ` for ${scope.join(", ")}`}, ${expiresAt === null ? "which never ends" : `until ${expiresAt}`}`;

const detailsOf = ({ id, name, role, scope, expiresAt }: TokenView) => ({ token: id, name, role, scope: scope === null ? null : [...scope], expiresAt });
