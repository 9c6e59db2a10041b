import { stat } from "node:fs/promises";
import type { PolicySet } from "../governance/policy/policy-set.ts";
import { type Check, failed, passed } from "./check-data.ts";
import { isWithin } from "./is-within.ts";

export interface PolicyPlace {
  readonly set: PolicySet;
  /** Where the operator's own policies are read from, if it is there. */
  readonly folder: string;
  /** What the agent can write by its settings, absolute. */
  readonly writable: readonly string[];
  /** The agent runs as Instar's own user, unconfined. */
  readonly isAgentOpen: boolean;
}

/** Whether the policies can be asked, and whether the judged could write them. */
export async function checkPolicies({ set, folder, writable, isAgentOpen }: PolicyPlace): Promise<Check[]> {
  const mistakes = set.problems.map(({ file, line, message }) =>
    failed(
      "policies",
      `${file}${line === null ? "" : `:${line}`}`,
      message,
      "While it is there nothing proceeds. `instar policy check` shows all; mended files count at once.",
    ),
  );
  const checks = mistakes.length > 0 ? mistakes : [passed("policies", "all of them", `${set.policies.length} can be asked`)];
  return [...checks, ...(await checkFolder(folder, writable)), ...(isAgentOpen ? [OPEN] : [])];
}

const OPEN: Check = {
  area: "policies",
  what: "who may write them",
  verdict: "inconclusive",
  because: "the agent runs as the same user as Instar, so it could write policies and settings",
  advice: "`agent: { sandbox: { level: sandboxed } }` in instar.yaml keeps it from that.",
};

async function checkFolder(folder: string, writable: readonly string[]): Promise<Check[]> {
  const within = writable.find((path) => isWithin(folder, path));
  if (within !== undefined)
    return [
      failed(
        "policies",
        folder,
        `it lies in ${within}, which the agent may write: the judged would write its own law`,
        "Move it, and name the new place at policy.folder.",
      ),
    ];
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || process.platform === "win32") return [];
  if ((found.mode & 0o022) !== 0) return [failed("policies", folder, "others than its owner may write in it", `chmod go-w ${folder}`)];
  return [passed("policies", folder, "only its owner may write in it")];
}
