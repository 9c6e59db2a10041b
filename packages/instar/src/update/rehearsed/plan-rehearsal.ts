import type { Settings } from "../../settings/settings.ts";

export type RehearsalPlan =
  | { readonly kind: "rehearse"; readonly isBeside: boolean; readonly isBesideBecause: string }
  /** Nothing is measured, and nobody may take that for a pass. */
  | { readonly kind: "skip"; readonly because: string }
  | { readonly kind: "short"; readonly neededBytes: number };

export interface RehearsalQuestion {
  readonly settings: Settings;
  /** Whether a version serves that could be compared. */
  readonly hasOld: boolean;
  /** Resident, of the version that serves; 0 where it cannot be told. */
  readonly agentBytes: number;
  readonly availableBytes: number;
}

/** Beside what the copies of the agent take: the agent must not be the one that memory runs out for. */
const MARGIN_BYTES = 128 * 1_048_576;

/** Whether a candidate is rehearsed, and whether the old version is started beside it, to compare. Pure. */
export function planRehearsal({ settings, hasOld, agentBytes, availableBytes }: RehearsalQuestion): RehearsalPlan {
  const { rehearsal, state } = settings;
  if (rehearsal.gate === "off") return { kind: "skip", because: "instar.yaml turns it off" };
  if (!hasOld) return { kind: "skip", because: "no version serves yet that it could be compared with" };
  if (state.kind === "external" && Object.keys(rehearsal.environment).length === 0)
    return { kind: "skip", because: "its state is elsewhere, and rehearsal.environment names nothing that it could be rehearsed on" };
  const one = agentBytes + MARGIN_BYTES;
  if (availableBytes < one) return { kind: "short", neededBytes: one };
  const isBeside = availableBytes >= agentBytes * 2 + MARGIN_BYTES;
  return { kind: "rehearse", isBeside, isBesideBecause: isBeside ? "" : `memory is short for two: ${mebibytes(availableBytes)} MiB are free` };
}

const mebibytes = (bytes: number) => Math.round(bytes / 1_048_576);
