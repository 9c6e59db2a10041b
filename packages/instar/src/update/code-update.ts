import { defineConfigurationUpdate } from "./configuration-update.ts";
import type { Step } from "./step.ts";
import type { StepRooms } from "./step-rooms.ts";
import { analyseStep } from "./steps/analyse.ts";
import { approveStep } from "./steps/approve.ts";
import { backUpStep } from "./steps/back-up.ts";
import { buildStep } from "./steps/build.ts";
import { checkBackupStep } from "./steps/check-backup.ts";
import { checkCodeStep } from "./steps/check-code.ts";
import { checkAfterStep, checkBeforeStep } from "./steps/check-health.ts";
import { checkPackageStep } from "./steps/check-package.ts";
import { checkRebuiltStep } from "./steps/check-rebuilt.ts";
import { checkReleaseStep } from "./steps/check-release.ts";
import { commitStep } from "./steps/commit.ts";
import { confirmStep } from "./steps/confirm.ts";
import { decideAtOnceStep, decideStep } from "./steps/decide.ts";
import { editsOf } from "./steps/edits-of.ts";
import { fetchStep } from "./steps/fetch.ts";
import { keepBeforeStep } from "./steps/keep-before.ts";
import { keepTodayStep } from "./steps/keep-today.ts";
import { prepareEditsStep } from "./steps/prepare-edits.ts";
import { putBackStep } from "./steps/put-back.ts";
import { rehearseStep } from "./steps/rehearse.ts";
import { stageStep } from "./steps/stage.ts";
import { switchStep } from "./steps/switch.ts";
import { tidyEditsStep } from "./steps/tidy-edits.ts";
import { trialStep } from "./steps/trial.ts";
import { validateStep } from "./steps/validate.ts";
import { watchStep } from "./steps/watch.ts";

/** The steps of a code update, in order. What each needs, an earlier one gives. */
export function defineCodeUpdate(rooms: StepRooms): Step[] {
  return [
    fetchStep(rooms),
    checkPackageStep(rooms),
    analyseStep(rooms),
    stageStep(rooms),
    buildStep(rooms),
    checkCodeStep(rooms),
    validateStep(rooms),
    rehearseStep(rooms),
    decideStep(rooms),
    approveStep(rooms),
    checkBeforeStep(rooms),
    backUpStep(rooms),
    ...(rooms.settings.exchange.trial === undefined ? [] : [trialStep(rooms)]),
    switchStep(rooms),
    confirmStep(rooms),
    checkAfterStep(rooms),
    watchStep(rooms),
    commitStep(rooms),
  ];
}

/**
 * Going back by hand. The release was judged when it came, so only the exchange is left; one that is gone is built anew while what runs goes on serving, and
 * is exchanged only if it is what it was. To a moment the configuration goes along, inside the exchange.
 */
export function defineGoingBack(rooms: StepRooms, { rebuilds, edits: hasEdits }: { readonly rebuilds: boolean; readonly edits: boolean }): Step[] {
  const edits = editsOf(rooms);
  return [
    ...(rebuilds ? [fetchStep(rooms), checkPackageStep(rooms), stageStep(rooms), buildStep(rooms), checkRebuiltStep()] : [checkReleaseStep(rooms)]),
    ...(hasEdits ? [prepareEditsStep(rooms, edits), keepBeforeStep(edits)] : []),
    backUpStep(rooms),
    switchStep(rooms),
    confirmStep(rooms),
    commitStep(rooms),
    ...(hasEdits ? [tidyEditsStep(edits)] : []),
  ];
}

/** Putting parts of a backup in the place of what serves: today's are kept first, and come back if the agent is not well with the others. */
export function defineRestoring(rooms: StepRooms): Step[] {
  return [checkBackupStep(rooms), keepTodayStep(rooms), putBackStep(rooms), confirmStep(rooms), commitStep(rooms)];
}

/** Watching a version once more that serves already: `switch` finds it there, and knows the way back. */
export function defineWatchingAgain(rooms: StepRooms): Step[] {
  return [checkReleaseStep(rooms), switchStep(rooms), confirmStep(rooms), watchStep(rooms), commitStep(rooms)];
}

/** Every definition that this Instar can finish an update under. */
export function listStepDefinitions(rooms: StepRooms): Step[] {
  return [
    ...defineCodeUpdate(rooms),
    decideAtOnceStep(rooms),
    trialStep(rooms),
    checkReleaseStep(rooms),
    checkRebuiltStep(),
    checkBackupStep(rooms),
    keepTodayStep(rooms),
    putBackStep(rooms),
    ...defineConfigurationUpdate(rooms, { restart: true }),
  ];
}
