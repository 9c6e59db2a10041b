import { Exchange, slotOf } from "../exchange.ts";
import { pinWatch } from "../observed/pinned-watch.ts";
import { defineStep, type Step, type StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { blueGreenWayBack, startBeside } from "./blue-green.ts";
import { keepBaseline } from "./exchange-baseline.ts";
import { observe } from "./observe.ts";

/**
 * Lets a share of the callers meet the new version while everybody else stays with the old one. Who is in the share does not change
 * while it lasts. If the new version misbehaves there, the others never meet it; time alone never lets it pass.
 */
export function trialStep(rooms: StepRooms): Step {
  return defineStep({
    id: "trial",
    version: 1,
    title: "Let a share of the callers meet it",
    exchanges: true,
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: (context) => runTrial(rooms, context),
    undo: (context) => blueGreenWayBack(rooms, context),
    describe: (gives) => String(gives.tried),
  });
}

async function runTrial(rooms: StepRooms, context: StepContext): ReturnType<Step["apply"]> {
  const { settings } = rooms;
  const { trial } = settings.exchange;
  const exchange = new Exchange(rooms, context);
  const report = await exchange.report();
  await keepBaseline(rooms, context, report);
  const old = slotOf(report, context.start.releaseFrom);
  if (trial === undefined) return { kind: "done", gives: { tried: "exchange.trial was taken out of instar.yaml meanwhile" } };
  if (context.start.releaseFrom === null) return { kind: "done", gives: { tried: "nothing served before, so everybody meets it" } };
  if (old === undefined || report.routed !== old)
    return { kind: "refused", code: "UNHEALTHY", because: "the version before does not serve, so nobody could stay with it during a trial" };

  const release = String(context.given.release);
  const slot = await startBeside(exchange, release);
  if (report.share?.slot !== slot || report.share.of !== trial.share) {
    await exchange.waitUntilReady(slot);
    await exchange.assertSmoke(slot);
    await exchange.routeShare(old, { slot, of: trial.share });
  }
  // The version beside it, asked the same in the same moments, is the best baseline there is.
  const observed = await observe(rooms, context, pinWatch(rooms, context, "trial", Math.round(context.tickMs())));
  if (observed.kind !== "passed") return observed;
  return { kind: "done", gives: { tried: `${trial.share * 100} % of the callers: ${observed.because}` } };
}
