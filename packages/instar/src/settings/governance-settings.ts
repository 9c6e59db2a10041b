import { IMPACT_LEVELS } from "@instar/protocol";
import { z } from "zod";
import { duration } from "./setting-values.ts";

/** `approvals`: when people are asked, how many, and for how long their word holds. */
export const approvalSettings = z.strictObject({
  for: z
    .array(z.enum(IMPACT_LEVELS))
    .default(["critical", "high"])
    .describe("Impact levels that do not proceed by themselves; critical never does, whether or not it stands here"),
  quorum: z.int().min(1).max(20).default(1).describe("How many people must approve"),
  passkey: z
    .enum(["required", "as-policies-say"])
    .default("as-policies-say")
    .describe("required: no approval counts but one that a passkey signed in the console, whatever the policies ask for"),
  waitFor: duration.prefault("3d").describe("How long an update waits for them, in time that Instar runs; then it is refused"),
  validFor: duration.prefault("1d").describe("How long an approval holds, while the others or a window are still waited for"),
});

/** `policy`: Cedar policies of the operator's own, beside those that Instar brings. */
export const policySettings = z.strictObject({
  folder: z.string().min(1).default("policy").describe("Where *.cedar files are read from, if it is there; a relative one counts from the folder of this file"),
  shipped: z
    .boolean()
    .default(true)
    .describe("false: only your own policies say which update may proceed; what always holds, and who may do what, stays (`instar policy show`)"),
});

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 02:30");
const timeZone = z.string().refine(isTimeZone, "must be a time zone such as Europe/Berlin or UTC");
/** A day, or a moment. */
const moment = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "must be a day such as 2026-12-24, or a time such as 2026-12-24T18:00:00Z");

export const updateWindow = z.strictObject({
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .default([...DAYS])
    .describe("On which days it begins"),
  from: timeOfDay,
  to: timeOfDay.describe("Earlier than from: on the next day"),
  timeZone: timeZone.default("UTC"),
});

export const updateFreeze = z.strictObject({
  from: moment,
  to: moment.describe("Its end; a day alone ends as it begins, in UTC"),
  because: z.string().min(1).optional().describe("Said where it keeps something waiting"),
});

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}
