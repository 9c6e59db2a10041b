import type { Task, TaskInput } from "./task.ts";

/** What a task does, in words. Of an address only where it leads: what stands behind the host is a secret to some receivers. */
export function describeTaskInput(input: TaskInput): string {
  switch (input.type) {
    case "check-for-updates":
      return input.source === null ? "asks every source for updates" : `asks ${input.source} for updates`;
    case "health-check":
      return "checks whether the agent is well";
    case "log-cleanup":
      return `keeps logs of ${[
        ...(input.keepDays === null ? [] : [`${input.keepDays} days`]),
        ...(input.keepBytes === null ? [] : [`${input.keepBytes} bytes`]),
      ].join(" and ")}`;
    case "webhook":
      return `calls ${new URL(input.url).origin}/…${input.secretVariable === null ? "" : `, signed with ${input.secretVariable}`}`;
    case "message":
      return `tells the agent at ${input.path}: ${input.text.length > 80 ? `${input.text.slice(0, 80)}…` : input.text}`;
  }
}

export const describeSchedule = ({ schedule }: Pick<Task, "schedule">): string =>
  "cron" in schedule ? `${schedule.cron} (${schedule.timeZone ?? "the machine's zone"})` : `every ${schedule.everyMs / 1_000} s`;
