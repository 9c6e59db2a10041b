import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ImpactReport } from "@instar/protocol";
import { decideChecks } from "../../governance/decide-checks.ts";
import type { Json } from "../../ledger/ledger-entry.ts";
import { assessCandidate } from "../assess-candidate.ts";
import type { Gives } from "../journal-entry.ts";
import { readConflictFacts } from "../read-conflict-facts.ts";
import { defineStep, type Step } from "../step.ts";
import { type StepRooms, scratchFolderOf, updateLogOf } from "../step-rooms.ts";
import { carryLocalChanges } from "./carry-local-changes.ts";
import { recordOf } from "./read-running.ts";

/** Works out what the change touches, from the two versions' files alone: nothing of the candidate runs. */
export function analyseStep(rooms: StepRooms): Step {
  return defineStep({
    id: "analyse",
    version: 1,
    title: "Work out what the change touches",
    interruptible: true,
    probe: async () => ({ found: "absent" }),
    apply: async ({ update, start, attempt, signal, say }) => {
      const running = await recordOf(rooms, start.releaseFrom);
      const strategy = start.overrides.conflicts ?? rooms.settings.analysis.conflicts;
      const facts = await readConflictFacts(rooms, running, null);
      const carried = await carryLocalChanges(rooms, { running, candidate: start.commit, strategy, damage: facts.damage, signal });
      const report = await assessCandidate(
        rooms,
        {
          from: running === undefined ? null : { commit: running.merged ?? running.commit, version: running.version },
          to: { commit: carried.commit, version: start.versionTo },
          upstream: { from: running?.commit ?? null, to: start.commit },
          estimates: rooms.history(),
          conflicts: { ...facts, strategy, ...(carried.outcome === undefined ? {} : { merged: carried.outcome }) },
        },
        { scratch: join(scratchFolderOf(rooms, update, attempt), "analysis"), logPath: updateLogOf(rooms, update), signal, say },
      );
      const blocking = report.conflicts.find(({ blocks }) => blocks);
      if (blocking !== undefined)
        return {
          kind: "refused",
          code: "CONFLICT",
          because: `${blocking.what}: ${blocking.because}. ${blocking.advice}${blocking.kind === "file_modified" ? " (`instar update apply --conflicts …`)" : ""}`,
        };
      const { refusedBecause } = decideChecks(report.checks, rooms.settings.analysis.checks);
      // There is no better version to stay with where none runs yet.
      if (refusedBecause !== null && start.releaseFrom !== null) return { kind: "refused", code: "VALIDATION_FAILED", because: refusedBecause };
      return {
        kind: "done",
        gives: {
          ...summarise(report),
          commitFrom: running?.commit ?? null,
          ...(carried.commit === start.commit ? {} : { merged: carried.commit }),
        },
      };
    },
    undo: { needless: "it only reads" },
    describe: (gives) =>
      `${String(gives.filesChanged)} files, ${String(gives.bump)} bump, risk ${String(gives.risk)}: ${(gives.factors as readonly string[]).join("; ")}`,
  });
}

/** What the ledger carries, and the whole report, which the journal carries and the ledger names by its digest. */
function summarise(report: ImpactReport): Gives {
  const text = JSON.stringify(report);
  return {
    filesChanged: report.files.changed,
    bump: report.bump,
    updateType: report.updateType,
    impactLevel: report.impactLevel,
    impactBecause: report.impactBecause,
    requiresReview: report.requiresReview,
    risk: report.risk,
    score: report.score,
    factors: report.factors
      .filter(({ weight }) => weight > 0)
      .toSorted((a, b) => b.weight - a.weight)
      .slice(0, 5)
      .map(({ because }) => because),
    impactDigest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
    impact: JSON.parse(text) as Json,
  };
}
