import type { Role } from "@instar/protocol";

/** Who asks, as it was established at the door. Everything that is recorded of a person or an agent names one of these. */
export interface Caller {
  /** As the ledger says it: a token's own name, or the operator's name where the instance's own door was used. */
  readonly name: string;
  readonly role: Role;
  /** Id of the token that was shown; null at the instance's own door, whose token is made anew at each start. */
  readonly token: string | null;
  /** Names of operations (`update.approve`), or of whole groups (`update.*`), that the token is limited to; null: whatever the role may. */
  readonly scope: readonly string[] | null;
  /** Id of the console's session that was shown; absent where a token was. */
  readonly session?: string;
}
