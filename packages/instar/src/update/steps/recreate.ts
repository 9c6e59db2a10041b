import { InstarError } from "@instar/protocol";
import type { SnapshotAbout } from "../../backups/backup-parts.ts";
import { SLOTS, type SlotName } from "../../keeper/keeper-state.ts";
import { countsOf, Exchange, slotOf } from "../exchange.ts";
import type { Gives } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { assureRelease, sayAssured } from "./assure-release.ts";
import { keepBaseline, originOf, readBaseline } from "./exchange-baseline.ts";
import { exchangeEdits, exchangeEditsBack } from "./exchange-edits.ts";

/**
 * The exchange of a state that one process may open. A candidate never opens live state before the old version is gone: hold, end the
 * old one, finish the snapshot, start the new one. Wherever a crash falls, the keeper goes on holding, and the next daemon comes
 * back here and asks the keeper what is true.
 */
export async function runRecreate(rooms: StepRooms, context: StepContext): Promise<{ kind: "done"; gives: Gives }> {
  const { update, given, say } = context;
  const exchange = new Exchange(rooms, context);
  const release = String(given.release);
  const beganMs = rooms.clock.monotonicMs();
  const before = await exchange.report();
  const baseline = await keepBaseline(rooms, context, before);

  // A crash from here on leaves the front holding: requests wait, and nobody meets a half exchange.
  await exchange.hold();
  say("the front holds requests");
  await endAllBut(exchange, release);
  // Once the new version was started it may have written, so the snapshot was finished before, and must not be touched again.
  const wasStarted = slotOf(await exchange.report(), release) !== undefined;
  if (typeof given.snapshot === "string" && rooms.stateDirectory !== null && !wasStarted) {
    const snapshot = await rooms.snapshots.finish(update, rooms.stateDirectory, { about: aboutExchange(context) });
    say(`the snapshot holds ${snapshot.files} files`);
    // A crash in here leaves the front holding and nothing started: whoever comes next puts the same state there again.
    if (context.start.overrides.stateOf !== undefined) await exchangeState(rooms, update, context.start.overrides.stateOf);
  }
  if (!wasStarted) await exchangeEdits(rooms, context);
  const slot = await exchange.startRelease(release);
  await exchange.waitUntilReady(slot);
  await exchange.assertSmoke(slot);
  await exchange.route(slot);
  await exchange.release();
  const tookMs = Math.round(rooms.clock.monotonicMs() - beganMs);
  return { kind: "done", gives: { slot, tookMs, ...baseline } };
}

/** What `backup list` says of it. */
function aboutExchange({ update, start }: StepContext): SnapshotAbout {
  const because = `the state in the exchange of ${start.versionFrom ?? "nothing"} for ${start.versionTo}`;
  return { kind: "incremental", tags: [], because, update, version: start.versionFrom, release: start.releaseFrom };
}

/** Whatever the journals say: no other process may have this state open. */
async function endAllBut(exchange: Exchange, release: string | null): Promise<void> {
  const { slots } = await exchange.report();
  for (const slot of SLOTS) if (slots[slot].release !== null && slots[slot].release !== release) await exchange.endSlot(slot);
}

/**
 * The way back: the last committed release serves again. It needs nothing of the code that failed. State goes back only
 * where the operator wants it always, or where the old version cannot run on what the new one left, and only if no more
 * acknowledged writes would be lost than the operator allows. What was written since is kept aside.
 */
export async function recreateWayBack(rooms: StepRooms, context: StepContext): Promise<Gives> {
  const { start, given, say } = context;
  const origin = originOf(context);
  const exchange = new Exchange(rooms, context);
  const beganMs = rooms.clock.monotonicMs();
  const release = String(given.release);
  const report = await exchange.report();
  const newSlot = slotOf(report, release);
  const oldSlot = slotOf(report, start.wayBack);
  if (newSlot === undefined && oldSlot !== undefined && report.slots[oldSlot].alive && report.routed === oldSlot && !report.holding) return {};

  // Before anybody waits: what goes wrong here is said by whoever starts it.
  if (start.wayBack !== null) say(sayAssured(await assureRelease(rooms, context, start.wayBack, "quick")));
  await exchange.hold();
  // Where the configuration goes back as well, the old version may run on what it was not meant to: it is started anew.
  await endAllBut(exchange, start.edits === undefined ? start.wayBack : null);
  const editsStay = await exchangeEditsBack(rooms, context);
  const lost = await planLoss(rooms, context, newSlot !== undefined);
  // The state was exchanged with the code, so it goes back with the code.
  if (start.overrides.stateOf !== undefined && rooms.facts.read(exchangedFact(origin)) !== undefined && !lost.isRestored) {
    await finishExchanging(rooms, start.overrides.stateOf);
    await restoreState(rooms, origin);
  } else if (await hasBegunRestore(rooms, origin)) await restoreState(rooms, origin);
  else if (lost.mayRestore && !lost.isRestored && rooms.settings.state.onRollback === "restore") await restoreState(rooms, origin);

  if (start.wayBack === null) {
    await exchange.route(null);
    await exchange.release();
    if (editsStay !== undefined) throw editsStay;
    return { tookMs: Math.round(rooms.clock.monotonicMs() - beganMs), ...asideOf(rooms, origin) };
  }
  await serveAgain(rooms, context, exchange, lost);
  // The new one is not forgotten before all is done: while it is known, undoing again goes the whole way.
  if (editsStay !== undefined) throw editsStay;
  if (newSlot !== undefined) await exchange.clear(newSlot);
  say("the old version serves again");
  return { tookMs: Math.round(rooms.clock.monotonicMs() - beganMs), writesSince: lost.writesSince, ...asideOf(rooms, origin) };
}

async function serveAgain(rooms: StepRooms, context: StepContext, exchange: Exchange, lost: Loss): Promise<void> {
  const { update, start, given, epoch } = context;
  const wayBack = String(start.wayBack);
  // The rehearsal has tried it: an old version that does not run on what the new one leaves is not started there a second time, while people wait.
  const isKnownUnfit = given.wayBack === "with-state" && lost.hasSnapshot && !isRestored(rooms, originOf(context));
  const slot = isKnownUnfit ? undefined : await exchange.startRelease(wayBack);
  try {
    if (slot === undefined) throw new InstarError("UNHEALTHY", String(given.wayBackBecause));
    await exchange.waitUntilReady(slot);
  } catch (error) {
    if (!InstarError.is(error, "UNHEALTHY")) throw error;
    if (slot !== undefined && (lost.isRestored || !lost.hasSnapshot)) {
      // There is nothing better to put there: requests meet what there is, rather than a hold that nobody ends.
      await exchange.route(slot);
      await exchange.release();
      throw error;
    }
    if (slot !== undefined) await exchange.endSlot(slot);
    if (!lost.mayRestore) {
      // Better the version that misbehaves than none, until a person has decided.
      const again = await exchange.startRelease(String(given.release));
      await exchange.route(again);
      await exchange.waitUntilReady(again).catch(throwUnlessUnhealthy);
      await exchange.release();
      throw new InstarError(
        "ROLLBACK_FAILED",
        `the old version cannot run on the state that the new one left, and going back would lose ${lost.isKnown ? "" : "at least "}${lost.writesSince} acknowledged writes (${rooms.settings.state.writesThatMayBeLost} are allowed)`,
        {
          cause: error,
          facts: { update, epoch },
          advice:
            "`instar update resolve retry --lose-writes` goes back with the state of before and keeps today's aside; `instar update resolve accept` stays with the new version.",
        },
      );
    }
    await restoreState(rooms, originOf(context));
    const restored = await exchange.startRelease(wayBack);
    await exchange.waitUntilReady(restored);
    return serveFrom(exchange, restored);
  }
  await serveFrom(exchange, slot);
}

async function serveFrom(exchange: Exchange, slot: SlotName): Promise<void> {
  await exchange.route(slot);
  await exchange.release();
}

/** It served before, well or not: requests meet it either way, once it has had its time to start. */
function throwUnlessUnhealthy(error: unknown): void {
  if (!InstarError.is(error, "UNHEALTHY")) throw error;
}

interface Loss {
  readonly hasSnapshot: boolean;
  readonly isRestored: boolean;
  /** Acknowledged writes since the exchange; at least so many where it is not known. */
  readonly writesSince: number;
  readonly isKnown: boolean;
  readonly mayRestore: boolean;
}

async function planLoss(rooms: StepRooms, context: StepContext, wasStarted: boolean): Promise<Loss> {
  const { given, mayLoseWrites } = context;
  const origin = originOf(context);
  const release = String(given.release);
  const report = await new Exchange(rooms, context).report();
  const writesSince = countsOf(report, release).writes - (readBaseline(rooms, context)?.since.writes ?? 0);
  // A keeper that was killed took its last second's counts along: then nobody knows, and nobody's limit is kept by guessing.
  const isKnown = report.front === null || !report.front.undercounted.includes(release);
  const hasSnapshot = wasStarted && rooms.stateDirectory !== null && (await rooms.snapshots.isFinished(origin));
  return {
    hasSnapshot,
    isRestored: isRestored(rooms, origin),
    writesSince,
    isKnown,
    mayRestore: hasSnapshot && (mayLoseWrites || (isKnown && writesSince <= rooms.settings.state.writesThatMayBeLost)),
  };
}

/** The wish is durable before the first file moves: whoever comes after a crash finishes the restore before anything starts. */
async function restoreState(rooms: StepRooms, update: string): Promise<void> {
  if (rooms.stateDirectory === null) return;
  if (rooms.facts.read(restoreFact(update)) === undefined) rooms.facts.write(restoreFact(update), { done: false });
  const { asideAt } = await rooms.snapshots.restore(update, rooms.stateDirectory, `${rooms.folder}/aside`);
  rooms.facts.write(restoreFact(update), { done: true, asideAt });
}

/** Going back by hand with an older state: today's is in this update's own finished snapshot, and moved aside as well. */
async function exchangeState(rooms: StepRooms, update: string, stateOf: string): Promise<void> {
  if (rooms.stateDirectory === null) return;
  // Durable before the first file moves: the way back then knows that the state must go back too.
  rooms.facts.write(exchangedFact(update), { stateOf });
  await rooms.snapshots.restore(stateOf, rooms.stateDirectory, `${rooms.folder}/aside`);
}

/** Killed while it moved files: it has all that it needs beside the state, and must end before another restore can begin. */
async function finishExchanging(rooms: StepRooms, stateOf: string): Promise<void> {
  if (rooms.stateDirectory === null || !(await rooms.snapshots.isMoving(stateOf, rooms.stateDirectory, `${rooms.folder}/aside`))) return;
  await rooms.snapshots.restore(stateOf, rooms.stateDirectory, `${rooms.folder}/aside`);
}

const exchangedFact = (update: string) => `exchanged:${update}`;
const restoreFact = (update: string) => `restore:${update}`;

function isRestored(rooms: StepRooms, update: string): boolean {
  return rooms.facts.read<{ done: boolean }>(restoreFact(update))?.done === true;
}

/** True from the wish on; a restore that is done is not done again over what the old version wrote since. */
async function hasBegunRestore(rooms: StepRooms, update: string): Promise<boolean> {
  return rooms.facts.read<{ done: boolean }>(restoreFact(update))?.done === false;
}

function asideOf(rooms: StepRooms, update: string): Gives {
  const fact = rooms.facts.read<{ asideAt?: string }>(restoreFact(update));
  return fact?.asideAt === undefined ? {} : { asideAt: fact.asideAt };
}
