import { type Implementations, InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import type { Json } from "../ledger/ledger-entry.ts";
import type { OperationContext } from "./context.ts";

/** What whoever asks wants to have stood on the ledger in his own name. It decides nothing. */
export function implementAgentNotes({ instance, actor, noteCount }: OperationContext): Pick<Implementations, "agent.note"> {
  return {
    "agent.note": async ({ what, text, success, facts }) => {
      const told = facts === undefined ? {} : { facts: parseFacts(facts) };
      noteCount.add();
      const { index } = transact(instance.database, () =>
        instance.ledger.append({ event: "AGENT_NOTED", actor, description: `${actor.id} notes ${what}: ${text}`, success, details: { what, ...told } }),
      );
      return { index, because: `it is entry ${index} of the ledger` };
    },
  };
}

/** @throws InstarError INPUT_INVALID */
function parseFacts(text: string): { readonly [name: string]: Json } {
  let facts: unknown;
  try {
    facts = JSON.parse(text);
  } catch (cause) {
    throw new InstarError("INPUT_INVALID", "facts are not JSON", { cause });
  }
  const isPlain = typeof facts === "object" && facts !== null && !Array.isArray(facts);
  if (!isPlain || !Object.values(facts as object).every((value) => ["string", "number", "boolean"].includes(typeof value)))
    throw new InstarError("INPUT_INVALID", "facts are a JSON object of texts, numbers and truth values");
  return facts as { readonly [name: string]: Json };
}
