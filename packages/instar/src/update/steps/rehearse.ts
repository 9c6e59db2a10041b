import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError, type RehearsalReport } from "@instar/protocol";
import type { Json } from "../../ledger/ledger-entry.ts";
import { removeTree } from "../../platform/durable-files.ts";
import { isPortFree } from "../../platform/is-port-free.ts";
import { readAvailableBytes } from "../../platform/memory.ts";
import { readTreeUsage } from "../../platform/read-tree-usage.ts";
import { decideRehearsal } from "../../rehearsal/decide-rehearsal.ts";
import { describeDamage } from "../../releases/describe-damage.ts";
import { slotOf } from "../exchange.ts";
import type { Gives } from "../journal-entry.ts";
import { foldRehearsedStages } from "../rehearsed/fold-rehearsed-stages.ts";
import { planRehearsal } from "../rehearsed/plan-rehearsal.ts";
import { planRehearsalPlace } from "../rehearsed/plan-rehearsal-place.ts";
import { runRehearsal } from "../rehearsed/run-rehearsal.ts";
import { defineStep, type Step, type StepContext, type StepResult } from "../step.ts";
import { type StepRooms, scratchFolderOf } from "../step-rooms.ts";

/**
 * Starts the candidate on a copy of the state, in the sandbox, while the old version serves, and asks both the same. Nothing that serves is touched, and
 * nothing of the copies is kept.
 */
export function rehearseStep(rooms: StepRooms): Step {
  return defineStep({
    id: "rehearse",
    version: 1,
    title: "Rehearse on a copy of the state",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async (context) => {
      const { settings } = rooms;
      const plan = await planNow(rooms, context);
      if (plan.kind === "skip") return skip(rooms, plan.because);
      if (plan.kind === "short")
        throw new InstarError("MEMORY_SHORT", `a rehearsal beside the running agent needs ${Math.ceil(plan.neededBytes / 1_048_576)} MiB of free memory`, {
          transient: true,
          facts: { needed: plan.neededBytes },
        });
      const choice = await rooms.chooseSandbox("rehearse");
      const planned = planRehearsalPlace(settings, choice, rooms.stateDirectory, await findFreePorts(settings.agent.slotPorts.green));
      if (planned.kind === "cannot") return skip(rooms, planned.because);
      const scratch = join(scratchFolderOf(rooms, context.update, context.attempt), "rehearsal");
      await removeTree(scratch);
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      try {
        const { findings, databases, schemas, ...back } = await runRehearsal(rooms, context, { choice, place: planned.place, ...plan, scratch });
        const release = String(context.given.release);
        const intact = await rooms.releases.verify(release);
        if (intact.kind === "damaged")
          return { kind: "refused", code: "RELEASE_DAMAGED", because: `the rehearsal changed the release that it starts: ${describeDamage(intact)}` };
        const { report, refusedBecause } = decideRehearsal(findings, settings.rehearsal, back);
        const rehearsed = foldRehearsedStages(findings, settings.validation, rooms.settingsWritten);
        const gives = {
          ...givesOf(report),
          databases: asJson(databases),
          schemas: asJson(schemas),
          stages: asJson(rehearsed.stages),
          confinement: { sandbox: choice.sandbox, missing: [...choice.missing] },
        };
        const because = refusedBecause ?? rehearsed.refusedBecause;
        if (because !== null) return { kind: "refused", code: "REHEARSAL_FAILED", because, evidence: gives };
        return { kind: "done", gives };
      } finally {
        await removeTree(scratch);
      }
    },
    undo: { needless: "it works on copies and removes them itself" },
    describe: (gives) =>
      `${gives.rehearsalVerdict === "pass" ? "" : `${String(gives.rehearsalVerdict)}: `}${String(gives.rehearsalBecause)}; ${String(gives.wayBackBecause)}`,
  });
}

async function planNow(rooms: StepRooms, { start }: StepContext): Promise<ReturnType<typeof planRehearsal>> {
  const report = await rooms.keeper.state().catch(() => undefined);
  const name = report === undefined ? undefined : slotOf(report, start.releaseFrom);
  const pid = report === undefined || name === undefined ? null : report.slots[name].pid;
  return planRehearsal({
    settings: rooms.settings,
    hasOld: start.releaseFrom !== null,
    agentBytes: pid === null ? 0 : ((await readTreeUsage(pid))?.residentBytes ?? 0),
    availableBytes: await readAvailableBytes(),
  });
}

function skip(rooms: StepRooms, because: string): StepResult {
  const wanted =
    rooms.settings.rehearsal.gate === "required"
      ? "the rehearsal is required"
      : foldRehearsedStages([], rooms.settings.validation, rooms.settingsWritten).refusedBecause;
  if (wanted !== null) return { kind: "refused", code: "REHEARSAL_FAILED", because: `${wanted} and could not be held: ${because}` };
  return {
    kind: "done",
    gives: givesOf({ verdict: "nodata", because: `not rehearsed: ${because}`, findings: [], wayBack: "unknown", wayBackBecause: "the way back was not tried" }),
  };
}

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;

/** What the ledger carries, and the whole report, which stays in the journal. */
function givesOf(report: RehearsalReport): Gives {
  return {
    rehearsalVerdict: report.verdict,
    rehearsalBecause: report.because,
    wayBack: report.wayBack,
    wayBackBecause: report.wayBackBecause,
    rehearsal: JSON.parse(JSON.stringify(report)) as Json,
  };
}

/** Two at most, from the end of the range: a slot takes its port from the beginning. */
async function findFreePorts([first, last]: readonly [number, number]): Promise<number[]> {
  const free: number[] = [];
  for (let port = last; port >= first && free.length < 2; port -= 1) if (await isPortFree(port)) free.push(port);
  return free;
}
