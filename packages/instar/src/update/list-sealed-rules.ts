import { join } from "node:path";
import { policyFolderOf } from "../governance/policy/open-policies.ts";
import { SETTINGS_FILE } from "../settings/read-settings.ts";
import type { StepRooms } from "./step-rooms.ts";

/**
 * What no operation writes where a passkey is wanted: instar.yaml and the policies' folder, with the passkeys in it. An operation is done by a token, which a
 * process that reads files can read; with it the passkey could be taken back by whoever has none. People at the machine write there with an editor. Policies with a
 * mistake count as wanting one: the mistake may be in the very line that says so.
 */
export async function listSealedRules(rooms: Pick<StepRooms, "settings" | "settingsFolder" | "readPolicies">): Promise<string[]> {
  const { settings, settingsFolder } = rooms;
  const { policies, isSound } = await rooms.readPolicies();
  const isWanted = settings.approvals.passkey === "required" || !isSound || policies.some(({ passkey }) => passkey);
  return isWanted ? [join(settingsFolder, SETTINGS_FILE), policyFolderOf(settings, settingsFolder)] : [];
}
