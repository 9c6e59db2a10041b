import { type Implementations, InstarError } from "@instar/protocol";
import { findExchange } from "../update/find-exchange.ts";
import type { OperationContext } from "./context.ts";

export function implementKeeper({ instance, daemon }: OperationContext): Pick<Implementations, "keeper.replace"> {
  return {
    "keeper.replace": async () => {
      if (daemon === undefined) throw new InstarError("NOT_RUNNING", `Instar does not run for ${instance.name}`, { advice: "Start it with `instar up`." });
      const { journal, rooms, time } = instance;
      for (const update of journal.unfinished()) {
        const because = findExchange(journal.read(update), time.tickMs());
        if (because === undefined) continue;
        throw new InstarError("CONFLICT", `update ${update} is exchanging versions: ${because}`, {
          facts: { update },
          advice: "Try again when `instar status` shows that it is over.",
        });
      }
      const beganMs = rooms.clock.monotonicMs();
      const { pid: before } = await rooms.keeper.state();
      await rooms.keeper.command({ do: "hand-over", epoch: journal.epoch });
      const { pid, startedAt, handOver } = await rooms.keeper.state();
      return { pid, startedAt, before, tookMs: Math.round(rooms.clock.monotonicMs() - beganMs), handOver };
    },
  };
}
