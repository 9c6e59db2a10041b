import { InstarError } from "@instar/protocol";
import type { Edits } from "../../edits/edits.ts";
import { undoConflict } from "../../edits/undo-conflict.ts";
import type { SlotName } from "../../keeper/keeper-state.ts";
import { Exchange, slotOf } from "../exchange.ts";
import type { Gives, UpdateId } from "../journal-entry.ts";
import { defineStep, type Step, type StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { editsIdOf } from "./edits-of.ts";

/**
 * A restart around the edits, in two steps, so that the way back is the same in reverse: *stop* is undone by starting, *start* by stopping, and between
 * them the files go back. From the hold on requests wait, also over a crash: the keeper remembers it.
 */
export function stopAgentStep(rooms: StepRooms): Step {
  return defineStep({
    id: "stop-agent",
    version: 1,
    title: "Stop the agent, while requests wait",
    exchanges: true,
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const exchange = new Exchange(rooms, context);
      const { slot, process } = await findAgent(exchange, context);
      if (readRestart(rooms, context.update) === undefined) {
        const health = await exchange.probe((await exchange.report()).slots[slot]);
        writeRestart(rooms, context.update, { before: process, wasWell: health.verdict === "pass", phase: "stopping" });
      }
      // A crash from here on leaves the front holding; the next daemon goes on, or starts the agent again.
      await exchange.hold();
      await exchange.endSlot(slot);
      return { kind: "done", gives: {} };
    },
    undo: (context) => startAgain(rooms, context),
    describe: () => "",
  });
}

/**
 * Starts the same release again. Its log is not quoted where it does not get ready: an agent likes to print the configuration that it cannot read.
 * An agent that ignores its stop signal was killed after agent.stopWithin by then.
 */
export function startAgentStep(rooms: StepRooms, edits: Edits): Step {
  return defineStep({
    id: "start-agent",
    version: 1,
    title: "Start the agent again",
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const exchange = new Exchange(rooms, context);
      const slot = await exchange.startRelease(releaseOf(context));
      await exchange.waitUntilReady(slot, { quotesLog: false });
      await exchange.assertSmoke(slot);
      await exchange.route(slot);
      await exchange.release();
      return { kind: "done", gives: { slot } };
    },
    undo: async (context) => {
      const exchange = new Exchange(rooms, context);
      const { slot } = await findAgent(exchange, context);
      const conflicts = await edits.findUndoConflicts(editsIdOf(context));
      if (conflicts.length > 0) {
        // Better the agent as it is than none, until a person has decided.
        await serveMeanwhile(rooms, context);
        throw undoConflict(editsIdOf(context), conflicts);
      }
      await exchange.hold();
      await exchange.endSlot(slot);
      return {};
    },
    describe: ({ slot }) => `it serves from slot ${String(slot)}`,
  });
}

/**
 * The configuration of before is there again, and with it the agent. Where it was not well before either, that is how it was. Asked again after a
 * failure it looks whether the agent has got well, and does not stop it a second time.
 */
async function startAgain(rooms: StepRooms, context: StepContext): Promise<Gives> {
  const { update, say } = context;
  const restart = readRestart(rooms, update);
  if (restart === undefined || restart.phase === "back") return {};
  const exchange = new Exchange(rooms, context);
  const { slot, process } = await findAgent(exchange, context);
  const wasNeverStopped = process !== null && process.pid === restart.before?.pid && process.startedAt === restart.before.startedAt;
  if (restart.phase === "stopping" && !wasNeverStopped) {
    await exchange.hold();
    await exchange.endSlot(slot);
    await exchange.startRelease(releaseOf(context));
    writeRestart(rooms, update, { ...restart, phase: "started" });
  }
  try {
    if (!wasNeverStopped) await exchange.waitUntilReady(slot, { quotesLog: false });
  } catch (error) {
    if (!InstarError.is(error, "UNHEALTHY")) throw error;
    // There is nothing better to put there: requests meet what there is, rather than a hold that nobody ends.
    await serveFrom(exchange, slot);
    if (restart.wasWell) throw error;
    say("the agent is not well, as before");
  }
  await serveFrom(exchange, slot);
  writeRestart(rooms, update, { ...restart, phase: "back" });
  return {};
}

/** Where the agent was stopped for the edits, it runs again as it can. The way back stops it once more. */
export async function serveMeanwhile(rooms: StepRooms, context: StepContext): Promise<void> {
  if (readRestart(rooms, context.update)?.phase !== "stopping") return;
  const exchange = new Exchange(rooms, context);
  await serveFrom(exchange, await exchange.startRelease(releaseOf(context)));
}

async function serveFrom(exchange: Exchange, slot: SlotName): Promise<void> {
  await exchange.route(slot);
  await exchange.release();
}

interface AgentProcess {
  readonly pid: number;
  readonly startedAt: string | null;
}

async function findAgent(exchange: Exchange, context: StepContext): Promise<{ slot: SlotName; process: AgentProcess | null }> {
  const report = await exchange.report();
  const slot = slotOf(report, releaseOf(context));
  if (slot === undefined) throw new InstarError("APPLY_FAILED", `no slot has release ${releaseOf(context)}`);
  const { pid, startedAt } = report.slots[slot];
  return { slot, process: pid === null ? null : { pid, startedAt } };
}

const releaseOf = ({ start }: Pick<StepContext, "start">) => start.releaseFrom ?? "";

/** Kept from before the agent is stopped until it serves again: what a daemon that resumes cannot see. */
interface Restart {
  /** The process that ran before; null where none did. */
  readonly before: AgentProcess | null;
  readonly wasWell: boolean;
  readonly phase: "stopping" | "started" | "back";
}

const restartFact = (update: UpdateId) => `edits-restart:${update}`;
export const readRestart = ({ facts }: Pick<StepRooms, "facts">, update: UpdateId): Restart | undefined => facts.read<Restart>(restartFact(update));
const writeRestart = ({ facts }: StepRooms, update: UpdateId, restart: Restart) => facts.write(restartFact(update), restart);
