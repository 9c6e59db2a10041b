import { InstarError } from "@instar/protocol";
import { z } from "zod";
import { openCron } from "./open-cron.ts";
import { duration, hostAndPort } from "./setting-values.ts";

/** When something is to be done that recurs. */
export const checkAtSettings = z
  .strictObject({
    cron: z.string().min(1).max(200).describe('A cron expression such as "0 3 * * *", six fields with seconds, or @daily and the like'),
    timeZone: z.string().min(1).optional().describe("Such as Europe/Berlin; the machine's where it is left out"),
  })
  .superRefine((schedule, context) => {
    try {
      openCron(schedule);
    } catch (error) {
      if (!InstarError.is(error)) throw error;
      context.addIssue({ code: "custom", message: error.message, path: [error.facts.timeZone === undefined ? "cron" : "timeZone"] });
    }
  });

/** `tasks`: what keeps an agent from flooding itself with tasks of its own. */
export const taskSettings = z.strictObject({
  most: z.int().min(0).max(1_000).default(50).describe("How many tasks there may be; 0: none"),
  oftenest: duration.prefault("1m").describe("The shortest time between two runs of one task"),
  perHour: z.int().min(1).max(10_000).default(120).describe("How many runs all tasks together may have within an hour"),
  keepRuns: z.int().min(1).max(10_000).default(100).describe("How many runs of each task are remembered"),
  hosts: z.array(hostAndPort).default([]).describe("Hosts that a webhook of a task may reach over plain http; https, and this machine, are never refused"),
});
export type TaskSettings = z.output<typeof taskSettings>;
