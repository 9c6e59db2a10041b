import type { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { InstarError } from "@instar/protocol";
import type { Facts } from "../../database/facts.ts";
import { transact } from "../../database/open-database.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Actor } from "../../ledger/ledger-entry.ts";
import { planTrustAdvance, type SeenTrust } from "./plan-trust-advance.ts";

const FACT = "registryFloors";

/** What was seen of the repository, where neither it nor the agent can write. */
export interface FloorsRecord<Floors extends SeenTrust> {
  /** Null before anything was seen. @throws InstarError DATA_DAMAGED: damaged ones are never taken for none */
  read(): Floors | null;
  /**
   * Records what was seen now, and tells the ledger where more than the time advanced: both or neither.
   * @param before as `read` gave it @throws InstarError CONFLICT (transient) where another one recorded meanwhile, DATA_DAMAGED, DISK_FULL
   */
  advance(before: Floors | null, after: Floors): void;
}

export interface FloorsRecordParts<Floors extends SeenTrust> {
  readonly database: DatabaseSync;
  readonly facts: Facts;
  readonly ledger: Pick<Ledger, "append">;
  /** @throws InstarError DATA_DAMAGED */
  readonly parse: (value: unknown) => Floors;
  /** False for who only reads: nothing that it finds is acted on. */
  readonly mayWrite: boolean;
}

export function openFloorsRecord<Floors extends SeenTrust>({ database, facts, ledger, parse, mayWrite }: FloorsRecordParts<Floors>): FloorsRecord<Floors> {
  const read = (): Floors | null => {
    const value = readFact(facts);
    return value === undefined ? null : parse(value);
  };
  return {
    read,
    advance: (before, after) => {
      if (!mayWrite) return;
      transact(database, () => {
        if (!isDeepStrictEqual(read(), before))
          throw new InstarError("CONFLICT", "somebody else asked the registry meanwhile", { transient: true, advice: "It is asked again." });
        facts.write(FACT, after);
        const statement = planTrustAdvance(before, after);
        if (statement !== null) ledger.append(statement);
      });
    },
  };
}

/** What a person wants forgotten: the repository was made anew, or the record is damaged. Trust begins again with the root that instar.yaml names. */
export function forgetFloors(
  { database, facts, ledger }: Pick<FloorsRecordParts<SeenTrust>, "database" | "facts" | "ledger">,
  { actor, because }: { readonly actor: Actor; readonly because: string },
): void {
  transact(database, () => {
    facts.remove(FACT);
    ledger.append({
      event: "TRUST_FORGOTTEN",
      actor,
      description: `${actor.id} let Instar forget what it saw of the registry${because === "" ? "" : `: ${because}`}`,
      success: true,
    });
  });
}

function readFact(facts: Facts): unknown {
  try {
    return facts.read(FACT);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new InstarError("DATA_DAMAGED", "what was seen of the repository can no longer be read", {
      cause,
      advice: "Nothing is taken from it until the record is put back.",
    });
  }
}
