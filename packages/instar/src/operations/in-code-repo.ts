import { InstarError } from "@instar/protocol";
import type { AgentCode } from "../daemon/agent-code.ts";

export type Base = NonNullable<ReturnType<AgentCode["base"]>>;

/** @throws InstarError CONFLICT before code-repo was made, and while it is made anew */
export function baseOf(code: AgentCode): Base {
  const base = code.base();
  if (base === null)
    throw new InstarError("CONFLICT", "code-repo was not made yet", {
      transient: true,
      advice: "It is made once the first version was watched to its end, which `status` shows; then ask again.",
    });
  return base;
}

/**
 * Acts in code-repo once it is whole: what is read is all of it, and what is written is not taken away by who makes it.
 * @throws InstarError CONFLICT before it was made
 */
export async function inCodeRepo<T>(code: AgentCode, act: () => Promise<T>): Promise<T> {
  await code.made();
  baseOf(code);
  return act();
}
