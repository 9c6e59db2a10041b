import { type InputOf, InstarError } from "@instar/protocol";
import { duration, size, variable } from "../settings/setting-values.ts";
import type { TaskSettings } from "../settings/task-settings.ts";
import { countBusiestHour } from "./assert-within-limits.ts";
import { judgeWebhookAddress } from "./judge-webhook-address.ts";
import { parseSchedule } from "./parse-schedule.ts";
import type { NewTask, TaskInput, TaskOwner } from "./task.ts";

type Asked = InputOf<"task.add">;

const LONGEST_RUN_MS = 600_000;
/** What belongs to one type alone. */
const FIELDS = {
  "check-for-updates": ["source"],
  "health-check": [],
  "log-cleanup": ["keepDays", "keepBytes"],
  webhook: ["url", "body", "secretVariable"],
  message: ["path", "text"],
} as const satisfies Record<TaskInput["type"], readonly (keyof Asked)[]>;

/** @param nowMs wall time; a pace counts from it. @throws InstarError INPUT_INVALID */
export function parseTask(asked: Asked, createdBy: TaskOwner, settings: TaskSettings, nowMs: number): NewTask {
  assertNoOthersFields(asked);
  const { name, missed, failures: failuresAllowed } = asked;
  const schedule = parseSchedule(asked, nowMs);
  return {
    ...{ name, missed, failuresAllowed, createdBy },
    input: parseInput(asked, settings),
    schedule,
    busiestHour: countBusiestHour(schedule, settings.perHour, nowMs),
    withinMs: parseWithin(asked.within),
  };
}

/** What a type does not heed was meant for something: nothing that somebody wrote is dropped in silence. */
function assertNoOthersFields(asked: Asked): void {
  const own: readonly string[] = FIELDS[asked.type];
  const stray = Object.values(FIELDS)
    .flat()
    .filter((field) => asked[field] !== undefined && !own.includes(field));
  if (stray.length > 0)
    throw invalid(`a task of type ${asked.type} has no ${stray.join(", ")}`, own.length === 0 ? "It takes nothing more." : `It takes ${own.join(", ")}.`);
}

function parseInput(asked: Asked, settings: TaskSettings): TaskInput {
  const { type } = asked;
  switch (type) {
    case "check-for-updates":
      return { type, source: asked.source ?? null };
    case "health-check":
      return { type };
    case "log-cleanup":
      if (asked.keepDays === undefined && asked.keepBytes === undefined) throw invalid("a cleanup says what it keeps", "Give keepDays or keepBytes.");
      return { type, keepDays: asked.keepDays ?? null, keepBytes: asked.keepBytes === undefined ? null : parseSize(asked.keepBytes) };
    case "webhook":
      return parseWebhook(asked, settings);
    case "message":
      return parseMessage(asked);
  }
}

function parseWebhook({ url = "", body = "{}", secretVariable }: Asked, settings: TaskSettings): TaskInput {
  const because = judgeWebhookAddress(url, settings.hosts);
  if (because !== null) throw invalid(because, "Give an address by https or on this machine; tasks.hosts of instar.yaml names more hosts.");
  if (!isJson(body)) throw invalid("the body of a webhook is no JSON", `Such as '{"hello":"world"}'.`);
  if (secretVariable !== undefined && !variable.safeParse(secretVariable).success)
    throw invalid(`${JSON.stringify(secretVariable)} is no variable's name`, "Letters, digits and _, not beginning with a digit.");
  return { type: "webhook", url, body, secretVariable: secretVariable ?? null };
}

function parseMessage({ path = "", text = "" }: Asked): TaskInput {
  // The agent's own port, and nothing that a path could make of it: //elsewhere is another host to whoever resolves it.
  if (!/^\/(?!\/)[!-~]*$/.test(path) || /[\\#]/.test(path)) throw invalid(`${JSON.stringify(path)} is no path of the agent`, "Such as /tasks/wake.");
  if (text === "") throw invalid("a message has words", "Give text.");
  return { type: "message", path, text };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseWithin(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success) throw invalid(`within ${parsed.error.issues[0]?.message ?? "is no duration"}`, "Such as 60s.");
  if (parsed.data < 1 || parsed.data > LONGEST_RUN_MS) throw invalid(`a run may take a while, and ten minutes at most: not ${text}`, "Such as 60s.");
  return parsed.data;
}

function parseSize(text: string): number {
  const parsed = size.safeParse(text);
  if (!parsed.success) throw invalid(`keepBytes ${parsed.error.issues[0]?.message ?? "is no size"}`, "Such as 64MiB.");
  return parsed.data;
}

const invalid = (message: string, advice: string) => new InstarError("INPUT_INVALID", message, { advice });
