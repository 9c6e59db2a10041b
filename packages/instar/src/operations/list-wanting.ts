import type { Instance } from "../daemon/instance.ts";

/** What asks for passkeys: by name, so that an operator sees whether what he wrote is heard. */
export async function listWanting(instance: Pick<Instance, "rooms" | "settings">): Promise<string[]> {
  const { policies } = await instance.rooms.readPolicies();
  return [
    ...(instance.settings.approvals.passkey === "required" ? ["approvals.passkey"] : []),
    ...policies.filter(({ passkey, effect }) => passkey && effect === "permit").map(({ id }) => id),
  ];
}
