import { type CallOptions, callOperation, type Question } from "./call-operation.ts";
import { Fields } from "./fields.ts";
import { followOutcome, type OutcomeOptions } from "./follow-outcome.ts";
import { type EndedDeployment, type ResumeOptions, type Resumption, startResuming } from "./resume.ts";
import { readVariable } from "./surroundings.ts";
import {
  type Begun,
  type Check,
  type CodeCheck,
  type Deployed,
  type Deployment,
  type Ended,
  type Health,
  parseBegun,
  parseCheck,
  parseCodeCheck,
  parseDeployed,
  parseDeployment,
  parseEnded,
  parseHealth,
  parseSeen,
  parseStanding,
  parseTask,
  type Seen,
  type Standing,
  type Task,
} from "./views.ts";

export interface ConnectOptions {
  /** The door file's path; INSTAR_DOOR where it is left out. */
  readonly door?: string;
  /** This process's release; INSTAR_RELEASE where it is left out. */
  readonly release?: string;
  /** How long a daemon that is away is waited for, in each call. */
  readonly patienceMs?: number;
}

export interface Change {
  /** What was changed and why: the commit's message. */
  readonly message: string;
  /** For whom, in the agent's own words; given back with the outcome. */
  readonly asker?: string;
  /** The deployment that was rejected or failed and that this one answers. */
  readonly revises?: string;
  /** Push the commit to the branch that self.push names, once it was committed. */
  readonly push?: boolean;
}

/** Something that happened, for the ledger. */
export interface AgentEvent {
  /** What kind: small letters, digits, `.`, `_`, `-`; such as model.changed. */
  readonly what: string;
  /** One sentence for people. */
  readonly text: string;
  readonly success?: boolean;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** What is done at times: docs/tasks.md. `cron` or `every` says when. */
export interface TaskPlan {
  readonly name: string;
  readonly type: "check-for-updates" | "health-check" | "log-cleanup" | "webhook" | "message" | (string & {});
  readonly cron?: string;
  readonly timeZone?: string;
  readonly every?: string;
  readonly missed?: "skip" | "once" | "all";
  readonly within?: string;
  readonly failures?: number;
  readonly source?: string;
  readonly keepDays?: number;
  readonly keepBytes?: string;
  readonly url?: string;
  readonly body?: string;
  readonly secretVariable?: string;
  readonly path?: string;
  readonly text?: string;
}

/**
 * What an agent may ask and tell of itself. Each rejects with `InstarCallError`. Absent, because an agent may not: backups and the way back, which are a person's, and releases
 * elsewhere.
 */
export interface SelfUpgrade {
  /** Asks every source, or the one that is named, whether there is anything new. */
  checkForUpdates(options?: CallOptions & { readonly source?: string }): Promise<Check>;
  /** Proposes what the sources have, or one version of it. It goes through every gate. */
  upgrade(options?: CallOptions & { readonly target?: string; readonly because?: string }): Promise<Begun>;
  /** Analyses, builds, checks and tests what lies in code-repo in the sandbox, with nothing begun by it. Resolves at its end. */
  check(options?: CallOptions): Promise<CodeCheck>;
  /** Makes a version of what lies in code-repo and begins its update. */
  deploy(change: Change, options?: CallOptions): Promise<Deployed>;
  /** What was deployed, newest first. */
  deployments(options?: CallOptions & { readonly limit?: number; readonly unseen?: boolean }): Promise<Deployment[]>;
  /** Says that the agent knows how a deployment ended; `resume` does it by itself. */
  acknowledge(update: string, options?: CallOptions): Promise<Deployment>;
  /** Resolves when an update has ended, whoever restarts meanwhile. It keeps the process alive until then, or until the signal. */
  outcome(update: string, options?: OutcomeOptions): Promise<Ended>;
  /** Tells the handler, at least once, how each deployment ended. */
  resume(handler: (deployment: EndedDeployment) => void | Promise<void>, options?: ResumeOptions): Resumption;
  scheduleTask(task: TaskPlan, options?: CallOptions): Promise<Task>;
  /** By id or name; only the agent's own. */
  removeTask(task: string, options?: CallOptions): Promise<Task>;
  /** Makes the checks of after an exchange now, of what serves. */
  healthCheck(options?: CallOptions): Promise<Health>;
  /** What Instar saw of the version that serves, and of the one before. @param options.since such as 10m, 1h, 1d */
  getMetrics(options?: CallOptions & { readonly since?: string }): Promise<Seen[]>;
  /** Writes down on the ledger, in the agent's own name, that something happened. @returns its place there. At most 120 an hour */
  logEvent(event: AgentEvent, options?: CallOptions): Promise<number | null>;
  /** What Instar waits for. */
  why(options?: CallOptions): Promise<Standing>;
}

const PATIENCE_MS = 60_000;
/** Checks, and sources that are asked, take their time; so does making a commit of a large folder. */
const CHECK_WITHIN_MS = 300_000;
const DEPLOY_WITHIN_MS = 900_000;
/** Shorter than a call may take where nobody says how long. */
const CHECK_LOOK_SECONDS = 10;
const MOST_DEPLOYMENTS = 200;

/** Asks nobody yet: a daemon that is away is no error before something is asked. */
export function connect(options: ConnectOptions = {}): SelfUpgrade {
  const place = { door: options.door ?? readVariable("INSTAR_DOOR"), patienceMs: options.patienceMs ?? PATIENCE_MS };
  const ask = async (question: Question) => new Fields(await callOperation(place, question), question.operation);
  const query = (operation: string, input: Question["input"], how: CallOptions & { holds?: boolean } = {}) =>
    ask({ ...limits(how), operation, kind: "query", ...(input === undefined ? {} : { input }) });
  const command = (operation: string, input: NonNullable<Question["input"]>, how: CallOptions & { holds?: boolean; isIdempotent?: boolean } = {}) =>
    ask({ ...limits(how), operation, kind: "command", input, isIdempotent: how.isIdempotent ?? false });
  const listDeployments = async (input: { limit?: number | undefined; unseen?: boolean | undefined }, how: CallOptions & { holds?: boolean }) =>
    (await query("code.deployments", input, how)).list("deployments", parseDeployment);
  const acknowledge = async (update: string, how: CallOptions & { holds?: boolean }) =>
    (await command("code.acknowledge", { update }, { ...how, isIdempotent: true })).inner("deployment", parseDeployment);

  return {
    checkForUpdates: async ({ source, ...how } = {}) =>
      parseCheck(await command("update.check", { source }, { withinMs: CHECK_WITHIN_MS, ...how, isIdempotent: true })),
    upgrade: async ({ target, because, ...how } = {}) =>
      parseBegun(await command("update.propose", { target, because }, { withinMs: DEPLOY_WITHIN_MS, ...how })),
    check: async (how = {}) => {
      const { signal } = how;
      let check = parseCodeCheck(await command("code.check", {}, { withinMs: DEPLOY_WITHIN_MS, ...how }));
      while (check.state === "running")
        check = parseCodeCheck(await query("code.progress", { check: check.id, waitSeconds: CHECK_LOOK_SECONDS }, signal === undefined ? {} : { signal }));
      return check;
    },
    deploy: async ({ message, asker, revises, push }, how = {}) =>
      parseDeployed(await command("code.deploy", { message, asker, revises, push }, { withinMs: DEPLOY_WITHIN_MS, ...how })),
    deployments: ({ limit, unseen, ...how } = {}) => listDeployments({ limit, unseen }, how),
    acknowledge: (update, how = {}) => acknowledge(update, how),
    outcome: (update, how = {}) =>
      followOutcome(
        {
          readUpdate: async (id, signal) => parseEnded(await query("update.show", { update: id }, signal === undefined ? {} : { signal })),
          readDeployments: (signal) => listDeployments({ limit: MOST_DEPLOYMENTS }, signal === undefined ? {} : { signal }),
        },
        update,
        how,
      ),
    resume: (handler, how = {}) =>
      startResuming(
        {
          own: options.release ?? readVariable("INSTAR_RELEASE"),
          readServing: async (signal) => parseStanding(await query("status", {}, { signal, holds: false })).release,
          readUnseen: (signal) => listDeployments({ limit: MOST_DEPLOYMENTS, unseen: true }, { signal, holds: false }),
          acknowledge: async (update, signal) => void (await acknowledge(update, { signal, holds: false })),
        },
        handler,
        how,
      ),
    scheduleTask: async (task, how = {}) => parseTask(await command("task.add", { ...task }, how)),
    removeTask: async (task, how = {}) => parseTask(await command("task.remove", { task }, how)),
    healthCheck: async (how = {}) => parseHealth(await query("health", {}, { withinMs: CHECK_WITHIN_MS, ...how })),
    getMetrics: async ({ since, ...how } = {}) => (await query("metrics", { since }, how)).list("versions", parseSeen),
    logEvent: async ({ what, text, success, facts }, how = {}) =>
      (await command("agent.note", { what, text, success, facts: facts === undefined ? undefined : JSON.stringify(facts) }, how)).numberOrNull("index"),
    why: async (how = {}) => parseStanding(await query("status", {}, how)),
  };
}

const limits = ({ signal, withinMs, holds }: CallOptions & { holds?: boolean }) => ({
  ...(signal === undefined ? {} : { signal }),
  ...(withinMs === undefined ? {} : { withinMs }),
  ...(holds === undefined ? {} : { holds }),
});
