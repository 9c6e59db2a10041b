import type { DatabaseSync } from "node:sqlite";
import type { Facts } from "../database/facts.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LedgerKey } from "../ledger/ledger-key.ts";
import type { Settings } from "../settings/settings.ts";
import type { BringByHand } from "../sources/bring-by-hand.ts";
import type { Source } from "../sources/source.ts";
import { foldIncident, type Incident } from "../update/fold-incidents.ts";
import { foldEnded, joinStanding, type Standing } from "../update/fold-standing.ts";
import type { InstanceTime } from "../update/instance-time.ts";
import type { Journal } from "../update/journal.ts";
import type { JournalEntry } from "../update/journal-entry.ts";
import { type Breaker, planBreaker } from "../update/plan-breaker.ts";
import { foldGives } from "../update/plan-next-move.ts";
import type { Step } from "../update/step.ts";
import type { StepRooms } from "../update/step-rooms.ts";
import type { UpdateEvents } from "./update-events.ts";

/** One agent's instance, opened: by the daemon to act, or by a face to read while no daemon runs. Built in compose.ts. */
export interface Instance {
  readonly name: string;
  readonly folder: string;
  readonly settings: Settings;
  readonly rooms: StepRooms;
  readonly database: DatabaseSync;
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** Whose signature the ledger's checkpoints bear; what is wrong with it, where something is. */
  readonly ledgerKey: Pick<LedgerKey, "verifier" | "trouble">;
  readonly facts: Facts;
  readonly time: InstanceTime;
  /** Where new versions come from; each is asked on its own. */
  readonly sources: readonly Source[];
  readonly events: UpdateEvents;
  /** Brings what a person names and no source was asked for: a package, a folder, a tarball. */
  readonly bringByHand: BringByHand;
  readonly codeUpdate: readonly Step[];
  readonly goingBack: (how: { readonly rebuilds: boolean; readonly edits: boolean }) => readonly Step[];
  readonly restoring: readonly Step[];
  readonly watchingAgain: readonly Step[];
  readonly definitions: readonly Step[];
  close(): void;
}

export function readStanding({ journal }: Pick<Instance, "journal">): Standing {
  return joinStanding(journal.foldEach(foldOneStanding));
}

/** What its steps gave is read again where somebody asks for it: of ten thousand updates it would fill the memory. */
const foldOneStanding = (entries: readonly JournalEntry[], readAgain: () => readonly JournalEntry[]) => foldEnded(entries, () => foldGives(readAgain()));

/** The newest update that had ended when a person let updates begin again. */
const BREAKER_RESET = "breakerReset";

export function readBreaker(instance: Pick<Instance, "journal" | "facts" | "settings">): Breaker {
  const resetAfter = instance.facts.read<{ after: string }>(BREAKER_RESET)?.after ?? null;
  return planBreaker(readStanding(instance).ended, { resetAfter, limit: instance.settings.updates.breaker });
}

/** Lets updates begin by themselves again. In the caller's transaction. */
export function resetBreaker(instance: Pick<Instance, "journal" | "facts">): void {
  instance.facts.write(BREAKER_RESET, { after: readStanding(instance).ended.at(-1)?.update ?? null });
}

const causeFact = (update: string) => `incidentCause:${update}`;

/** What went wrong in service so far, oldest first, with what people found out about it. */
export function readIncidents({ journal, facts }: Pick<Instance, "journal" | "facts">): Incident[] {
  return journal.foldEach(foldOneIncident).flatMap((found) => {
    if (found === undefined) return [];
    return [{ ...found, cause: facts.read<{ cause: string }>(causeFact(found.id))?.cause ?? null }];
  });
}

const foldOneIncident = (entries: readonly JournalEntry[]) => foldIncident(entries, foldGives(entries), null);

/** Writes down why an incident came to be. In the caller's transaction. */
export function noteCause({ facts }: Pick<Instance, "facts">, update: string, cause: string): void {
  facts.write(causeFact(update), { cause });
}
