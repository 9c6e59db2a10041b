import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StageResult } from "@instar/protocol";
import { isTestPath } from "../../analysis/touches/is-test-path.ts";
import { isTestSettingsPath } from "../../analysis/touches/is-test-settings-path.ts";
import { findChangedTest } from "../../validation/old-tests/find-changed-test.ts";
import { layOldTests } from "../../validation/old-tests/lay-old-tests.ts";
import { planOldTests } from "../../validation/old-tests/plan-old-tests.ts";
import { OLD_TESTS, planOldTestsStage } from "../../validation/old-tests/plan-old-tests-stage.ts";
import type { PlannedStage } from "../../validation/stages/planned-stage.ts";
import { describeStage, runStage, type StagePorts } from "../../validation/stages/run-stage.ts";
import type { Gives } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { recordOf } from "./read-running.ts";

export interface OldTestsRun {
  readonly stage: PlannedStage;
  readonly result: StageResult;
}

/**
 * The running version's tests around the candidate's code: a version that wrote its own judges must pass those that were there before. Undefined
 * where nothing runs yet.
 */
export async function runOldTests(
  rooms: StepRooms,
  { start, given }: StepContext,
  round: { readonly stages: readonly PlannedStage[]; readonly ports: StagePorts },
): Promise<OldTestsRun | undefined> {
  const running = await recordOf(rooms, start.releaseFrom);
  if (running === undefined) return undefined;
  const { releases, settings } = rooms;
  const [oldTree, newTree] = [releases.treePath(running.id), releases.treePath(String(given.release))];
  const plan = planOldTests({
    candidate: await releases.listFiles(String(given.release)),
    running: await releases.listFiles(running.id),
    isTestPath: (path) => isTestPath(path) || isTestSettingsPath(path),
    produces: settings.install?.produces ?? [],
    manifests: { candidate: await readManifest(newTree), running: await readManifest(oldTree) },
  });
  const unitTests = round.stages.find(({ stage }) => stage === "unit_tests");
  const planned = planOldTestsStage({ wish: settings.validation.oldTests, weakensTests: weakensTests(given), unitTests, plan });
  if (planned.kind === "skip") {
    const stage: PlannedStage = { stage: OLD_TESTS, gate: "off", isWritten: false, withinMs: 0, tests: null, hasBuiltIn: false };
    return { stage, result: { ...describeStage(stage), because: planned.because } };
  }
  const ports: StagePorts = {
    ...round.ports,
    first: [],
    enter: async (stage) => {
      const place = await round.ports.enter(stage);
      if (plan.kind !== "lay") return place;
      await layOldTests(plan, { tree: place.tree, running: oldTree });
      return {
        ...place,
        // Code under test could write over what judges it, and pass when what failed is run again.
        inspect: async () => {
          const changed = await findChangedTest(plan, { tree: place.tree, running: oldTree });
          return changed === undefined ? undefined : `the old test ${changed} was changed while they ran`;
        },
      };
    },
  };
  return { stage: planned.stage, result: await runStage(ports, planned.stage) };
}

async function readManifest(tree: string): Promise<string | null> {
  return readFile(join(tree, "package.json"), "utf8").catch(() => null);
}

function weakensTests({ impact }: Gives): boolean {
  const first = (impact as { touches?: { first?: unknown } } | undefined)?.touches?.first;
  return (
    Array.isArray(first) &&
    first.some((touch: { kind?: unknown; weakens?: unknown }) => touch.weakens === true && (touch.kind === "tests" || touch.kind === "test-settings"))
  );
}
