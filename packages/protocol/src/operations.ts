// The whole table of operations, in one place: CLI, HTTP and OpenAPI derive from it, and what is asked about a face is read here.
import { z } from "zod";
import { healthCheckResult } from "./health.ts";
import { CONFLICT_STRATEGIES, impactReport } from "./impact.ts";
import { explainView, metricsView, observationView } from "./observation.ts";
import { sandboxReport } from "./sandbox.ts";
import { LOOP_STATES, updateView } from "./update.ts";
import { VERDICTS } from "./verdict.ts";

export type Face = "cli" | "http";

/** One thing that Instar can be asked or told. CLI, HTTP and OpenAPI all derive from this table; no face adds to it. */
export interface Operation<Name extends string = string, Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  readonly name: Name;
  /** A query changes nothing and is a GET; a command is a POST. */
  readonly kind: "query" | "command";
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  /** The inputs that the CLI takes by position, in order. The rest are flags. */
  readonly positional: readonly string[];
  /** True where it can be answered from the disk while no daemon runs. */
  readonly offline: boolean;
  /** Faces that leave it out, each with its reason. */
  readonly hiddenFrom?: Partial<Record<Face, string>>;
}

const defineOperation = <const Name extends string, Input extends z.ZodObject, Output extends z.ZodType>(
  operation: Operation<Name, Input, Output>,
): Operation<Name, Input, Output> => operation;

const none = z.strictObject({});
const updateId = z.string().min(1).describe("An update's id; its first letters are enough");

const slotView = z.object({
  slot: z.enum(["blue", "green"]),
  release: z.string().nullable(),
  version: z.string().nullable(),
  alive: z.boolean(),
  pid: z.int().nullable(),
  startedAt: z.string().nullable(),
  port: z.int().nullable(),
  restarts: z.int(),
});

const servedView = slotView.extend({
  role: z
    .enum(["serving", "trial", "beside"])
    .describe("serving: requests go there; trial: a share of the callers; beside: it runs, and no new request goes there"),
  share: z.number().describe("Of the callers, 0 to 1"),
  inFlight: z.int().describe("Requests, streams and WebSockets under way"),
  requests: z.int(),
  failed: z.int().describe("Answers of 500 to 599, and connections that broke"),
  writes: z.int().describe("Acknowledged requests that change something, and WebSocket messages that were answered"),
  medianMs: z.number().nullable().describe("From forwarding to the head of the answer"),
  p99Ms: z.number().nullable(),
});

export const statusView = z.object({
  instance: z.string(),
  dataFolder: z.string(),
  running: z.object({ keeper: z.boolean(), daemon: z.boolean() }),
  keeper: z
    .object({
      pid: z.int(),
      startedAt: z.string(),
      handOver: z.string().nullable().describe("What a replacement of the keeper is at; null where none is going on"),
    })
    .nullable(),
  state: z.enum(LOOP_STATES),
  waiting: z.string().describe("What Instar is waiting for, in words: why nothing is happening"),
  agent: z.object({
    release: z.string().nullable(),
    version: z.string().nullable(),
    commit: z.string().nullable(),
    health: z.enum(VERDICTS),
    because: z.string(),
    degraded: z.string().nullable().describe("Why it is not what should run although it answers: its files were changed underneath, for one"),
    slot: slotView.nullable(),
    containment: z.enum(["open", "sandboxed", "separate-user"]),
    containmentBecause: z.string(),
  }),
  exchange: z.object({ strategy: z.enum(["recreate", "blue-green"]), because: z.string() }).describe("How old and new version change places"),
  slots: z.array(servedView).describe("Every version that is kept running; counts are those of its release"),
  front: z
    .object({
      host: z.string(),
      port: z.int(),
      listening: z.boolean(),
      holding: z.boolean(),
      held: z.int(),
      requests: z.int(),
      failed: z.int(),
      refusedByHold: z.int(),
      medianMs: z.number().nullable().describe("From forwarding to the head of the answer, of the version that serves"),
      p99Ms: z.number().nullable(),
    })
    .nullable(),
  update: updateView.nullable().describe("The one under way, or the newest"),
  observation: observationView.nullable().describe("The watch of a version in service, by all that is recorded of it; null where none is watched"),
  available: z
    .object({ version: z.string(), commit: z.string(), ref: z.string(), decision: z.enum(["start", "hold", "dismiss", "nothing"]), because: z.string() })
    .nullable(),
  source: z.object({ lookedAt: z.string().nullable(), nextLookInMs: z.number().nullable(), failing: z.string().nullable() }),
  ledger: z.object({ length: z.int(), head: z.string() }),
  versions: z.object({ instar: z.string(), node: z.string() }),
});
export type StatusView = z.output<typeof statusView>;

export const planView = z.object({
  instance: z.string(),
  dataFolder: z.string(),
  candidate: z.object({ version: z.string(), commit: z.string(), ref: z.string(), author: z.string(), subject: z.string() }).nullable(),
  running: z.object({ version: z.string(), commit: z.string() }).nullable(),
  would: z.string().describe("What would happen, in one sentence"),
  steps: z.array(z.object({ id: z.string(), title: z.string(), would: z.string() })),
  files: z.object({ changed: z.int(), sample: z.array(z.string()) }),
  checks: z.array(z.object({ what: z.string(), verdict: z.enum(VERDICTS), because: z.string() })),
});
export type PlanView = z.output<typeof planView>;

export const doctorView = z.object({
  verdict: z.enum(VERDICTS),
  checks: z.array(z.object({ area: z.string(), what: z.string(), verdict: z.enum(VERDICTS), because: z.string(), advice: z.string() })),
  sandboxes: z.array(sandboxReport).describe("What each sandbox enforces on this machine, as tried just now"),
});
export type DoctorView = z.output<typeof doctorView>;

export const releaseView = z.object({
  release: z.string(),
  version: z.string(),
  commit: z.string(),
  author: z.string(),
  at: z.string(),
  changes: z.array(z.string()),
  updateType: z.string(),
  previous: z.string().nullable(),
  wayBack: z.object({ release: z.string(), commit: z.string() }).nullable(),
  digest: z.string(),
  sizeBytes: z.int(),
  running: z.boolean(),
  committed: z.boolean(),
  quarantined: z.string().nullable(),
});

export const impactView = z.object({
  update: z.string().nullable().describe("The update that was analysed so; null where it was analysed now"),
  from: z.object({ version: z.string(), commit: z.string() }).nullable(),
  to: z.object({ version: z.string(), commit: z.string() }),
  tookMs: z.int().nullable(),
  report: impactReport,
});
export type ImpactView = z.output<typeof impactView>;

export const OPERATIONS = [
  defineOperation({
    name: "status",
    kind: "query",
    summary: "What runs, what is under way, and why nothing is happening",
    input: none,
    output: statusView,
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "plan",
    kind: "query",
    summary: "What would happen, with the port and the processes untouched",
    input: none,
    output: planView,
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "impact",
    kind: "query",
    summary: "What a change touches, what it risks and why: upstream's newest, an update, or any two commits",
    input: z.strictObject({
      update: updateId.optional().describe("An update's id, for what was found when it came; its first letters are enough"),
      from: z.string().min(1).optional().describe("A release or version on disk, or a commit, branch or tag; what runs where it is left out"),
      to: z.string().min(1).optional().describe("The same; upstream's newest where it is left out"),
    }),
    output: impactView,
    positional: ["update"],
    offline: true,
  }),
  defineOperation({
    name: "graph",
    kind: "query",
    summary: "Which module needs which, for drawing (DOT) or for programs (JSON)",
    input: z.strictObject({
      of: z.string().min(1).optional().describe("A commit, branch or tag; what runs, or else upstream's newest, where it is left out"),
      format: z.enum(["dot", "json"]).default("dot").describe("How it is written"),
    }),
    output: z.object({ commit: z.string(), modules: z.int(), edges: z.int(), text: z.string() }),
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "logs",
    kind: "query",
    summary: "The newest lines of a log",
    input: z.strictObject({
      of: z.enum(["agent", "daemon", "keeper", "update"]).default("agent").describe("Whose log"),
      lines: z.coerce.number().int().min(1).max(10_000).default(100).describe("How many lines"),
      update: updateId.optional(),
    }),
    output: z.object({ path: z.string().nullable(), lines: z.array(z.string()) }),
    positional: ["of"],
    offline: true,
  }),
  defineOperation({
    name: "update.check",
    kind: "command",
    summary: "Ask upstream now whether there is anything new",
    input: none,
    output: z.object({
      found: z.boolean(),
      version: z.string().nullable(),
      commit: z.string().nullable(),
      decision: z.enum(["start", "hold", "dismiss", "nothing"]),
      because: z.string(),
    }),
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "update.list",
    kind: "query",
    summary: "All updates, newest first, with their outcomes and reasons",
    input: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(50) }),
    output: z.object({ updates: z.array(updateView) }),
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "update.show",
    kind: "query",
    summary: "One update: its steps, what they found, why it ended so",
    input: z.strictObject({ update: updateId }),
    output: updateView,
    positional: ["update"],
    offline: true,
  }),
  defineOperation({
    name: "update.output",
    kind: "query",
    summary: "What an update's jobs wrote, from a place on: for reading along",
    input: z.strictObject({ update: updateId, from: z.coerce.number().int().min(0).default(0).describe("Bytes of its log that are known already") }),
    output: z.object({
      text: z.string(),
      next: z.int().describe("Where to go on from"),
      isAll: z.boolean().describe("Nothing more was there when this was read"),
    }),
    positional: ["update"],
    offline: true,
  }),
  defineOperation({
    name: "update.apply",
    kind: "command",
    summary: "Start an update by hand: upstream's newest, or a commit, branch or tag that upstream has",
    input: z.strictObject({
      target: z.string().min(1).optional().describe("A commit, branch or tag; upstream's newest where it is left out"),
      untested: z.boolean().default(false).describe("Go on without tests; the update and the ledger carry it"),
      quarantined: z.boolean().default(false).describe("Try a release again that misbehaved before"),
      conflicts: z
        .enum(CONFLICT_STRATEGIES)
        .optional()
        .describe("What becomes of files of the running release that were changed by hand; instar.yaml's where it is left out"),
      confirmWithin: z
        .string()
        .min(1)
        .optional()
        .describe("A time such as 10m: the old version comes back by itself unless `instar update confirm` comes within it"),
    }),
    output: updateView,
    positional: ["target"],
    offline: false,
  }),
  defineOperation({
    name: "update.confirm",
    kind: "command",
    summary: "Keep a version that asked to be confirmed, or go on after an alarm; the rest of its watch is still to be passed",
    input: z.strictObject({ update: updateId.optional().describe("The one under way where it is left out") }),
    output: z.object({ update: z.string(), version: z.string(), because: z.string() }),
    positional: ["update"],
    offline: false,
  }),
  defineOperation({
    name: "update.explain",
    kind: "query",
    summary: "Each recorded look at an update's version in service, with what every trigger came to; computes each verdict again",
    input: z.strictObject({ update: updateId }),
    output: explainView,
    positional: ["update"],
    offline: true,
  }),
  defineOperation({
    name: "update.cancel",
    kind: "command",
    summary: "Stop an update; after the exchange this puts the old version back",
    input: z.strictObject({ update: updateId.optional().describe("The one under way where it is left out") }),
    output: updateView,
    positional: ["update"],
    offline: false,
  }),
  defineOperation({
    name: "update.resolve",
    kind: "command",
    summary: "Answer a stuck update: try going back again, accept what runs now, or abandon it",
    input: z.strictObject({
      how: z.enum(["retry", "accept", "abandon"]),
      update: updateId.optional(),
      loseWrites: z.boolean().default(false).describe("With retry: state may go back although acknowledged writes came since; they are kept aside"),
    }),
    output: updateView,
    positional: ["how", "update"],
    offline: false,
  }),
  defineOperation({
    name: "rollback",
    kind: "command",
    summary: "Go back to the version before, or to a named release that is still on disk",
    input: z.strictObject({
      to: z.string().min(1).optional().describe("A release id or version"),
      withState: z.boolean().default(false).describe("Put the state from before the running version back too; today's is kept aside"),
      codeAlone: z.boolean().default(false).describe("Leave the state, even where the rehearsal showed that the old version does not run on it"),
    }),
    output: updateView,
    positional: ["to"],
    offline: false,
  }),
  defineOperation({
    name: "health",
    kind: "query",
    summary: "Make the checks of before or after an exchange now, of what serves",
    input: z.strictObject({ when: z.enum(["before", "after"]).default("after").describe("Which of the two lists") }),
    output: z.object({ verdict: z.enum(VERDICTS), because: z.string(), checks: z.array(healthCheckResult) }),
    positional: ["when"],
    offline: true,
  }),
  defineOperation({
    name: "metrics",
    kind: "query",
    summary: "What is seen of the version that serves, beside the one before it, and which sources are silent",
    input: z.strictObject({ since: z.string().min(1).default("1h").describe("How far back, such as 10m, 1h or 1d of time under watch") }),
    output: metricsView,
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "history",
    kind: "query",
    summary: "The releases on disk: version, commit, author, changes, way back",
    input: none,
    output: z.object({ releases: z.array(releaseView) }),
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "audit.verify",
    kind: "query",
    summary: "Follow the ledger's chain from the first entry to the last",
    input: none,
    output: z.object({ verdict: z.enum(["intact", "damaged"]), length: z.int(), head: z.string(), because: z.string() }),
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "keeper.replace",
    kind: "command",
    summary: "Put a fresh keeper in the place of the one that runs, for new code or settings of Instar: no request fails, the agent runs on",
    input: none,
    output: z.object({
      pid: z.int(),
      startedAt: z.string(),
      before: z.int().describe("The pid of the one that was replaced"),
      tookMs: z.int(),
      handOver: z.string().nullable().describe("What the one that was replaced still does; null where it is gone"),
    }),
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "doctor",
    kind: "query",
    summary: "Look for what is wrong, and say what to do",
    input: none,
    output: doctorView,
    positional: [],
    offline: true,
  }),
] as const;

export type OperationName = (typeof OPERATIONS)[number]["name"];
type OperationOf<Name extends OperationName> = Extract<(typeof OPERATIONS)[number], { name: Name }>;
export type InputOf<Name extends OperationName> = z.output<OperationOf<Name>["input"]>;
export type OutputOf<Name extends OperationName> = z.output<OperationOf<Name>["output"]>;

/** What implements the table: one function per operation, no more and no less. */
export type Implementations = { readonly [Name in OperationName]: (input: InputOf<Name>) => Promise<OutputOf<Name>> };

export const routeOf = (operation: { name: string; kind: "query" | "command" }) => ({
  method: operation.kind === "query" ? ("GET" as const) : ("POST" as const),
  path: `/v1/${operation.name.replaceAll(".", "/")}`,
});
