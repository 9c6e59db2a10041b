import { InstarError } from "@instar/protocol";
import { Exchange, slotOf } from "../exchange.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { readRestart } from "./restart-agent.ts";

/** Confirms that the agent goes on with the edits: its process serves and is well, and is another one where it was to be started again. */
export function confirmAgentStep(rooms: StepRooms): Step {
  return defineStep({
    id: "confirm-agent",
    version: 1,
    title: "Confirm that the agent is well",
    endsLease: true,
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const release = context.start.releaseFrom;
      if (release === null) return { kind: "done", gives: { confirmed: "nothing runs yet" } };
      const exchange = new Exchange(rooms, context);
      const slot = slotOf(await exchange.report(), release);
      if (slot === undefined) throw new InstarError("VERIFY_FAILED", `no slot has release ${release}`);
      // An agent that reads its files again by itself may take a moment.
      await exchange.waitUntilReady(slot, { quotesLog: false });
      const { slots, routed, holding } = await exchange.report();
      const { pid, startedAt, alive } = slots[slot];
      if (!alive || pid === null) throw new InstarError("VERIFY_FAILED", "the agent does not run");
      if (routed !== slot || holding) throw new InstarError("VERIFY_FAILED", "the front does not serve the agent", { facts: { routed: String(routed) } });
      const before = readRestart(rooms, context.update)?.before;
      if (before?.pid === pid && before.startedAt === startedAt) throw new InstarError("VERIFY_FAILED", `process ${pid} was to be started again and was not`);
      return { kind: "done", gives: { pid, confirmed: `process ${pid} serves and is well` } };
    },
    undo: { needless: "it only asks" },
    describe: ({ confirmed }) => String(confirmed),
  });
}
