import { z } from "zod";
import { explainView, metricsSeriesView, metricsView } from "./observation.ts";
import { defineOperation, updateId } from "./operation.ts";

/** What is seen of a version in service, and what a person says to it. */
export const OBSERVATION_OPERATIONS = [
  defineOperation({
    name: "metrics",
    kind: "query",
    summary: "What is seen of the version that serves, beside the one before it, and which sources are silent",
    input: z.strictObject({ since: z.string().min(1).default("1h").describe("How far back, such as 10m, 1h or 1d of time under watch") }),
    output: metricsView,
    positional: [],
    offline: true,
    mcp: { quotes: "names that the agent gave to what it measures" },
  }),
  defineOperation({
    name: "metrics.series",
    kind: "query",
    summary: "The same span by span, with what it is held to and when something was decided: for drawing",
    input: z.strictObject({
      since: z.string().min(1).default("1h").describe("How far back, such as 10m, 1h or 1d of time under watch"),
      points: z.coerce.number().int().min(2).max(1_000).default(240).describe("At most so many for each version; neighbouring spans become one"),
    }),
    output: metricsSeriesView,
    positional: [],
    offline: true,
    hiddenFrom: {
      cli: "it is made for drawing, and `instar metrics` says what it comes to",
      mcp: "hundreds of points would fill the context of a model, and `metrics` says what they come to",
    },
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
    summary: "Why an update might or might not proceed, and each recorded look at it in service with what every trigger came to; computes all of it again",
    input: z.strictObject({ update: updateId }),
    output: explainView,
    positional: ["update"],
    offline: true,
    mcp: { quotes: "what commits, files, tests and people say of an update" },
  }),
] as const;
