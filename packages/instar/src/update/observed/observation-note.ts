import type { Json } from "../../ledger/ledger-entry.ts";
import { emptyObservation } from "../../observation/fold-observation.ts";
import type { ObservationVerdict } from "../../observation/judge-observation.ts";
import type { ObservationState } from "../../observation/observation-state.ts";
import type { RecordedLook } from "../../observation/replay-observation.ts";
import type { Gives } from "../journal-entry.ts";

/** One look of a watch as the journal keeps it: what it was made from, and what it came to. */
export interface ObservationNote extends RecordedLook {
  readonly state: ObservationState;
  readonly findings: ObservationVerdict["findings"];
  readonly window: ObservationVerdict["window"];
  readonly nextLookMs: number;
  /** Instance time since which it waits for a person, without a break; null where it does not. */
  readonly heldSinceTickMs: number | null;
}

const NOTE = "observation";

export function noteObservation(note: ObservationNote): Gives {
  // Through JSON at once: what is judged on is what anybody can read back.
  return { [NOTE]: JSON.parse(JSON.stringify(note)) as Json };
}

/** What a look noted. An older Instar noted something else: it is watched from the beginning, and never passed on what cannot be read. */
export function parseObservationNote(gives: Gives): ObservationNote | undefined {
  const note = gives[NOTE] as unknown as ObservationNote | undefined;
  return typeof note === "object" && note !== null && typeof note.state?.countedMs === "number" ? note : undefined;
}

export const stateOf = (gives: Gives): ObservationState => parseObservationNote(gives)?.state ?? emptyObservation();
