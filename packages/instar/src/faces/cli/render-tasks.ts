import type { OutputOf, TaskRunView, TaskView } from "@instar/protocol";

export function renderTasks({ tasks }: OutputOf<"task.list">): string {
  return tasks.map(renderTask).join("\n") || "no tasks yet: `instar task add` makes the first";
}

export function renderTask({ name, does, cron, timeZone, everyMs, state, pausedBecause, nextAt, failures, createdBy }: TaskView): string {
  const when = cron === null ? `every ${renderSpan(everyMs ?? 0)}` : `${cron}${timeZone === null ? "" : ` (${timeZone})`}`;
  const next = state === "paused" ? `paused: ${pausedBecause ?? "nobody said why"}` : `next ${nextAt ?? "never"}`;
  return [
    `${name}  ${does}  ${when}`,
    `  ${next}${failures === 0 ? "" : `; failed ${failures} times in a row`}; added by ${createdBy.type === "agent" ? "the agent " : ""}${createdBy.id}`,
  ].join("\n");
}

export function renderTaskStory({ next, runs, ...task }: OutputOf<"task.show">): string {
  return [
    renderTask(task),
    `  missed runs: ${task.missed}; ${renderSpan(task.withinMs)} a run; paused after ${task.failuresAllowed} failures in a row`,
    ...(next.length === 0 ? [] : ["  next", ...next.map((at) => `    ${at}`)]),
    ...(runs.length === 0 ? ["  it has not run yet"] : ["  last", ...runs.map((run) => `    ${renderRun(run)}`)]),
  ].join("\n");
}

export function renderRun({ dueAt, outcome, because }: TaskRunView): string {
  return `${dueAt}  ${outcome}${because === "" ? "" : `: ${because}`}`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

function renderSpan(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each && ms % each === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}
