import type { SandboxUse } from "@instar/protocol";

export interface DoorFacts {
  /** What agent.sandbox says. */
  readonly level: "open" | "sandboxed";
  /** What runs outside a sandbox all the same, since it was started before that was said; null where the keeper could not be asked. */
  readonly openSlots: readonly string[] | null;
  /** The kinds of jobs of which instar.yaml lets one run although nothing confines it to its own files. */
  readonly openJobs: readonly SandboxUse[];
}

export interface DoorRole {
  readonly role: "admin" | "operator";
  readonly because: string;
}

/**
 * What whoever reads the door's token may do. It lies in a file of the data folder: where the agent's own code can read that, it must hold nothing that
 * approves or administers. What nobody could find out counts as readable.
 */
export function planDoorRole({ level, openSlots, openJobs }: DoorFacts): DoorRole {
  const operator = (because: string): DoorRole => ({ role: "operator", because: `${because}, so the token there neither approves nor administers` });
  if (level === "open") return operator("the agent runs as the same user as Instar and can read the data folder");
  if (openSlots === null) return operator("the keeper does not say whether what runs is sandboxed");
  if (openSlots.length > 0) return operator(`what runs in slot ${openSlots.join(" and ")} was started outside the sandbox and can read the data folder`);
  if (openJobs.length > 0)
    return operator(`instar.yaml lets jobs (${openJobs.join(", ")}) run where nothing hides the data folder, and they run the agent's code`);
  return { role: "admin", because: "neither the agent nor a job that runs its code can read the data folder: whoever can is its owner" };
}
