import { UPDATE_TYPES } from "@instar/protocol";
import { z } from "zod";

const STEPS = ["patch", "minor", "major", "none", "downgrade", "unknown"] as const;
/** Where versions come from: the keys of `source`, and the agent itself. */
export const SOURCE_IDS = ["git", "npm", "files", "endpoint", "registry", "self"] as const;

const someOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.union([z.enum(values), z.array(z.enum(values)).min(1)]).transform((value) => (Array.isArray(value) ? value : [value]) as readonly T[number][]);

/** One line of the version policy. The first that fits decides; without one `updates.automatic` does. */
export const versionRule = z.strictObject({
  bump: someOf(STEPS).optional().describe("Steps that it is about: patch, minor, major, none (the same version again), downgrade, unknown; any where left out"),
  source: someOf(SOURCE_IDS).optional().describe("Sources that it is about; any where left out"),
  kind: someOf(UPDATE_TYPES).optional().describe("Kinds of update that it is about: security, hotfix, config and the bumps; any where left out"),
  proceed: z.enum(["automatic", "ask", "never"]).describe("automatic: it begins by itself; ask: it waits for a person; never: it is dismissed"),
});
