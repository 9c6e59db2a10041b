import { join } from "node:path";
import { z } from "zod";
import { resolveSettingsPath } from "./resolve-settings-path.ts";
import { duration } from "./setting-values.ts";

/** `self`: an agent that may change its own code. Without this section it may not. */
export const selfSettings = z.strictObject({
  folder: z
    .string()
    .min(1)
    .default("./agent-data")
    .describe("Where code-repo, sandbox and deployments lie; a relative path counts from the folder of this file"),
  gitName: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^<>\p{Cc}]+$/u, "must hold no <, > or line break")
    .default("Agent")
    .describe("Who its commits are by"),
  gitEmail: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^<>\s\p{Cc}]+$/u, "must hold no <, > or space")
    .default("agent@localhost"),
  pushTo: z
    .string()
    .regex(/^(?!-)[A-Za-z0-9._/-]{1,200}$/, "must be a branch's name")
    .optional()
    .describe("The branch of source.git to which a change is pushed once it was committed, where the agent asks for it; without it none is"),
  testsWithin: duration.prefault("5m").describe("How long the tests of a change of its own may take; never longer than tests.within"),
});
export type SelfSettings = z.output<typeof selfSettings>;

/** The folders of an agent that may change itself, absolute. */
export interface AgentData {
  readonly root: string;
  /** The agent writes its code here, and Instar reads it. */
  readonly codeRepo: string;
  /** The agent does here what it likes. */
  readonly sandbox: string;
  /** Instar writes here what became of the agent's changes; the agent reads it. */
  readonly deployments: string;
}

export function planAgentData({ folder }: Pick<SelfSettings, "folder">, settingsFolder: string): AgentData {
  const root = resolveSettingsPath(folder, settingsFolder);
  return { root, codeRepo: join(root, "code-repo"), sandbox: join(root, "sandbox"), deployments: join(root, "deployments") };
}

/** Where the agent finds the daemon's address and a token of its own. */
export const planDoor = ({ deployments }: AgentData) => join(deployments, "door.json");

/** What the agent is told of them, its tests too, and whatever else runs as it would. The last three say what always holds: no input of the agent's can turn them off. */
export function planSelfEnvironment(self: SelfSettings, data: AgentData): Readonly<Record<string, string>> {
  return {
    AGENT_DATA_ROOT: data.root,
    AGENT_CODE_REPO_PATH: data.codeRepo,
    AGENT_SANDBOX_PATH: data.sandbox,
    AGENT_GIT_USER_NAME: self.gitName,
    AGENT_GIT_USER_EMAIL: self.gitEmail,
    AGENT_DEPLOY_REQUIRE_TESTS: "true",
    AGENT_DEPLOY_TEST_TIMEOUT: String(Math.round(self.testsWithin / 1_000)),
    AGENT_REQUIRE_HUMAN_APPROVAL_FOR_TEST_CHANGES: "true",
  };
}
