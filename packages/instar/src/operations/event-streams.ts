import { CHANGES, type Change, InstarError, type UpdateEvent } from "@instar/protocol";
import type { Caller } from "../governance/access/caller.ts";
import { foldJournalEvents } from "../update/fold-journal-events.ts";
import type { OperationContext } from "./context.ts";
import { type ChangeWatch, watchChanges } from "./watch-changes.ts";

/** One thing that a stream says. `id`: where to go on after it. */
export type StreamItem =
  | { readonly kind: "hello"; readonly id: number; readonly daemon: number; readonly version: string }
  | { readonly kind: "journal"; readonly id: number; readonly update: string; readonly events: readonly UpdateEvent[] }
  | { readonly kind: "changed"; readonly what: readonly Change[] }
  /** What came between is not told: whoever shows something reads all of it again. */
  | { readonly kind: "reset"; readonly id: number }
  | { readonly kind: "beat" };

export interface EventStream {
  readonly items: AsyncGenerator<StreamItem, void>;
  /** Aborted when nobody may listen any longer: the caller's token or session ended, the daemon ends, or nobody takes what is said. */
  readonly over: AbortSignal;
  /** Ends it from outside, also while it waits. */
  leave(): void;
}

export interface EventStreamsParts extends Pick<OperationContext, "instance" | "versions" | "backupJobs"> {
  /** When the daemon ends. */
  readonly signal: AbortSignal;
  /** Whether what the caller came with still counts. */
  readonly isStillIn: (caller: Caller) => boolean;
}

const LOOK_MS = 1_000;
const BEAT_MS = 15_000;
/** Who takes nothing for so long has gone without a word. */
const STUCK_MS = 60_000;
const MOST = 32;
/** Of one token: an agent's cannot take all of them. */
const MOST_EACH = 8;
/** Entries of the journal that somebody may be behind; beyond, reading all anew is less. */
const MOST_BEHIND = 2_000;
const AT_ONCE = 100;

/**
 * Tells whoever listens what happens. The journal itself is what waits for a slow reader: a stream holds a number in it and no queue, so that none grows. One watch
 * and one timer for all of them, and neither while nobody listens.
 */
export class EventStreams {
  readonly #parts: EventStreamsParts;
  readonly #listeners = new Set<Listener>();
  #watch: ChangeWatch | undefined;
  #turn = new AbortController();

  constructor(parts: EventStreamsParts) {
    this.#parts = parts;
  }

  /**
   * @param after the number of the newest entry of the journal that is known already; null: only what comes from now on
   * @throws InstarError RATE_LIMITED
   */
  open(caller: Caller, after: number | null): EventStream {
    if (this.#listeners.size >= MOST || [...this.#listeners].filter((each) => each.caller.token === caller.token).length >= MOST_EACH)
      throw new InstarError("RATE_LIMITED", "too many streams of events are open", {
        facts: { retryAfterSeconds: 5 },
        transient: true,
        advice: "Close one: each window of the console has its own.",
      });
    const listener = new Listener(caller, this.#parts.instance.rooms.clock.monotonicMs());
    this.#join(listener);
    return { items: this.#follow(listener, after), over: listener.over, leave: () => this.#leave(listener) };
  }

  async *#follow(listener: Listener, after: number | null): AsyncGenerator<StreamItem, void> {
    const { instance, versions } = this.#parts;
    const { journal, rooms, definitions } = instance;
    const newest = journal.newest();
    const isKnown = after !== null && after <= newest && newest - after <= MOST_BEHIND;
    let at = isKnown ? after : newest;
    /** Marks how long whoever listens takes to come back for more. */
    const say = (item: StreamItem): StreamItem => {
      listener.saidAtMs = rooms.clock.monotonicMs();
      listener.waitsSinceMs = listener.saidAtMs;
      return item;
    };
    try {
      yield say({ kind: "hello", id: at, daemon: journal.epoch, version: versions.instar });
      if (after !== null && !isKnown) yield say({ kind: "reset", id: at });
      // What moved meanwhile and is no entry of the journal, nobody wrote down.
      if (isKnown) listener.hear(CHANGES);
      while (!listener.over.aborted) {
        listener.waitsSinceMs = null;
        const next = journal.after(at, AT_ONCE);
        if (next.length === AT_ONCE && journal.newest() - at > MOST_BEHIND) {
          at = journal.newest();
          yield say({ kind: "reset", id: at });
          continue;
        }
        for (const { number, entry } of next) {
          if (listener.over.aborted) return;
          at = number;
          yield say({ kind: "journal", id: number, update: entry.update, events: foldJournalEvents([entry], definitions) });
        }
        if (next.length > 0) continue;
        const what = listener.take();
        if (what.length > 0) yield say({ kind: "changed", what });
        else if (rooms.clock.monotonicMs() - listener.saidAtMs >= BEAT_MS) yield say({ kind: "beat" });
        else await listener.wait();
      }
    } finally {
      this.#leave(listener);
    }
  }

  #join(listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#watch !== undefined) return;
    const { instance, backupJobs, signal } = this.#parts;
    const wakeAll = () => {
      for (const each of this.#listeners) each.wake();
    };
    this.#watch = watchChanges(instance, { backupMoves: () => backupJobs.moves, onJournal: wakeAll });
    this.#turn = new AbortController();
    void this.#look(AbortSignal.any([signal, this.#turn.signal]));
  }

  #leave(listener: Listener): void {
    listener.end();
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    this.#watch?.close();
    this.#watch = undefined;
    this.#turn.abort();
  }

  /** Once a second while anybody listens. What goes wrong with it ends the streams and nothing else: whoever listened comes again. */
  async #look(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.instance.rooms;
    try {
      for (;;) {
        await clock.sleep(LOOK_MS, signal);
        this.#tend(clock.monotonicMs());
      }
    } catch {
      if (!this.#turn.signal.aborted) for (const listener of this.#listeners) this.#leave(listener);
    }
  }

  /** Hands round what moved, wakes who is due a sign of life, and ends who may listen no longer. */
  #tend(nowMs: number): void {
    const moved = this.#watch?.take() ?? new Set();
    for (const listener of this.#listeners) {
      if (moved.size > 0) listener.hear(moved);
      else if (nowMs - listener.saidAtMs >= BEAT_MS) listener.wake();
      const isStuck = listener.waitsSinceMs !== null && nowMs - listener.waitsSinceMs >= STUCK_MS;
      if (isStuck || !this.#parts.isStillIn(listener.caller)) this.#leave(listener);
    }
  }
}

class Listener {
  readonly caller: Caller;
  /** When it was told something last, and since when nobody came for more. */
  saidAtMs: number;
  waitsSinceMs: number | null;
  readonly #over = new AbortController();
  readonly #heard = new Set<Change>();
  #wake: (() => void) | undefined;
  #isAwake = false;

  constructor(caller: Caller, nowMs: number) {
    this.caller = caller;
    this.saidAtMs = nowMs;
    this.waitsSinceMs = nowMs;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  hear(changes: Iterable<Change>): void {
    for (const change of changes) this.#heard.add(change);
    this.wake();
  }

  take(): Change[] {
    const taken = [...this.#heard];
    this.#heard.clear();
    return taken;
  }

  wake(): void {
    this.#isAwake = true;
    this.#wake?.();
  }

  /** Until there is something to say; at once where there was since it was asked last. */
  async wait(): Promise<void> {
    if (!this.#isAwake && !this.over.aborted)
      await new Promise<void>((woken) => {
        this.#wake = woken;
      });
    this.#wake = undefined;
    this.#isAwake = false;
  }

  end(): void {
    this.#over.abort();
    this.wake();
  }
}
