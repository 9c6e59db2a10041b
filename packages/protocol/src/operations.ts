// The whole table of operations: CLI, HTTP and OpenAPI derive from it.
import { z } from "zod";
import { ACCESS_OPERATIONS } from "./access-operations.ts";
import { AUDIT_OPERATIONS } from "./audit-operations.ts";
import { BACKUP_OPERATIONS } from "./backup-operations.ts";
import { CONSOLE_OPERATIONS } from "./console-operations.ts";
import { DIFF_OPERATIONS } from "./diff-operations.ts";
import { EDIT_OPERATIONS } from "./edit-operations.ts";
import { healthCheckResult } from "./health.ts";
import { CONFLICT_STRATEGIES } from "./impact.ts";
import { OBSERVATION_OPERATIONS } from "./observation-operations.ts";
import { defineOperation, none, updateId } from "./operation.ts";
import { PASSKEY_OPERATIONS } from "./passkey-operations.ts";
import { POLICY_OPERATIONS } from "./policy-operations.ts";
import { ROLLBACK_OPERATIONS } from "./rollback-operations.ts";
import { SELF_OPERATIONS } from "./self-operations.ts";
import { SETTINGS_OPERATIONS } from "./settings-operations.ts";
import { SOURCE_OPERATIONS } from "./source-operations.ts";
import { TASK_OPERATIONS } from "./task-operations.ts";
import { OUTCOMES, updateView } from "./update.ts";
import { VERDICTS } from "./verdict.ts";
import { doctorView, impactView, planView, releaseView, statusView } from "./views.ts";

export const OPERATIONS = [
  defineOperation({
    name: "status",
    kind: "query",
    summary: "What runs, what is under way, and why nothing is happening",
    input: none,
    output: statusView,
    positional: [],
    offline: true,
    mcp: { quotes: "what versions say of themselves, and people of them" },
  }),
  defineOperation({
    name: "plan",
    kind: "query",
    summary: "What would happen, with the port and the processes untouched",
    input: none,
    output: planView,
    positional: [],
    offline: true,
    mcp: { quotes: "commit messages and file names of the candidate" },
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
    mcp: { quotes: "commit messages and file names of the candidate" },
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
    hiddenFrom: { mcp: "it is made for drawing: the modules of a whole agent would fill the context of a model, and `impact` says what a change touches" },
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
    mcp: { quotes: "what the agent and jobs of the candidate wrote" },
  }),
  defineOperation({
    name: "update.check",
    kind: "command",
    needs: "propose",
    summary: "Ask every source now, or one of them, whether there is anything new",
    input: z.strictObject({ source: z.string().min(1).optional().describe("Only this one: git, npm, files or endpoint") }),
    output: z.object({
      source: z.string().describe("Which one this is about: of several the one that has most to say"),
      found: z.boolean(),
      version: z.string().nullable(),
      commit: z.string().nullable(),
      decision: z.enum(["start", "hold", "dismiss", "nothing"]),
      because: z.string(),
    }),
    positional: ["source"],
    offline: false,
    mcp: { quotes: "names of versions, as their sources have them", isIdempotent: true },
  }),
  defineOperation({
    name: "update.list",
    kind: "query",
    summary: "All updates, newest first, with their outcomes and reasons",
    input: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1_000).default(50),
      before: updateId.optional().describe("Only older ones than this update: the last of a page that was read already"),
      outcome: z
        .enum([...OUTCOMES, "open"])
        .optional()
        .describe("Only those that ended so; open: those that have not ended"),
      version: z.string().min(1).max(200).optional().describe("Only those whose version or commit begins so"),
    }),
    output: z.object({
      updates: z.array(updateView),
      total: z.int().describe("How many there are of these in all, on every page together"),
      hasMore: z.boolean().describe("Older ones follow: ask again with `before`"),
    }),
    positional: [],
    offline: true,
    mcp: { quotes: "what commits, files, tests and people say of an update" },
  }),
  defineOperation({
    name: "update.show",
    kind: "query",
    summary: "One update: its steps, what they found, why it ended so",
    input: z.strictObject({ update: updateId }),
    output: updateView,
    positional: ["update"],
    offline: true,
    mcp: { quotes: "what commits, files, tests and people say of an update" },
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
    mcp: { quotes: "what jobs of the candidate wrote" },
  }),
  defineOperation({
    name: "update.apply",
    kind: "command",
    needs: "propose",
    summary: "Start an update by hand: what the sources have, or a commit, branch or tag, a package@version, a folder or a tarball",
    input: z.strictObject({
      target: z
        .string()
        .min(1)
        .optional()
        .describe("A commit, branch or tag, package@version, or the path of a folder or tarball; what the sources have where it is left out"),
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
    pathInput: "target",
    offline: false,
    mcp: {
      quotes: "what commits, files, tests and people say of an update",
      isDestructive: true,
      withholds: {
        untested: "a model does not lower a gate, whoever's token it has: a person says this on the command line",
        quarantined: "a model does not lower a gate, whoever's token it has: a person says this on the command line",
        conflicts: "a model does not decide about files that a person changed by hand",
        confirmWithin: "a model does not change how long a version is watched",
      },
    },
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
  ...DIFF_OPERATIONS,
  ...SELF_OPERATIONS,
  ...SOURCE_OPERATIONS,
  ...TASK_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...PASSKEY_OPERATIONS,
  ...OBSERVATION_OPERATIONS,
  ...ROLLBACK_OPERATIONS,
  ...AUDIT_OPERATIONS,
  ...BACKUP_OPERATIONS,
  ...SETTINGS_OPERATIONS,
  ...EDIT_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...CONSOLE_OPERATIONS,
  defineOperation({
    name: "health",
    kind: "query",
    summary: "Make the checks of before or after an exchange now, of what serves",
    input: z.strictObject({ when: z.enum(["before", "after"]).default("after").describe("Which of the two lists") }),
    output: z.object({ verdict: z.enum(VERDICTS), because: z.string(), checks: z.array(healthCheckResult) }),
    positional: ["when"],
    offline: true,
    mcp: { quotes: "what the agent answered to its checks" },
  }),
  defineOperation({
    name: "history",
    kind: "query",
    summary: "The releases on disk: version, commit, author, changes, way back",
    input: none,
    output: z.object({ releases: z.array(releaseView) }),
    positional: [],
    offline: true,
    mcp: { quotes: "commit messages and names of authors" },
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
    hiddenFrom: {
      mcp: "it looks at this machine, the data folder and where tokens lie, for the operator who can mend what it finds; `status` and `health` say how the agent is",
    },
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
