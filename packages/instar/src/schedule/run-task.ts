import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { cleanLogs } from "./clean-logs.ts";
import type { TaskOutcome } from "./decide-task-end.ts";
import { judgeWebhookAddress } from "./judge-webhook-address.ts";
import { postJson } from "./post-json.ts";
import type { Task, TaskInput, TaskOwner, TaskRun } from "./task.ts";

/** What a task's run acts with. All of them heed the signal, and may fail as they like. */
export interface TaskTools {
  readonly clock: Clock;
  readonly logsFolder: string;
  /** Hosts that webhooks may reach by plain http. */
  readonly hosts: readonly string[];
  /** Asks one source, or all of them, and begins what is to begin; gives words. */
  readonly lookForUpdates: (source: string | null, owner: TaskOwner, signal: AbortSignal) => Promise<string>;
  readonly checkHealth: (signal: AbortSignal) => Promise<TaskOutcome>;
  /** Of agent.environmentFile, read anew. */
  readonly readSecret: (name: string) => Promise<string | undefined>;
  /** The agent's own address on this machine, such as http://127.0.0.1:8080; null where none listens. */
  readonly findAgent: () => Promise<string | null>;
  /** Names of logs that some process has open. */
  readonly openLogs: () => Promise<ReadonlySet<string>>;
}

/** Makes one run. Ends by its deadline whatever it runs into, and never throws for it. */
export async function runTask(task: Task, run: Pick<TaskRun, "id">, tools: TaskTools, until: AbortSignal): Promise<TaskOutcome> {
  const over = new AbortController();
  const deadline = AbortSignal.any([over.signal, until]);
  const late = tools.clock.sleep(task.withinMs, deadline).then(
    () => ({ kind: "failed", because: `it did not end within ${task.withinMs / 1_000} s` }) as const,
    () => ({ kind: "interrupted", because: "the daemon ended during it" }) as const,
  );
  // What does not heed the signal is left behind: its words are heard by nobody.
  const done = act(task.input, task, run.id, tools, deadline).catch((error: unknown): TaskOutcome => ({ kind: "failed", because: wordsOf(error) }));
  const outcome = await Promise.race([done, late]);
  const isEnding = until.aborted;
  over.abort(new InstarError("TIMED_OUT", "the run is over"));
  if (isEnding && outcome.kind === "failed") return { kind: "interrupted", because: "the daemon ended during it" };
  return { ...outcome, because: outcome.because.slice(0, LONGEST_WORDS) };
}

const LONGEST_WORDS = 1_000;

async function act(input: TaskInput, { createdBy }: Task, delivery: string, tools: TaskTools, signal: AbortSignal): Promise<TaskOutcome> {
  switch (input.type) {
    case "check-for-updates":
      return { kind: "done", because: await tools.lookForUpdates(input.source, createdBy, signal) };
    case "health-check":
      return tools.checkHealth(signal);
    case "log-cleanup":
      return { kind: "done", because: await cleanLogs(tools.logsFolder, input, { nowMs: tools.clock.wallMs(), open: await tools.openLogs(), signal }) };
    case "webhook":
      return callWebhook(input, delivery, tools, signal);
    case "message":
      return tellAgent(input, delivery, tools, signal);
  }
}

async function callWebhook(
  { url, body, secretVariable }: Extract<TaskInput, { type: "webhook" }>,
  delivery: string,
  { hosts, readSecret }: TaskTools,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  const because = judgeWebhookAddress(url, hosts);
  if (because !== null) return { kind: "failed", because };
  const secret = secretVariable === null ? undefined : await readSecret(secretVariable);
  // Never unsigned instead: whoever listens would take it for somebody else's.
  if (secretVariable !== null && secret === undefined) return { kind: "failed", because: `agent.environmentFile has no ${secretVariable} to sign with` };
  return postJson({ url, body, delivery, secret }, signal);
}

async function tellAgent(
  { path, text }: Extract<TaskInput, { type: "message" }>,
  delivery: string,
  { findAgent }: TaskTools,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  const agent = await findAgent();
  if (agent === null) return { kind: "failed", because: "the agent does not listen on a port at present" };
  return postJson({ url: `${agent}${path}`, body: JSON.stringify({ text }), delivery }, signal);
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
