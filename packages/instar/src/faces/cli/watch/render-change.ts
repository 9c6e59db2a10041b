import { STEP_MARKS } from "../render-update.ts";
import type { Change } from "./plan-changes.ts";

/** A change as a line of words, for where there is no screen. */
export function renderChangeLine(change: Change): string {
  switch (change.change) {
    case "daemon":
      return change.answers ? "daemon    answers again" : `daemon    away: ${change.because}`;
    case "agent":
      return `agent     ${change.version ?? "no version"}${change.slot === null ? "" : ` in ${change.slot}`}: ${change.health}: ${change.because}`;
    case "waiting":
      return `now       ${change.because}`;
    case "update":
      return `update    ${change.update}  ${change.versionFrom ?? "nothing"} → ${change.versionTo}  ${change.outcome ?? change.state}${after(change.because)}`;
    case "step":
      return `step      ${change.versionTo}  ${STEP_MARKS[change.state]} ${change.title}${after(change.because)}`;
    case "approval":
      return `approval  ${change.versionTo}  ${change.state}${change.quorum === 0 ? "" : `, ${change.given} of ${change.quorum}`}${after(change.because)}`;
    case "observation":
      return `watched   ${change.version}  ${change.verdict}${after(change.because)}${change.alarms.length === 0 ? "" : `; alarms: ${change.alarms.join("; ")}`}`;
    case "output":
      return `output    │ ${change.text}`;
    default:
      return change satisfies never;
  }
}

const after = (because: string) => (because === "" ? "" : `: ${because}`);
