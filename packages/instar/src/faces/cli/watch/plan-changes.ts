import type { ApprovalView, StatusView, UpdateView } from "@instar/protocol";
import { type Heard, NO_LOG, type Reading, type WatchLog } from "./watch-state.ts";

/** One thing that became otherwise: an object a line with `--json`. */
export type Change =
  | { readonly change: "daemon"; readonly answers: boolean; readonly because: string }
  | { readonly change: "agent"; readonly version: string | null; readonly slot: string | null; readonly health: string; readonly because: string }
  | { readonly change: "waiting"; readonly state: string; readonly because: string }
  | {
      readonly change: "update";
      readonly update: string;
      readonly versionFrom: string | null;
      readonly versionTo: string;
      readonly state: string;
      readonly outcome: string | null;
      readonly because: string;
    }
  | {
      readonly change: "step";
      readonly update: string;
      readonly versionTo: string;
      readonly step: string;
      readonly title: string;
      readonly state: UpdateView["steps"][number]["state"];
      readonly because: string;
    }
  | {
      readonly change: "approval";
      readonly update: string;
      readonly versionTo: string;
      readonly state: string;
      readonly given: number;
      readonly quorum: number;
      readonly digest: string | null;
      readonly because: string;
    }
  | {
      readonly change: "observation";
      readonly update: string;
      readonly version: string;
      readonly verdict: string;
      readonly action: string;
      readonly alarms: readonly string[];
      readonly because: string;
    }
  | { readonly change: "output"; readonly update: string; readonly text: string };

/** What was heard last, as far as the next is compared with it. */
export interface HeardBefore {
  readonly reading: Reading | null;
  readonly log: WatchLog;
  readonly answers: boolean | null;
}

export const NOTHING_HEARD: HeardBefore = { reading: null, log: NO_LOG, answers: null };

/** What became otherwise between two looks, in the order in which it is read best. */
export function planChanges(before: HeardBefore, heard: Heard): { readonly changes: readonly Change[]; readonly now: HeardBefore } {
  const answers = heard.kind === "reading";
  const because = heard.kind === "reading" ? "" : heard.because;
  const daemon: Change[] = answers === before.answers || (answers && before.answers === null) ? [] : [{ change: "daemon", answers, because }];
  if (heard.kind === "silence") return { changes: daemon, now: { ...before, answers } };
  const { reading } = heard;
  const log = heard.kind === "reading" ? heard.log : before.log;
  return {
    changes: [
      ...daemon,
      ...(before.reading === null && reading.update?.outcome !== null ? [] : planOutput(before.log, log)),
      ...changesOf(before.reading, reading),
    ],
    now: { reading, log, answers },
  };
}

function changesOf(before: Reading | null, now: Reading): Change[] {
  return [
    ...otherwise(before === null ? [] : [agentOf(before.status)], [agentOf(now.status)]),
    ...now.approvals.flatMap((approval) => {
      const known = before?.approvals.find(({ update }) => update === approval.update);
      // What ended before anybody watched is history: `instar approval list`.
      if (known === undefined && approval.state !== "waiting" && (before === null || approval.state === "deciding")) return [];
      return otherwise(known === undefined ? [] : [approvalOf(known)], [approvalOf(approval)]);
    }),
    ...now.updates.toReversed().flatMap((update) => changesOfUpdate(before, now, update)),
    ...otherwise(observationsOf(before?.status), observationsOf(now.status)),
    ...otherwise(before === null ? [] : [waitingOf(before.status)], [waitingOf(now.status)]),
  ];
}

function changesOfUpdate(before: Reading | null, now: Reading, update: UpdateView): Change[] {
  const known = before?.updates.find(({ id }) => id === update.id);
  // What had ended when the watch began is history (`instar update list`): of the one that is looked at, how it ended is told.
  if (before === null && update.outcome !== null) return update.id === now.update?.id ? [updateOf(update)] : [];
  const steps = update.steps.filter(isTold);
  const ends = otherwise(known === undefined ? [] : [updateOf(known)], [updateOf(update)]);
  const moves = otherwise(
    (known?.steps ?? []).filter(isTold).map((step) => stepOf(update, step)),
    steps.map((step) => stepOf(update, step)),
  );
  return update.outcome === null ? [...ends, ...moves] : [...moves, ...ends];
}

const isTold = ({ state }: UpdateView["steps"][number]) => state !== "ahead" && state !== "skipped";

/** Lines that were written since, as far as they were kept. */
function planOutput(before: WatchLog, now: WatchLog): Change[] {
  const { update } = now;
  if (update === null) return [];
  const fresh = now.total - (before.update === update ? before.total : 0);
  return now.lines.slice(Math.max(0, now.lines.length - fresh)).map((text) => ({ change: "output", update, text }));
}

/** Those of now that were not so before. A countdown alone is no change. */
function otherwise<Each extends Change>(before: readonly Each[], now: readonly Each[]): Each[] {
  const known = new Set(before.map(withoutNumbers));
  return now.filter((each) => !known.has(withoutNumbers(each)));
}

const withoutNumbers = (change: Change) => JSON.stringify({ ...change, because: "because" in change ? change.because.replaceAll(/\d+(?:\.\d+)?/g, "#") : "" });

function agentOf({ agent }: StatusView): Change {
  const { version, slot, health, because } = agent;
  return { change: "agent", version, slot: slot?.slot ?? null, health, because };
}

const waitingOf = ({ state, waiting }: StatusView): Change => ({ change: "waiting", state, because: waiting });

function updateOf({ id, versionFrom, versionTo, state, outcome, because }: UpdateView): Change {
  // What it waits for, its steps say.
  return { change: "update", update: id, versionFrom, versionTo, state, outcome, because: outcome === null && state !== "error" ? "" : because };
}

function stepOf({ id: update, versionTo }: UpdateView, { id, title, state, because }: UpdateView["steps"][number]): Change {
  return { change: "step", update, versionTo, step: id, title, state, because };
}

function approvalOf({ update, versionTo, state, answers, quorum, digest, because }: ApprovalView): Change {
  return { change: "approval", update, versionTo, state, given: answers.filter(({ counts }) => counts).length, quorum, digest, because };
}

function observationsOf(status: StatusView | undefined): Change[] {
  if (status === undefined || status.observation === null) return [];
  const { update, version, verdict, action, alarms, because } = status.observation;
  return [{ change: "observation", update, version, verdict, action, alarms, because }];
}
