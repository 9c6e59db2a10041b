import { MISSED_POLICIES, TASK_TYPES } from "@instar/protocol";
import type { AskedOf } from "../../data/ask.ts";
import type { ActionValues } from "../../parts/action-dialog.tsx";

/** Which of the fields a kind of task has. */
const OWN_FIELDS: Readonly<
  Record<(typeof TASK_TYPES)[number], readonly ("source" | "keepDays" | "keepBytes" | "url" | "body" | "secretVariable" | "path" | "text")[]>
> = {
  "check-for-updates": ["source"],
  "health-check": [],
  "log-cleanup": ["keepDays", "keepBytes"],
  webhook: ["url", "body", "secretVariable"],
  message: ["path", "text"],
};

/** Why a task cannot be added so; null where it can, as far as can be told here: the daemon looks closer. Pure. */
export function findTaskMistake({ name = "", when = "", type }: ActionValues): string | null {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name.trim())) return "The name is to be lower-case letters, digits and dashes.";
  if (!TASK_TYPES.some((each) => each === type)) return "Say what it does.";
  return isPeriod(when.trim()) || isCron(when.trim()) ? null : "When: a time between runs such as 10m, 6h or 1d, or a cron expression such as 0 3 * * *.";
}

const isPeriod = (text: string) => /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text);
export const isCron = (text: string) => text.startsWith("@") || /^\S+( +\S+){4,5}$/.test(text);

/** What `task.add` is asked for: of what was filled in only what that kind of task has. Pure. */
export function planTask(values: ActionValues): AskedOf<"task.add"> {
  const filled = (name: string) => values[name]?.trim() ?? "";
  const type = TASK_TYPES.find((each) => each === values.type) ?? "health-check";
  const when = filled("when");
  const own = Object.fromEntries(OWN_FIELDS[type].flatMap((name) => (filled(name) === "" ? [] : [[name, filled(name)]])));
  return {
    name: filled("name"),
    type,
    ...(isPeriod(when) ? { every: when } : { cron: when, ...(filled("timeZone") === "" ? {} : { timeZone: filled("timeZone") }) }),
    missed: MISSED_POLICIES.find((each) => each === values.missed) ?? "once",
    ...own,
  };
}
