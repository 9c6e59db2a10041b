import type { DatabaseSync } from "node:sqlite";
import type { Facts } from "../database/facts.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Settings } from "../settings/settings.ts";
import { foldStanding, type Standing } from "../update/fold-standing.ts";
import type { InstanceTime } from "../update/instance-time.ts";
import type { Journal } from "../update/journal.ts";
import type { Step } from "../update/step.ts";
import type { StepRooms } from "../update/step-rooms.ts";

/** One agent's instance, opened: by the daemon to act, or by a face to read while no daemon runs. Built in compose.ts. */
export interface Instance {
  readonly name: string;
  readonly folder: string;
  readonly settings: Settings;
  readonly rooms: StepRooms;
  readonly database: DatabaseSync;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly facts: Facts;
  readonly time: InstanceTime;
  readonly codeUpdate: readonly Step[];
  readonly goingBack: readonly Step[];
  readonly restoring: readonly Step[];
  readonly watchingAgain: readonly Step[];
  readonly definitions: readonly Step[];
  close(): void;
}

/** What the source said last, as it is kept. */
export interface SourceFact {
  readonly lookedAt: string;
  readonly found: { readonly commit: string; readonly version: string; readonly ref: string } | null;
  readonly decision: "start" | "hold" | "dismiss" | "nothing";
  readonly because: string;
  readonly failing: string | null;
  readonly failures: number;
}

export function readStanding({ journal }: Pick<Instance, "journal">): Standing {
  return foldStanding(journal.list().map((update) => journal.read(update)));
}
