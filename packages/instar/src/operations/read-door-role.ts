import { SANDBOX_USES } from "@instar/protocol";
import type { Instance } from "../daemon/instance.ts";
import { type DoorRole, planDoorRole } from "../governance/access/plan-door-role.ts";
import { SLOTS } from "../keeper/keeper-state.ts";
import { planLeast } from "../sandbox/plan-least.ts";

/** What the instance's own door allows now. Asked each time: a slot that was started open before the sandbox was turned on ends one day. */
export async function readDoorRole({ settings, rooms }: Pick<Instance, "settings" | "rooms">): Promise<DoorRole> {
  const { level } = settings.agent.sandbox;
  const openJobs = SANDBOX_USES.filter((use) => settings.sandbox.weaker === "allowed" || !planLeast(use, settings.sandbox).includes("files"));
  const report = level === "open" ? undefined : await rooms.keeper.state().catch(() => undefined);
  const openSlots = report === undefined ? null : SLOTS.filter((slot) => report.slots[slot].alive && !report.slots[slot].isSandboxed);
  return planDoorRole({ level, openSlots, openJobs });
}
