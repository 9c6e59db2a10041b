import { z } from "zod";
import { defineOperation, none, updateId } from "./operation.ts";
import { assertionResponse, creationOptions, passkeyView, registrationResponse, requestOptions } from "./passkey.ts";
import { approvalView } from "./policy.ts";

const origin = z.string().min(1).max(300).describe("Where the page comes from that asks: location.origin");
const inBrowser = { cli: "a passkey is used by a browser: the console does this", mcp: "a passkey is a person's, and no model has one" } as const;

/** Passkeys: what people approve with where a token is not enough. */
export const PASSKEY_OPERATIONS = [
  defineOperation({
    name: "passkey.list",
    kind: "query",
    summary: "The passkeys that may sign approvals: whose, since when they were used, and what of the file they stand in is wrong",
    input: none,
    output: z.object({
      file: z.string().describe("Where they are pinned, one a line; whoever can write there decides"),
      passkeys: z.array(passkeyView),
      problems: z.array(z.object({ line: z.int(), message: z.string() })),
      wantedBy: z.array(z.string()).describe("What asks for passkeys: `approvals.passkey`, and policies by their @id; empty: nothing does"),
    }),
    positional: [],
    offline: true,
    hiddenFrom: { mcp: "passkeys are people's, and no model has a use for them" },
  }),
  defineOperation({
    name: "passkey.begin",
    kind: "command",
    needs: "answer",
    summary: "Begin to make a passkey for yourself: what a browser takes",
    input: z.strictObject({ origin }),
    output: creationOptions,
    positional: [],
    offline: false,
    hiddenFrom: inBrowser,
  }),
  defineOperation({
    name: "passkey.add",
    kind: "command",
    needs: "answer",
    summary: "What a browser made becomes a line for the file of passkeys, which counts once somebody who may write that file has put it there",
    input: z.strictObject({
      label: z
        .string()
        .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._'()-]{0,63}$/u, "must be 1 to 64 letters, digits, blanks and . _ ' ( ) -")
        .describe("What it is called among yours: the device"),
      response: registrationResponse,
    }),
    output: z.object({
      line: z.string(),
      fingerprint: z.string().describe("Read it to whoever puts the line there, on another way than the line"),
      file: z.string().describe("Where the line belongs"),
      advice: z.string(),
    }),
    positional: [],
    offline: false,
    hiddenFrom: inBrowser,
  }),
  defineOperation({
    name: "passkey.revoke",
    kind: "command",
    needs: "administer",
    summary: "End a passkey at once and for good, whatever the file says; approvals that it signed no longer count",
    input: z.strictObject({ passkey: z.string().min(8).max(512).describe("Its id or fingerprint (`passkey list`); the beginning is enough") }),
    output: passkeyView,
    positional: ["passkey"],
    offline: false,
  }),
  defineOperation({
    name: "passkey.challenge",
    kind: "command",
    needs: "answer",
    summary: "What your passkey signs to approve an update: a text that names it, and its digest as a challenge",
    input: z.strictObject({
      update: updateId.optional().describe("The one that waits where it is left out"),
      because: z.string().max(2_000).default("").describe("Why, for whoever reads it later"),
      digest: z.string().min(1).optional().describe("The digest that you looked at: refused where it is another by now"),
      origin,
    }),
    output: z.object({
      text: z.string().describe("Canonical JSON; the challenge is its SHA-256"),
      expiresAt: z.string(),
      options: requestOptions,
    }),
    positional: [],
    offline: false,
    hiddenFrom: inBrowser,
  }),
  defineOperation({
    name: "passkey.approve",
    kind: "command",
    needs: "answer",
    summary: "Your word that an update may be exchanged, signed by your passkey: what `passkey.challenge` gave",
    input: z.strictObject({ response: assertionResponse }),
    output: approvalView,
    positional: [],
    offline: false,
    hiddenFrom: inBrowser,
  }),
] as const;
