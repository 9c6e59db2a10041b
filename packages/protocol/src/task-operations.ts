import { z } from "zod";
import { defineOperation, none } from "./operation.ts";
import { MISSED_POLICIES, TASK_TYPES, taskRunView, taskView } from "./task.ts";

const task = z.string().min(1).describe("A task's name, or its id");
const because = z.string().max(1_000).default("").describe("Why; it is shown with the task");

/** What is done at times by itself. An agent may have tasks of its own, and touches no others. */
export const TASK_OPERATIONS = [
  defineOperation({
    name: "task.add",
    kind: "command",
    needs: "propose",
    summary: "Do something at times: check for updates or health, clean logs, call a webhook, send the agent a message",
    input: z.strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits and dashes")
        .describe("What it is called"),
      type: z.enum(TASK_TYPES).describe("What it does"),
      cron: z.string().min(1).max(200).optional().describe('When: "0 3 * * *", six fields with seconds, or @daily and the like'),
      timeZone: z.string().min(1).max(100).optional().describe("Of the cron expression, such as Europe/Berlin; the machine's where it is left out"),
      every: z.string().min(1).optional().describe("Or how often: 10m, 6h, 1d"),
      missed: z.enum(MISSED_POLICIES).default("once").describe("What becomes of runs that were due while nothing ran"),
      within: z.string().min(1).default("60s").describe("How long a run may take, 10m at most"),
      failures: z.coerce.number().int().min(1).max(1_000).default(5).describe("After so many failures in a row it is paused"),
      source: z.string().min(1).max(100).optional().describe("check-for-updates: only this source"),
      keepDays: z.coerce.number().int().min(1).max(3_650).optional().describe("log-cleanup: logs older than this go"),
      keepBytes: z.string().min(1).optional().describe("log-cleanup: and of what is older than a day, the oldest until this size is left, such as 64MiB"),
      url: z.string().min(1).max(2_000).optional().describe("webhook: POSTed to, by https or on this machine"),
      body: z.string().max(16_384).optional().describe("webhook: the JSON that is sent"),
      secretVariable: z.string().max(200).optional().describe("webhook: a variable of agent.environmentFile that it is signed with"),
      path: z.string().max(1_000).optional().describe("message: a path of the agent's own port"),
      text: z.string().max(8_192).optional().describe("message: what the agent is told"),
    }),
    output: taskView,
    positional: ["name", "type"],
    offline: false,
    mcp: { quotes: "names and messages of tasks" },
  }),
  defineOperation({
    name: "task.list",
    kind: "query",
    summary: "All tasks: what they do, when they run next, whose they are",
    input: none,
    output: z.object({ tasks: z.array(taskView) }),
    positional: [],
    offline: true,
    mcp: { quotes: "names and messages of tasks, whoever added them" },
  }),
  defineOperation({
    name: "task.show",
    kind: "query",
    summary: "One task, with its next five times and what became of its last runs",
    input: z.strictObject({ task, runs: z.coerce.number().int().min(1).max(1_000).default(20).describe("How many runs") }),
    output: taskView.extend({ next: z.array(z.string()), runs: z.array(taskRunView).describe("Newest first") }),
    positional: ["task"],
    offline: true,
    mcp: { quotes: "names and messages of tasks, and what was answered to them" },
  }),
  defineOperation({
    name: "task.pause",
    kind: "command",
    needs: "propose",
    summary: "Let a task rest until it is resumed",
    input: z.strictObject({ task, because }),
    output: taskView,
    positional: ["task"],
    offline: false,
    mcp: { quotes: "names and messages of tasks", isIdempotent: true },
  }),
  defineOperation({
    name: "task.resume",
    kind: "command",
    needs: "propose",
    summary: "Let a task run again; what was due meanwhile is not made up for",
    input: z.strictObject({ task }),
    output: taskView,
    positional: ["task"],
    offline: false,
    mcp: { quotes: "names and messages of tasks", isIdempotent: true },
  }),
  defineOperation({
    name: "task.remove",
    kind: "command",
    needs: "propose",
    summary: "Take a task away for good",
    input: z.strictObject({ task }),
    output: taskView,
    positional: ["task"],
    offline: false,
    mcp: { quotes: "names and messages of tasks", isDestructive: true, isIdempotent: true },
  }),
  defineOperation({
    name: "task.run",
    kind: "command",
    needs: "propose",
    summary: "Run a task now, whatever its schedule, and wait for its end",
    input: z.strictObject({ task }),
    output: taskRunView,
    positional: ["task"],
    offline: false,
    mcp: { quotes: "what was answered to a task", isDestructive: true },
  }),
] as const;
