import { InstarError } from "@instar/protocol";
import { SLOTS, type SlotName } from "../../keeper/keeper-state.ts";
import { Exchange, slotOf } from "../exchange.ts";
import type { Gives } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { assureRelease, sayAssured } from "./assure-release.ts";
import { keepBaseline } from "./exchange-baseline.ts";
import { exchangeEdits, exchangeEditsBack } from "./exchange-edits.ts";

/**
 * The exchange of an agent of which two versions may run: the new one starts beside the old one and shows that it works, then new
 * requests go there, all at once; what is in flight finishes where it is. Nothing is held. The old one stays up until the
 * new one is confirmed, and where it is kept warm until the commit, so that going back is to point at it again.
 *
 * A crash anywhere leaves one version that serves: the front points where `route` put it last, and nothing is stopped here.
 */
export async function runBlueGreen(rooms: StepRooms, context: StepContext): Promise<{ kind: "done"; gives: Gives }> {
  const { given, say } = context;
  const exchange = new Exchange(rooms, context);
  const beganMs = rooms.clock.monotonicMs();
  const before = await exchange.report();
  const baseline = await keepBaseline(rooms, context, before);
  await exchangeEdits(rooms, context);
  const slot = await startBeside(exchange, String(given.release));
  say(`it started in slot ${slot}, beside the one that serves`);
  await exchange.waitUntilReady(slot);
  await exchange.assertSmoke(slot);
  const routesMs = rooms.clock.monotonicMs();
  await exchange.route(slot);
  // A hold that an earlier exchange left behind ends where requests have somewhere to go.
  if (before.holding) await exchange.release();
  const switchedMs = rooms.clock.monotonicMs();
  if (before.routed !== null && before.routed !== slot) await exchange.retire(before.routed);
  return { kind: "done", gives: { slot, tookMs: Math.round(switchedMs - beganMs), switchMs: Math.round(switchedMs - routesMs), ...baseline } };
}

/**
 * The way back is a pointer: the old version, which still runs or is started again, shows that it is well, and requests go there.
 * Only then whatever else runs ends: the new one, and one that was superseded, which served when the update began. Where the
 * old one does not get well requests stay where they are, and a person is asked.
 */
export async function blueGreenWayBack(rooms: StepRooms, context: StepContext): Promise<Gives> {
  const { start, given, say } = context;
  const exchange = new Exchange(rooms, context);
  const beganMs = rooms.clock.monotonicMs();
  const release = String(given.release);
  const report = await exchange.report();
  // A share of the callers goes back first: its slot may be the one in which the old version starts.
  if (report.share !== null && report.routed !== null) await exchange.route(report.routed);
  const editsStay = await exchangeEditsBack(rooms, context);
  if (start.wayBack === null) {
    await exchange.route(null);
    if (report.holding) await exchange.release();
    await endAndForget(exchange, release);
    return {};
  }
  say(sayAssured(await assureRelease(rooms, context, start.wayBack, "quick")));
  const slot = await startBeside(exchange, start.wayBack);
  try {
    await exchange.waitUntilReady(slot);
  } catch (cause) {
    if (!InstarError.is(cause, "UNHEALTHY")) throw cause;
    if (report.holding) await exchange.release();
    throw new InstarError("ROLLBACK_FAILED", `the old version does not get ready, so requests stay where they are: ${cause.message}`, {
      cause,
      advice: `\`instar update resolve retry\` tries again; ${
        report.routed === slotOf(report, release)
          ? "`instar update resolve accept` stays with the new version"
          : "`instar update resolve abandon` leaves it at that"
      }.`,
    });
  }
  await exchange.route(slot);
  if (report.holding) await exchange.release();
  const tookMs = Math.round(rooms.clock.monotonicMs() - beganMs);
  say("the old version serves again");
  await endOthers(exchange, start.wayBack);
  if (editsStay !== undefined) throw editsStay;
  return { tookMs };
}

/** Starts a release in the slot that does not serve. What still runs there, neither this release nor the one that serves, makes room. */
export async function startBeside(exchange: Exchange, release: string): Promise<SlotName> {
  const report = await exchange.report();
  const idle = SLOTS.find((slot) => slot !== report.routed && report.slots[slot].release !== release);
  if (slotOf(report, release) === undefined && idle !== undefined && report.slots[idle].release !== null) {
    await exchange.endSlot(idle);
    await exchange.clear(idle);
  }
  return exchange.startRelease(release);
}

/** Ends a release that no new request reaches any longer: its requests may finish, within the time for that. */
async function endAndForget(exchange: Exchange, release: string): Promise<void> {
  const slot = slotOf(await exchange.report(), release);
  if (slot === undefined) return;
  await exchange.endSlot(slot);
  await exchange.clear(slot);
}

/** Ends every other release: the new one on the way back, a version that was kept warm, or one that an earlier update left. */
export async function endOthers(exchange: Exchange, release: string): Promise<void> {
  const { slots } = await exchange.report();
  for (const name of SLOTS) {
    const other = slots[name].release;
    if (other !== null && other !== release) await endAndForget(exchange, other);
  }
}
