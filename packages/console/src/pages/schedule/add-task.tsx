import { InstarError, TASK_TYPES } from "@instar/protocol";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { findTaskMistake, isCron, planTask } from "./plan-task.ts";

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
        {
          name: "timeZone",
          label: "Time zone",
          kind: "line",
          help: "Europe/Berlin; the machine's where it is left out",
          isShown: ({ when = "" }) => isCron(when.trim()),
        },
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
        { name: "source", label: "Only this source", kind: "line", isShown: ({ type }) => type === "check-for-updates" },
        { name: "keepDays", label: "Days that are kept", kind: "line", isShown: ({ type }) => type === "log-cleanup" },
        { name: "keepBytes", label: "And at most this much, such as 64MiB", kind: "line", isShown: ({ type }) => type === "log-cleanup" },
        { name: "url", label: "Address, by https or on this machine", kind: "line", isShown: ({ type }) => type === "webhook" },
        { name: "body", label: "JSON that is sent", kind: "text", isShown: ({ type }) => type === "webhook" },
        { name: "secretVariable", label: "Variable of agent.environmentFile that it is signed with", kind: "line", isShown: ({ type }) => type === "webhook" },
        { name: "path", label: "Path of the agent's port", kind: "line", isShown: ({ type }) => type === "message" },
        { name: "text", label: "What it is told", kind: "text", isShown: ({ type }) => type === "message" },
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
