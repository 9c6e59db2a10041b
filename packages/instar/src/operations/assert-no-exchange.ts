import { InstarError } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { findExchange } from "../update/find-exchange.ts";

/** What would be in the way of an exchange waits for its end. @throws InstarError CONFLICT */
export function assertNoExchange({ journal, time }: Pick<Instance, "journal" | "time">): void {
  for (const update of journal.unfinished()) {
    const because = findExchange(journal.read(update), time.tickMs());
    if (because !== undefined)
      throw new InstarError("CONFLICT", `update ${update} is exchanging versions: ${because}`, {
        facts: { update },
        transient: true,
        advice: "Try again when `instar status` shows that it is over.",
      });
  }
}
