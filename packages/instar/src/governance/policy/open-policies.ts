import { isAbsolute, join } from "node:path";
import type { Settings } from "../../settings/settings.ts";
import { type PolicySet, readPolicySet } from "./policy-set.ts";
import { readOwnPolicies } from "./read-own-policies.ts";

/** The policies as they are on disk now: read at every decision, so that nobody decides by what was once there. Files that cannot be read make a set that denies. */
export async function openPolicies(settings: Pick<Settings, "policy">, settingsFolder: string): Promise<PolicySet> {
  const { folder, shipped } = settings.policy;
  try {
    return readPolicySet(await readOwnPolicies(policyFolderOf(settings, settingsFolder)), { shipped });
  } catch (error) {
    const set = readPolicySet([], { shipped });
    const message = error instanceof Error ? error.message : String(error);
    return {
      ...set,
      digest: `unreadable: ${set.digest}`,
      isSound: false,
      problems: [...set.problems, { file: folder, line: null, policy: null, severity: "error", message }],
    };
  }
}

export function policyFolderOf({ policy }: Pick<Settings, "policy">, settingsFolder: string): string {
  return isAbsolute(policy.folder) ? policy.folder : join(settingsFolder, policy.folder);
}
