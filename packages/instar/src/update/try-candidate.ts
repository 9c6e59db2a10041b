import { join } from "node:path";
import { type ErrorCode, foldUpdateEvents, InstarError, type UpdateView } from "@instar/protocol";
import { removeTree } from "../platform/durable-files.ts";
import { openReleaseStore, type ReleaseStore } from "../releases/release-store.ts";
import { foldAnswers } from "./fold-answers.ts";
import { foldJournalEvents } from "./fold-journal-events.ts";
import type { EntryBody, Gives, JournalEntry, UpdateId, UpdateStart } from "./journal-entry.ts";
import { foldGives } from "./plan-next-move.ts";
import { explainFailure, pinSteps } from "./run-update.ts";
import type { Step, StepContext } from "./step.ts";
import { type StepRooms, updateLogOf } from "./step-rooms.ts";
import { analyseStep } from "./steps/analyse.ts";
import { buildStep } from "./steps/build.ts";
import { checkCodeStep } from "./steps/check-code.ts";
import { checkPackageStep } from "./steps/check-package.ts";
import { stageStep } from "./steps/stage.ts";
import { validateStep } from "./steps/validate.ts";

export interface TrialDesk {
  readonly signal: AbortSignal;
  /** Called at each beginning and end of a step. */
  readonly tell: (steps: UpdateView["steps"]) => void;
  /** Progress for people: may be dropped. */
  readonly say: (line: string) => void;
}

export interface Trial {
  readonly steps: UpdateView["steps"];
  /** What every step gave that was done. */
  readonly given: Gives;
  /** Why it would not go on; null where all of them let it through. */
  readonly failed: { readonly step: string; readonly code: string; readonly because: string; readonly isOfTheMachine: boolean } | null;
}

/** One at a time, so its folders always have the same names, and what a killed daemon left of one is found by the next. */
const TRIED = "check" as UpdateId;

const folderOf = ({ folder }: Pick<StepRooms, "folder">) => join(folder, "asked", "check");
/** What its jobs wrote. */
export const trialLogOf = (rooms: Pick<StepRooms, "folder">) => updateLogOf(rooms, TRIED);

/**
 * Takes a version through the steps of an update that run beside the agent: analysed, built, checked and tested in the sandbox, beside whatever serves. The very
 * steps, so that what passes here fails later for a reason of its own only. Nothing is written down, kept or exchanged. Not two at once.
 *
 * @throws InstarError DISK_FULL and what else no step explains; the signal's reason
 */
export async function tryCandidate(rooms: StepRooms, start: UpdateStart, { signal, tell, say }: TrialDesk): Promise<Trial> {
  const aside = setAside(rooms);
  const steps = listTrialSteps(aside);
  const entries: JournalEntry[] = [];
  const view = () => foldUpdateEvents(foldJournalEvents(entries, steps))?.steps ?? [];
  const note = (body: EntryBody) => {
    const at = new Date(rooms.clock.wallMs()).toISOString();
    entries.push({ ...body, update: TRIED, seq: entries.length, at, tickMs: rooms.clock.monotonicMs(), epoch: 0, attempt: 1 });
    tell(view());
  };
  await removeTree(folderOf(rooms));
  await removeTree(trialLogOf(rooms));
  try {
    note({ kind: "started", steps: pinSteps(steps), start });
    for (const step of steps) {
      signal.throwIfAborted();
      note({ kind: "applying", step: step.id });
      const result = await applyOnce(step, contextOf(rooms, start, foldGives(entries), { signal, say }));
      signal.throwIfAborted();
      if (result.kind === "done") note({ kind: "applied", step: step.id, gives: result.gives });
      else {
        const { code, because, transient } = result;
        note({ kind: "failed", step: step.id, code, because, transient, ...(result.evidence === undefined ? {} : { evidence: result.evidence }) });
        return { steps: view(), given: foldGives(entries), failed: { step: step.id, code, because, isOfTheMachine: transient } };
      }
    }
    return { steps: view(), given: foldGives(entries), failed: null };
  } finally {
    await removeTree(folderOf(rooms));
  }
}

/** Of a code update, what changes nothing that serves. The rehearsal is left to the update: it starts the agent on copies of its state. */
const listTrialSteps = (rooms: StepRooms): Step[] => [
  checkPackageStep(rooms),
  analyseStep(rooms),
  stageStep(rooms),
  buildStep(rooms),
  checkCodeStep(rooms),
  validateStep(rooms),
];

/** The same rooms, but for where it is built: what was only tried is no release, and nobody can go back to it. */
function setAside(rooms: StepRooms): StepRooms {
  const tried = openReleaseStore({
    folder: join(folderOf(rooms), "releases"),
    dependenciesFolder: join(rooms.folder, "dependencies"),
    slotCanWrite: true,
    clock: rooms.clock,
  });
  const storeOf = (id: string): ReleaseStore => (id.endsWith(`-${TRIED}-1`) ? tried : rooms.releases);
  return {
    ...rooms,
    scratchFolder: join(folderOf(rooms), "scratch"),
    releases: {
      ...rooms.releases,
      treePath: (id) => storeOf(id).treePath(id),
      isSealed: (id) => storeOf(id).isSealed(id),
      readRecord: (id) => storeOf(id).readRecord(id),
      seal: (id, facts) => tried.seal(id, facts),
      verify: (id) => storeOf(id).verify(id),
      verifyQuickly: (id) => storeOf(id).verifyQuickly(id),
      listFiles: (id) => storeOf(id).listFiles(id),
      findLocalChanges: (id, options) => storeOf(id).findLocalChanges(id, options),
      remove: (id) => tried.remove(id),
    },
  };
}

type Applied =
  | { readonly kind: "done"; readonly gives: Gives }
  /** Transient: of the machine, and no word on the version. */
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly because: string; readonly transient: boolean; readonly evidence?: Gives };

async function applyOnce(step: Step, context: StepContext): Promise<Applied> {
  try {
    const result = await step.apply(context);
    if (result.kind === "done") return result;
    if (result.kind === "refused") return { ...result, kind: "failed", transient: false };
    return { kind: "failed", code: "CONFLICT", because: result.because, transient: true };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!InstarError.is(error)) throw error;
    const { code, because, transient } = explainFailure(error);
    return { kind: "failed", code, because, transient };
  }
}

function contextOf(rooms: StepRooms, start: UpdateStart, given: Gives, desk: Pick<TrialDesk, "signal" | "say">): StepContext {
  return {
    update: TRIED,
    start,
    attempt: 1,
    epoch: 0,
    given,
    noted: {},
    mayLoseWrites: false,
    confirmedAtTickMs: null,
    answers: foldAnswers([]),
    tickMs: () => rooms.clock.monotonicMs(),
    ...desk,
  };
}
