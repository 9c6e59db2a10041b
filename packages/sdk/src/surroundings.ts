import { env } from "node:process";
import { setTimeout as after } from "node:timers/promises";

// The one place of the SDK that reads the environment and lets time pass: what an agent is started with is all it knows of Instar.

/** A variable that Instar sets; null where it is not set or empty. */
export const readVariable = (name: string): string | null => env[name] || null;

export interface PauseOptions {
  readonly signal?: AbortSignal | undefined;
  /** False: it does not keep the process alive. */
  readonly holds?: boolean;
}

/** @returns true when the time is over, false when the signal came before; never rejects */
export function pause(ms: number, { signal, holds = true }: PauseOptions = {}): Promise<boolean> {
  return after(ms, true, { ref: holds, ...(signal === undefined ? {} : { signal }) }).catch(() => false);
}
