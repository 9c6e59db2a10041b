import { z } from "zod";
import { VERDICTS } from "./verdict.ts";

/** Longer is no list of edits: large content is named by `from`. */
const PLAN_LIMIT_CHARACTERS = 4_194_304;
export const editPlanInput = {
  plan: z.string().max(PLAN_LIMIT_CHARACTERS).describe("What to edit, in YAML or JSON: docs/edits.md"),
  base: z.string().optional().describe("The folder that `from` in the plan counts from"),
};

export const editLookView = z.object({
  verdict: z.enum(VERDICTS).describe("pass: it can be applied now; fail: it would be refused"),
  because: z.string(),
  restart: z.boolean(),
  changes: z.array(
    z.object({
      path: z.string(),
      edit: z.string(),
      before: z.string().nullable().describe("The digest of what is there; null where nothing is, and for folders"),
      after: z.string().nullable(),
      difference: z.array(z.string()).describe("In lines for people; what looks like a secret is masked"),
    }),
  ),
});
export type EditLookView = z.output<typeof editLookView>;
