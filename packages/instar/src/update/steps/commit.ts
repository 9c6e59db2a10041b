import { planPruneSnapshots, prunablesOf } from "../../backups/plan-prune-snapshots.ts";
import { planPrune } from "../../releases/plan-prune.ts";
import { Exchange } from "../exchange.ts";
import { defineStep, type Step } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { endOthers } from "./blue-green.ts";
import { originOf } from "./exchange-baseline.ts";

/** Tidies up behind an update that held: what nothing refers to any more and is beyond what the operator keeps, goes. */
export function commitStep(rooms: StepRooms): Step {
  const { releases, snapshots, settings } = rooms;
  return defineStep({
    id: "commit",
    version: 1,
    title: "Commit",
    interruptible: false,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { start, given } = context;
      const release = String(given.release);
      const exchange = new Exchange(rooms, context);
      await endOthers(exchange, release);
      const kept = [release, ...(start.wayBack === null ? [] : [start.wayBack]), ...rooms.referenced()];
      const { remove } = planPrune({ releases: (await releases.list()).sealed, newest: settings.keep.releases, referenced: new Set(kept) });
      for (const old of remove) await releases.remove(old);
      const { snapshots: keep, snapshotDays: keepDays } = settings.keep;
      const rules = { keep, keepDays, nowMs: rooms.clock.wallMs(), referenced: new Set<string>([originOf(context), ...rooms.referencedSnapshots()]) };
      for (const old of planPruneSnapshots(prunablesOf(await snapshots.list()), rules)) await snapshots.remove(old.id);
      rooms.keptReleases.prune({ newest: settings.keep.snapshots, referenced: new Set(kept) });
      // What cannot be swept now takes space, and nothing else: the next commit tries again.
      await snapshots.sweep().catch((error: unknown) => context.say(`the store could not be swept: ${String(error)}`));
      return { kind: "done", gives: { pruned: [...remove] } };
    },
    undo: { needless: "what it removes, nothing refers to" },
    describe: (gives) => ((gives.pruned as readonly string[]).length === 0 ? "" : `removed ${(gives.pruned as readonly string[]).join(", ")}`),
  });
}
