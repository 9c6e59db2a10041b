import { z } from "zod";
import { defineOperation, none } from "./operation.ts";

/** How a value may be given: one of `choices`, true or false, a number, a text (durations and sizes among them), or JSON of any shape. */
export const SETTING_KINDS = ["choice", "flag", "number", "text", "json"] as const;

const setting = z.object({
  pointer: z.string().describe("Where it stands, as `edit.plan` takes it: /watch/time"),
  describe: z.string().describe("What it is for; empty where its name says so"),
  value: z.unknown().describe("What holds; what looks like a secret is masked, null where nothing does"),
  isWritten: z.boolean().describe("Whether the file says so; else it is the default"),
  isSecret: z.boolean().describe("Masked: it is written anew or left"),
  default: z.unknown().describe("Null where there is none"),
  kind: z.enum(SETTING_KINDS),
  choices: z.array(z.string()),
});

export const settingsView = z.object({
  path: z.string().describe("Of instar.yaml"),
  digest: z.string().describe("Of the file, as `expect` of an edit takes it"),
  isInForce: z.boolean().describe("Whether this Instar was started with this very file; a changed one counts from its next start"),
  problem: z.string().nullable().describe("What is wrong with the file, where it could not be started with"),
  edit: z.object({ isPossible: z.boolean(), because: z.string() }).describe("Whether edits may change the file"),
  files: z.array(z.string()).describe("Of the agent's configuration, which edits may change: backup.config"),
  sections: z.array(z.object({ section: z.string(), describe: z.string(), settings: z.array(setting) })),
});
export type SettingsView = z.output<typeof settingsView>;

/** What instar.yaml says. It is changed by edits of the configuration. */
export const SETTINGS_OPERATIONS = [
  defineOperation({
    name: "settings.show",
    kind: "query",
    summary: "What instar.yaml says, section by section, with what holds where it says nothing; secrets are masked",
    input: none,
    output: settingsView,
    positional: [],
    offline: true,
    hiddenFrom: { mcp: "how Instar judges an agent is for people to settle; what keeps a change waiting, `status` and `policy.explain` say" },
  }),
] as const;
