import { join } from "node:path";
import { z } from "zod";
import type { KeeperReport } from "../../keeper/keeper-control.ts";
import type { Json } from "../../ledger/ledger-entry.ts";
import { decideHealthChecks } from "../../observation/checks/decide-health-checks.ts";
import { checkHealth } from "../health/check-health.ts";
import type { HealthSubject } from "../health/read-health-facts.ts";
import type { Gives } from "../journal-entry.ts";
import { defineStep, type Step, type StepContext, type StepResult } from "../step.ts";
import { type StepRooms, scratchFolderOf, updateLogOf } from "../step-rooms.ts";

/** The last look before anything is touched: is the machine fit for an exchange, and is what serves as it should be. */
export function checkBeforeStep(rooms: StepRooms): Step {
  return defineStep({
    id: "check-before",
    version: 1,
    title: "Check the machine and the agent before the exchange",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: (context) => check(rooms, context, "before", { release: context.start.releaseFrom, releaseBefore: null }),
    undo: { needless: "it only asks" },
    describe: (gives) => String(gives.healthBecause),
  });
}

/** The first look after it: a version that passed everything aside and is not well in its place goes back at once. */
export function checkAfterStep(rooms: StepRooms): Step {
  return defineStep({
    id: "check-after",
    version: 1,
    title: "Check the agent after the exchange",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: (context) => check(rooms, context, "after", { release: String(context.given.release), releaseBefore: context.start.releaseFrom }),
    undo: { needless: "it only asks" },
    describe: (gives) => String(gives.healthBecause),
  });
}

async function check(
  rooms: StepRooms,
  { update, attempt, start, given, signal }: StepContext,
  when: "before" | "after",
  of: Pick<HealthSubject, "release" | "releaseBefore">,
): Promise<StepResult> {
  const subject: HealthSubject = {
    report: await readReport(rooms, signal),
    ...of,
    copies: databases.safeParse(given.databases).data ?? null,
    predicted: schemas.safeParse(given.schemas).data ?? null,
    scratch: join(scratchFolderOf(rooms, update, attempt), "health"),
  };
  const results = await checkHealth(rooms, when, subject, updateLogOf(rooms, update));
  const { because, refusedBecause } = decideHealthChecks(results);
  const gives: Gives = { health: JSON.parse(JSON.stringify(results)) as Json, healthBecause: because };
  // Where nothing runs yet there is nothing that could be kept.
  if (refusedBecause !== null && !(when === "before" && start.releaseFrom === null))
    return { kind: "refused", code: "HEALTH_CHECK_FAILED", because: refusedBecause, evidence: gives };
  return { kind: "done", gives };
}

/** A keeper that was killed is being started again and adopts what runs: that is no fault of a version. One that stays away is found by the checks. */
async function readReport({ keeper, clock }: StepRooms, signal: AbortSignal): Promise<KeeperReport | undefined> {
  const endsMs = clock.monotonicMs() + KEEPER_RETURNS_MS;
  for (;;) {
    const report = await keeper.state().catch(() => undefined);
    if (report !== undefined || clock.monotonicMs() >= endsMs) return report;
    await clock.sleep(100, signal);
  }
}

const KEEPER_RETURNS_MS = 15_000;

const databases = z.array(z.object({ path: z.string(), kind: z.enum(["whole", "damaged", "passed-over"]), because: z.string() }));
const schemas = z.array(z.object({ path: z.string(), userVersion: z.int(), digest: z.string() }));
