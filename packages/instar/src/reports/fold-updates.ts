import { InstarError } from "@instar/protocol";
import type { LedgerEntry } from "../ledger/ledger-entry.ts";
import { foldIntoUpdate, quietText } from "./fold-update.ts";
import { parseEntry, type ReadEntry } from "./parse-entry.ts";
import { emptyRecord, type Moment, type UpdateRecord } from "./update-record.ts";

/** ms since 1970; `fromMs` belongs to it, `toMs` does not. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

export type LedgerEntries = Iterable<LedgerEntry> | AsyncIterable<LedgerEntry>;

/** What a report is made from. */
export interface FoldedPeriod extends Period {
  /** Those that ended in the period or had not ended at its end, in the order in which they began. */
  readonly updates: readonly UpdateRecord[];
  /** Entries of the period that belong to no update, by what they say. */
  readonly detected: number[];
  readonly dismissed: number[];
  readonly breakers: number[];
  /** How long each step took in the updates that ended, by step, in the order in which one with it first ended. */
  readonly stageTimes: ReadonlyMap<string, { readonly times: number[]; readonly entries: number[] }>;
  readonly read: { readonly entries: number; readonly first: number | null; readonly last: number | null; readonly unreadable: number };
  /** The texts of the newest entries that a report may refer to. */
  readonly rows: ReadonlyMap<number, KeptRow>;
}

export type KeptRow = Pick<ReadEntry, "index" | "atMs" | "event" | "by" | "update" | "description">;

/**
 * How many entries keep their texts, of updates and of the rest: a page of more is read by nobody, and a ledger may have a million. Figures keep the indices
 * of all of them.
 */
const MOST_OF_UPDATES = 10_000;
const MOST_OF_OTHERS = 2_000;

/** These tell of an update and come after its end as well, so they are no sign of one that nobody knows. */
const AFTERWORDS: ReadonlySet<string> = new Set(["RELEASE_QUARANTINED", "INCIDENT_EXPLAINED", "NOTIFICATION_FAILED"]);

/**
 * One record per update, from one pass over entries in the order of their indices. Entries before the period tell when an update began and was detected;
 * those after it are not looked at. What ended before it is forgotten at once, so the memory grows with the period's updates and not with the ledger.
 *
 * @throws InstarError LEDGER_DAMAGED where an index does not follow: the history is not one that can be reported on
 */
export async function foldUpdates(entries: LedgerEntries, period: Period): Promise<FoldedPeriod> {
  const fold = new PeriodFold(period);
  for await (const entry of entries) fold.take(entry);
  return fold.end();
}

class PeriodFold {
  readonly #period: Period;
  readonly #updates = new Map<string, UpdateRecord>();
  /** The first detection of each commit. */
  readonly #detections = new Map<string, Moment>();
  readonly #ofPeriod = { detected: [] as number[], dismissed: [] as number[], breakers: [] as number[] };
  readonly #stageTimes = new Map<string, { times: number[]; entries: number[] }>();
  readonly #updateRows = new NewestRows(MOST_OF_UPDATES);
  readonly #otherRows = new NewestRows(MOST_OF_OTHERS);
  #newest = -1;
  #entries = 0;
  #first: number | null = null;
  #last: number | null = null;
  #unreadable = 0;

  constructor(period: Period) {
    this.#period = period;
  }

  take(value: LedgerEntry): void {
    const entry = parseEntry(value);
    if (entry === undefined) {
      this.#unreadable += 1;
      return;
    }
    const { index, atMs } = entry;
    if (index <= this.#newest)
      throw new InstarError("LEDGER_DAMAGED", `entry ${index} comes after entry ${this.#newest}`, {
        facts: { index },
        advice: "No report is made of it. `instar doctor` says where the ledger does not verify.",
      });
    this.#newest = index;
    if (atMs >= this.#period.toMs) return;
    const isInside = atMs >= this.#period.fromMs;
    if (isInside) {
      this.#entries += 1;
      this.#first ??= index;
      this.#last = index;
    }
    if (entry.update === null) this.#takeOther(entry, isInside);
    else this.#takeOfUpdate(entry, entry.update);
  }

  end(): FoldedPeriod {
    return {
      ...this.#period,
      updates: [...this.#updates.values()],
      ...this.#ofPeriod,
      stageTimes: this.#stageTimes,
      read: { entries: this.#entries, first: this.#first, last: this.#last, unreadable: this.#unreadable },
      rows: new Map([...this.#updateRows.list(), ...this.#otherRows.list()].map((row) => [row.index, row])),
    };
  }

  #takeOther(entry: ReadEntry, isInside: boolean): void {
    const { index, atMs, event, details } = entry;
    const list = LIST_OF_EVENT[event];
    if (list === undefined) return;
    if (isInside) this.#ofPeriod[list].push(index);
    this.#otherRows.add(entry);
    if (event === "UPDATE_DETECTED" && typeof details.commit === "string" && !this.#detections.has(details.commit))
      this.#detections.set(details.commit, { index, atMs });
  }

  #takeOfUpdate(entry: ReadEntry, update: string): void {
    let record = this.#updates.get(update);
    if (record === undefined) {
      if (AFTERWORDS.has(entry.event)) return;
      record = emptyRecord(quietText(update));
      this.#updates.set(update, record);
    }
    foldIntoUpdate(record, entry);
    if (entry.event === "UPDATE_STARTED") record.detected = this.#detectionOf(record);
    this.#updateRows.add(entry);
    if (record.ended === null) return;
    if (record.ended.atMs < this.#period.fromMs) this.#updates.delete(update);
    else this.#pourStages(record);
  }

  /** Steps are the most of what an update has, and only their times are asked for once it has ended: numbers instead of an object each. */
  #pourStages(record: UpdateRecord): void {
    for (const { step, tookMs, index } of record.stages) {
      if (tookMs === null) continue;
      const group = this.#stageTimes.get(step) ?? { times: [], entries: [] };
      group.times.push(tookMs);
      group.entries.push(index);
      this.#stageTimes.set(step, group);
    }
    if (record.stages.length > 0) record.stages = [];
  }

  /** What was detected after the update began is the wall clock's word against itself. */
  #detectionOf({ commit, started }: UpdateRecord): Moment | null {
    const found = commit === null ? undefined : this.#detections.get(commit);
    return found === undefined || started === null || found.atMs > started.atMs ? null : found;
  }
}

const LIST_OF_EVENT: Readonly<Record<string, "detected" | "dismissed" | "breakers">> = {
  UPDATE_DETECTED: "detected",
  UPDATE_DISMISSED: "dismissed",
  BREAKER_OPENED: "breakers",
};

/** The newest so many: a ring, since a map that loses its oldest again and again looks for it longer and longer. */
class NewestRows {
  readonly #most: number;
  readonly #rows: KeptRow[] = [];
  #next = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add({ index, atMs, event, by, update, description }: ReadEntry): void {
    this.#rows[this.#next] = { index, atMs, event, by, update, description };
    this.#next = (this.#next + 1) % this.#most;
  }

  list(): readonly KeptRow[] {
    return this.#rows;
  }
}
