import { z } from "zod";
import { ROLES } from "./access.ts";
import { defineOperation, none } from "./operation.ts";
import { tokenView } from "./views.ts";

/** Who may do what here, and by which token. */
export const ACCESS_OPERATIONS = [
  defineOperation({
    name: "token.create",
    kind: "command",
    needs: "administer",
    summary: "Make a token for a person or an agent; its secret is shown this once",
    input: z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, "must be 1 to 64 letters, digits, dots, dashes, underscores and @, beginning with a letter or digit")
        .describe("Whose it is; what is done with it is recorded under this name"),
      role: z.enum(ROLES).describe("What it may do"),
      expires: z.string().min(1).default("90d").describe("After a time such as 30d, at a time such as 2027-01-31T12:00Z, or never"),
      scope: z.string().min(1).optional().describe("Only these operations, separated by commas: update.check,update.apply or update.*"),
    }),
    output: tokenView.extend({ secret: z.string().describe("Not kept anywhere: only its digest is") }),
    positional: ["name"],
    offline: false,
  }),
  defineOperation({
    name: "token.list",
    kind: "query",
    needs: "administer",
    summary: "All tokens: whose, what they may, until when; never their secrets",
    input: none,
    output: z.object({ tokens: z.array(tokenView) }),
    positional: [],
    offline: true,
  }),
  defineOperation({
    name: "token.revoke",
    kind: "command",
    needs: "administer",
    summary: "End a token at once",
    input: z.strictObject({ token: z.string().min(1).describe("Its id, or the name of one that lives") }),
    output: tokenView,
    positional: ["token"],
    offline: false,
  }),
  defineOperation({
    name: "whoami",
    kind: "query",
    summary: "Who you are to Instar here, why, and what you may do",
    input: none,
    output: z.object({
      name: z.string(),
      role: z.enum(ROLES),
      token: z.string().nullable().describe("Its id; null at the instance's own door"),
      scope: z.array(z.string()).nullable(),
      because: z.string().describe("Where the role comes from"),
      mayDo: z.array(z.string()).describe("Every operation that is allowed"),
    }),
    positional: [],
    offline: true,
  }),
] as const;
