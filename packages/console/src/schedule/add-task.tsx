import { InstarError, TASK_TYPES } from "@instar/protocol";
import { ActionDialog } from "../parts/action-dialog.tsx";
import { findTaskMistake, planTask } from "./plan-task.ts";

const TYPES: Readonly<Record<(typeof TASK_TYPES)[number], string>> = {
  "check-for-updates": "asks the sources for something new",
  "health-check": "asks the agent how it is",
  "log-cleanup": "removes old logs",
  webhook: "tells another program",
  message: "tells the agent something",
};

export function AddTask() {
  return (
    <ActionDialog
      operation="task.add"
      label="Add a task…"
      title="Add a task"
      confirm="Add it"
      tone="primary"
      says={
        <p>
          It runs by itself at its times, within the bounds that instar.yaml sets for all tasks, and is paused after some failures in a row. Each change of it
          is on the ledger.
        </p>
      }
      fields={[
        { name: "name", label: "Name", kind: "line", isRequired: true, help: "Lower-case letters, digits and dashes" },
        {
          name: "type",
          label: "What it does",
          kind: "choice",
          initial: "check-for-updates",
          choices: TASK_TYPES.map((type) => ({ value: type, label: `${type}: ${TYPES[type]}` })),
        },
        { name: "when", label: "When", kind: "line", isRequired: true, help: "10m, 6h, 1d; or a cron expression: 0 3 * * *, @daily" },
        { name: "timeZone", label: "Time zone of a cron expression", kind: "line", help: "Europe/Berlin; the machine's where it is left out" },
        {
          name: "missed",
          label: "Runs that were due while nothing ran",
          kind: "choice",
          initial: "once",
          choices: [
            { value: "once", label: "one for all of them" },
            { value: "skip", label: "are not made up for" },
            { value: "all", label: "each is made up for" },
          ],
        },
        { name: "source", label: "check-for-updates: only this source", kind: "line" },
        { name: "keepDays", label: "log-cleanup: days that are kept", kind: "line" },
        { name: "keepBytes", label: "log-cleanup: and at most this much, such as 64MiB", kind: "line" },
        { name: "url", label: "webhook: address, by https or on this machine", kind: "line" },
        { name: "body", label: "webhook: JSON that is sent", kind: "text" },
        { name: "secretVariable", label: "webhook: variable of agent.environmentFile that it is signed with", kind: "line" },
        { name: "path", label: "message: path of the agent's port", kind: "line" },
        { name: "text", label: "message: what it is told", kind: "text" },
      ]}
      input={(values) => {
        const mistake = findTaskMistake(values);
        if (mistake !== null) throw new InstarError("INPUT_INVALID", mistake);
        return planTask(values);
      }}
      done={({ name }) => `The task ${name} is added.`}
    />
  );
}
