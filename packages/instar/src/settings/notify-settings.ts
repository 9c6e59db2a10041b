import { z } from "zod";
import { command, duration, variable } from "./setting-values.ts";

/** What people may be told of. */
const OCCASIONS = [
  "committed",
  "rolled-back",
  "refused",
  "cancelled",
  "superseded",
  "stuck-resolved",
  "stuck",
  "waiting",
  "breaker",
  "release-changed",
  "token-created",
  "ledger",
  "task-paused",
] as const;
export type Occasion = (typeof OCCASIONS)[number];

/** What wakes somebody by default: what went wrong, what waits for a person, and a new hand on the door. */
const LOUD: Occasion[] = ["rolled-back", "stuck", "waiting", "breaker", "release-changed", "token-created", "task-paused", "ledger"];

export const notifySettings = z.strictObject({
  ways: z
    .array(
      z
        .strictObject({
          run: command.optional().describe("A program of yours; what happened is in INSTAR_NOTIFICATION (JSON), INSTAR_OCCASION and INSTAR_SUMMARY"),
          webhook: z
            .url({ protocol: /^https?$/ })
            .optional()
            .describe("POSTed to as JSON"),
          secretVariable: variable
            .optional()
            .describe("A variable of agent.environmentFile; with it the webhook's body is signed: x-instar-signature, HMAC-SHA-256"),
          on: z.array(z.enum(OCCASIONS)).min(1).default(LOUD).describe("What it is told of"),
          within: duration.prefault("10s"),
        })
        .refine((way) => (way.run === undefined) !== (way.webhook === undefined), "needs either run or webhook"),
    )
    .default([])
    .describe("Programs of yours, and webhooks"),
});
export type NotifyWay = z.output<typeof notifySettings>["ways"][number];
