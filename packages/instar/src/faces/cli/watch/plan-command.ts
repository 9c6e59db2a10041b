import type { ApprovalView, RollbackPlan, UpdateView } from "@instar/protocol";
import type { PlannedCommand, Reading } from "./watch-state.ts";

export type CommandName = "approve" | "reject" | "keep" | "cancel" | "pin" | "hold" | "skip";

export type Planned = { readonly kind: "possible"; readonly command: PlannedCommand } | { readonly kind: "impossible"; readonly because: string };

/** What a key would send, and what is said before; or why it would send nothing. It is always about the update that is looked at. */
export function planCommand(name: CommandName, reading: Reading): Planned {
  switch (name) {
    case "approve":
      return planApproval(reading);
    case "reject":
      return planRejection(reading);
    case "keep":
      return planKeeping(reading);
    case "cancel":
      return planCancelling(reading);
    case "pin":
      return planPin(reading);
    case "hold":
      return planHold(reading);
    case "skip":
      return planSkip(reading);
    default:
      return name satisfies never;
  }
}

/** The approval that the update which is looked at waits for. */
export const waitingApproval = ({ approvals, update }: Reading): ApprovalView | undefined =>
  approvals.find((each) => each.update === update?.id && each.state === "waiting");

function planApproval(reading: Reading): Planned {
  const approval = waitingApproval(reading);
  if (approval === undefined || reading.update === null) return nobodyIsAsked(reading);
  const { versionFrom, versionTo, digest, decision, quorum, answers } = approval;
  const given = answers.filter(({ counts }) => counts).length;
  return possible({
    operation: "update.approve",
    input: { update: approval.update, ...(digest === null ? {} : { digest }) },
    question: `Approve ${versionTo}?`,
    will: [
      decision,
      digest === null ? "" : `You approve ${digest}, and no other bytes.`,
      given + 1 >= quorum
        ? `Yours is the last word that is needed: ${versionFrom ?? "nothing"} is exchanged for ${versionTo} as soon as the calendar lets it.`
        : `Yours is approval ${given + 1} of ${quorum}: it goes on waiting.`,
    ],
    mustType: isCritical(reading.update) ? versionTo : null,
    why: "none",
  });
}

function planRejection(reading: Reading): Planned {
  const approval = waitingApproval(reading);
  if (approval === undefined) return nobodyIsAsked(reading);
  return possible({
    operation: "update.reject",
    input: { update: approval.update },
    question: `Reject ${approval.versionTo}?`,
    will: [`The update to ${approval.versionTo} ends refused, with your reasons on the ledger. ${approval.versionFrom ?? "What runs"} goes on serving.`],
    mustType: null,
    why: "needed",
  });
}

function nobodyIsAsked({ approvals, update }: Reading): Planned {
  const other = approvals.find(({ state }) => state === "waiting");
  if (other !== undefined) return impossible(`${update?.versionTo ?? "it"} waits for nobody's word; ${other.versionTo} does: choose it first`);
  return impossible("no update waits for a person's word");
}

function planKeeping({ status: { observation } }: Reading): Planned {
  if (observation === null) return impossible("no version is watched");
  const { update, version, waitsFor, alarms, confirm } = observation;
  if (waitsFor !== "operator" && (confirm === null || confirm.isConfirmed))
    return impossible(`${version} asks nobody to be kept: it is watched, and that goes on`);
  return possible({
    operation: "update.confirm",
    input: { update },
    question: `Keep ${version}?`,
    will: [...alarms.map((alarm) => `In spite of the alarm: ${alarm}.`), `${version} stays in service. The rest of its watch is still to be passed.`],
    mustType: null,
    why: "none",
  });
}

/** Steps that may have changed what serves: once one of them began, cancelling means going back. */
const EXCHANGES: ReadonlySet<string> = new Set(["trial", "switch", "put-back", "stop-agent"]);

function planCancelling({ update }: Reading): Planned {
  if (update === null || update.outcome !== null) return impossible("the update that is looked at has ended: b goes back from a version that stayed");
  const { id, versionFrom, versionTo, steps } = update;
  const isExchanged = steps.some((step) => EXCHANGES.has(step.id) && step.state !== "ahead" && step.state !== "skipped");
  return possible({
    operation: "update.cancel",
    input: { update: id },
    question: `Cancel the update to ${versionTo}?`,
    will: [
      isExchanged
        ? `The exchange has begun: ${versionFrom ?? "the version before"} is put back, and its state where it must.`
        : `Nothing was exchanged yet: ${versionFrom ?? "what runs"} goes on serving, and what was made for ${versionTo} is tidied away.`,
    ],
    mustType: isExchanged ? (versionFrom ?? versionTo) : null,
    why: "none",
  });
}

function planPin({ status: { marks, agent } }: Reading): Planned {
  if (marks.pinned !== null)
    return possible({
      operation: "update.unpin",
      input: {},
      question: `Unpin ${marks.pinned.version}?`,
      will: [`Other versions may begin again, as instar.yaml and the policies let them. ${marks.pinned.by} pinned it${because(marks.pinned.because)}.`],
      mustType: null,
      why: "none",
    });
  if (agent.version === null) return impossible("nothing runs that could be pinned");
  return possible({
    operation: "update.pin",
    input: { version: agent.version },
    question: `Pin ${agent.version}?`,
    will: ["Nothing else begins, by itself or by hand, until it is unpinned. Going back is never kept from."],
    mustType: null,
    why: "none",
  });
}

function planHold({ status: { marks } }: Reading): Planned {
  if (marks.held !== null)
    return possible({
      operation: "update.unhold",
      input: {},
      question: "Let updates begin by themselves again?",
      will: [`${marks.held.by} held them${because(marks.held.because)}${marks.held.until === null ? "" : `, until ${marks.held.until}`}.`],
      mustType: null,
      why: "none",
    });
  return possible({
    operation: "update.hold",
    input: {},
    question: "Hold all updates?",
    will: ["None begins by itself until that is taken back (h again). One that is under way goes on."],
    mustType: null,
    why: "none",
  });
}

/** Of the version that is looked at; where that one serves, of what is to be had. */
function planSkip({ status: { marks, agent, available }, update }: Reading): Planned {
  const version = update !== null && update.versionTo !== agent.version ? update.versionTo : available?.version;
  if (version === undefined) return impossible("there is no version to skip but the one that runs");
  const mark = marks.skipped.find((each) => each.version === version);
  if (mark !== undefined)
    return possible({
      operation: "update.unskip",
      input: { version },
      question: `Let ${version} be taken again?`,
      will: [`${mark.by} skipped it${because(mark.because)}.`],
      mustType: null,
      why: "none",
    });
  return possible({
    operation: "update.skip",
    input: { version },
    question: `Skip ${version}?`,
    will: [`${version} is never taken, whichever source offers it, until that is taken back (s again).`],
    mustType: null,
    why: "none",
  });
}

/** Going back, once what it would do was worked out. */
export function planRollback({ target, parts, takes, lost, verdict, because: why }: RollbackPlan): Planned {
  if (verdict === "fail") return impossible(`going back would be refused: ${why}`);
  return possible({
    operation: "rollback",
    input: { to: target.release },
    question: `Go back to ${target.version}?`,
    will: [
      `Back to ${target.version} (${target.release}): ${target.because}.`,
      ...parts.map(({ what, strategy, because: reason }) => `${what}: ${strategy}: ${reason}`),
      takes.ms === null ? `How long it takes is not known: ${takes.because}` : `It takes about ${Math.round(takes.ms)} ms: ${takes.because}`,
      `Lost: ${lost.isKnown ? "" : "at least "}${lost.writes} acknowledged writes: ${lost.because}${lost.keptAside ? " (kept aside)" : ""}`,
      lost.files.total === 0 ? "" : `${lost.files.total} files of the state: ${lost.files.first.slice(0, 3).join(", ")}${lost.files.total > 3 ? ", …" : ""}`,
      ...(verdict === "pass" ? [] : [`Its checks came to ${verdict}: ${why}`]),
    ],
    mustType: target.version,
    why: "none",
  });
}

/** Also where what was decided upon is not known here: never measured is never a pass. */
function isCritical({ steps }: UpdateView): boolean {
  const facts = steps.findLast(({ evidence }) => evidence?.decision !== undefined)?.evidence?.decision?.facts;
  return facts === undefined || facts.risk === "critical" || facts.impactLevel === "critical";
}

const because = (why: string) => (why === "" ? "" : ` (${why})`);
const impossible = (why: string): Planned => ({ kind: "impossible", because: why });
const possible = (command: PlannedCommand): Planned => ({ kind: "possible", command: { ...command, will: command.will.filter((line) => line !== "") } });
