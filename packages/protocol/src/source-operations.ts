import { z } from "zod";
import { defineOperation, none } from "./operation.ts";
import { CANDIDATE_DECISIONS, sourceView, updateEventView, versionMarksView } from "./source.ts";

const version = z.string().min(1).describe("A version such as 1.2.3, or a commit's first letters (at least seven)");
const because = z.string().max(1_000).default("").describe("Why; it is shown wherever it keeps something waiting");

/** Where changes come from, what was seen, and what people want of versions. */
export const SOURCE_OPERATIONS = [
  defineOperation({
    name: "source.list",
    kind: "query",
    summary: "Every source: what it has, when it is asked next, why it cannot be read",
    input: none,
    output: z.object({ sources: z.array(sourceView) }),
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "source.events",
    kind: "query",
    summary: "What sources reported, newest first, and what became of it",
    input: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1_000).default(50),
      decision: z.enum(CANDIDATE_DECISIONS).optional().describe("Only those that were decided so"),
    }),
    output: z.object({ events: z.array(updateEventView) }),
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "source.forget",
    kind: "command",
    needs: "administer",
    summary: "Forget which versions of its metadata a registry was seen to have, where it was made anew: trust begins again with its root",
    input: z.strictObject({ source: z.enum(["registry"]).describe("Whose"), because }),
    output: z.object({ source: z.string(), because: z.string() }),
    positional: ["source"],
    offline: false,
  }),
  defineOperation({
    name: "update.propose",
    kind: "command",
    needs: "propose",
    summary: "Say that there is a version: it begins if it would by itself, and else waits or is dismissed, with the reason",
    input: z.strictObject({
      target: z.string().min(1).optional().describe("A commit, branch or tag of the source, or package@version; what the sources have where it is left out"),
      because,
    }),
    output: z.object({ event: updateEventView.nullable(), decision: z.enum(CANDIDATE_DECISIONS), because: z.string(), update: z.string().nullable() }),
    positional: ["target"],
    pathInput: "target",
    offline: false,
  }),
  defineOperation({
    name: "update.pin",
    kind: "command",
    summary: "Stay at a version: nothing else begins, by itself or by hand, until it is unpinned; going back is never kept from",
    input: z.strictObject({ version: version.optional().describe("What serves where it is left out"), because }),
    output: versionMarksView,
    positional: ["version"],
    offline: false,
  }),
  defineOperation({
    name: "update.unpin",
    kind: "command",
    summary: "Let other versions begin again",
    input: none,
    output: versionMarksView,
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "update.hold",
    kind: "command",
    summary: "Let nothing begin by itself, until a time or until it is taken back",
    input: z.strictObject({ until: z.string().min(1).optional().describe("A time such as 2026-12-24T08:00:00Z, or how long: 2d"), because }),
    output: versionMarksView,
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "update.unhold",
    kind: "command",
    summary: "Let updates begin by themselves again",
    input: none,
    output: versionMarksView,
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "update.skip",
    kind: "command",
    summary: "Never take this version, whichever source offers it",
    input: z.strictObject({ version, because }),
    output: versionMarksView,
    positional: ["version"],
    offline: false,
  }),
  defineOperation({
    name: "update.unskip",
    kind: "command",
    summary: "Let a skipped version be taken again",
    input: z.strictObject({ version }),
    output: versionMarksView,
    positional: ["version"],
    offline: false,
  }),
  defineOperation({
    name: "update.marks",
    kind: "query",
    summary: "What is pinned, held and skipped, and how many updates began today",
    input: none,
    output: versionMarksView,
    positional: [],
    offline: true,
  }),
] as const;
