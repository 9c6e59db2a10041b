import { z } from "zod";
import { defineOperation, flag, none, updateId } from "./operation.ts";
import { rollbackPlan } from "./rollback.ts";
import { updateView } from "./update.ts";
import { incidentView } from "./views.ts";

const rollbackInput = z.strictObject({
  to: z.string().min(1).optional().describe("A release id or version; the version before where nothing is named"),
  at: z.string().min(1).optional().describe("What ran at this time, such as 2026-11-28T03:00:00Z; what was edited later goes back too"),
  checkpoint: z.string().min(1).optional().describe("A snapshot, or the update that it was taken for: the code and the state of then"),
  lastCommitted: flag.default(false).describe("The newest version that was watched to the end, other than what runs"),
  withState: flag.default(false).describe("Put the state of then back too; today's is kept aside"),
  codeAlone: flag.default(false).describe("Leave the state, even where the rehearsal showed that the old version does not run on it"),
  quarantined: flag.default(false).describe("Also to a release that misbehaved, or was left, before"),
});
/** Going back, and what is learned from it. */
export const ROLLBACK_OPERATIONS = [
  defineOperation({
    name: "rollback",
    kind: "command",
    summary: "Go back: to the version before, a named one, the last committed, what ran at a time, or a snapshot",
    input: rollbackInput,
    output: updateView,
    positional: ["to"],
    offline: false,
    dryRun: "rollback.plan",
  }),
  defineOperation({
    name: "rollback.plan",
    kind: "query",
    summary: "What a rollback would do: how, why, how long, what would be lost, and its five checks",
    input: rollbackInput,
    output: rollbackPlan,
    positional: ["to"],
    offline: true,
    hiddenFrom: { cli: "it is `instar rollback --dry-run`" },
    mcp: { quotes: "names of versions and files" },
  }),
  defineOperation({
    name: "update.resume",
    kind: "command",
    summary: "Let updates begin by themselves again, after three in a row had to go back",
    input: none,
    output: z.object({ wasOpen: z.boolean(), because: z.string() }),
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "incident.list",
    kind: "query",
    summary: "What went wrong in service so far: what kind of change, what happened, why, how it ended",
    input: none,
    output: z.object({ incidents: z.array(incidentView) }),
    positional: [],
    offline: true,
    mcp: { quotes: "what misbehaving versions answered, and the causes that people noted" },
  }),
  defineOperation({
    name: "incident.note",
    kind: "command",
    summary: "Write down why an incident came to be: it is shown when a like change comes again",
    input: z.strictObject({ incident: updateId, cause: z.string().min(1).max(2_000).describe("Why, in your words") }),
    output: incidentView,
    positional: ["incident", "cause"],
    offline: false,
  }),
] as const;
