import { InstarError, type LookReason } from "@instar/protocol";
import type { Source, SourceId } from "../sources/source.ts";
import { readSourceFact } from "../sources/source-fact.ts";
import type { UpdateStart } from "../update/journal-entry.ts";
import type { Instance } from "./instance.ts";
import { type Looked, lookForUpdates, planNextLookMs } from "./look-for-updates.ts";

export interface LookoutTools {
  readonly say: (line: string) => void;
  /** Closes the window of the update that is being watched, and returns once it has ended. */
  readonly supersede: (because: string, signal: AbortSignal) => Promise<void>;
  /** Wall time of the next look that the operator's schedule names after this moment; null where there is no schedule. */
  readonly nextScheduledMs: (afterMs: number) => number | null;
}

export interface LookOptions {
  readonly reason: LookReason;
  readonly actor?: UpdateStart["actor"];
  /** Only this source; all of them where it is left out. */
  readonly source?: SourceId;
}

const NAP_MS = 300;
/** How long a watch that broke is left alone. */
const WATCH_AGAIN_MS = 5_000;
/** Who begins what begins by itself. */
export const DAEMON = { type: "system", id: "daemon" } as const;

/** Asks every source in a loop of its own: one that hangs or fails keeps no other waiting. What they begin is begun one after another. */
export class Lookout {
  readonly #instance: Instance;
  readonly #tools: LookoutTools;
  readonly #nextAtTickMs = new Map<SourceId, number>();
  readonly #scheduledMs = new Map<SourceId, number>();
  readonly #looking = new Map<SourceId, Promise<unknown>>();
  #deciding: Promise<unknown> = Promise.resolve();

  constructor(instance: Instance, tools: LookoutTools) {
    this.#instance = instance;
    this.#tools = tools;
  }

  /** Runs until `until`. @throws what no source may survive: a newer daemon, damaged data */
  async run(until: AbortSignal): Promise<void> {
    await Promise.all(this.#instance.sources.flatMap((source) => [this.#tend(source, until), this.#watch(source, until)]));
  }

  /** Asks now. Looks at one source follow each other, whoever asked for them. @throws InstarError NOT_FOUND, and what the source failed with where only one is asked */
  async look({ source: only, reason, actor = DAEMON }: LookOptions, signal: AbortSignal): Promise<Looked[]> {
    const asked = this.#instance.sources.filter(({ id }) => only === undefined || id === only);
    if (asked.length === 0)
      throw new InstarError("NOT_FOUND", `${only ?? "none"} is no source of this instance`, { advice: "`instar source list` shows them." });
    const looked = await Promise.allSettled(asked.map((source) => this.#lookAt(source, reason, actor, signal)));
    const failed = looked.find((each) => each.status === "rejected");
    const done = looked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    if (failed !== undefined && done.length === 0) throw failed.reason;
    return done;
  }

  /** What an update's end may have made possible is looked for at once. */
  soon(): void {
    this.#nextAtTickMs.clear();
  }

  /** Until the next look at a source, or at the first of all; ms. */
  nextLookInMs(source?: SourceId): number {
    const { sources, time } = this.#instance;
    const asked = sources.filter(({ id }) => source === undefined || id === source);
    return Math.max(0, Math.min(...asked.map(({ id }) => this.#nextAtTickMs.get(id) ?? 0)) - time.tickMs());
  }

  /** Runs an act while no source begins anything. */
  alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#deciding.then(act, act);
    this.#deciding = done.catch(() => undefined);
    return done;
  }

  async #tend(source: Source, until: AbortSignal): Promise<void> {
    const { rooms, time } = this.#instance;
    while (!until.aborted) {
      const scheduledMs = this.#scheduledMs.get(source.id);
      const isScheduled = scheduledMs !== undefined && rooms.clock.wallMs() >= scheduledMs;
      if (isScheduled || time.tickMs() >= (this.#nextAtTickMs.get(source.id) ?? 0))
        await this.#lookAt(source, isScheduled ? "schedule" : "poll", DAEMON, until).catch((error: unknown) => this.#failed(source, error, until));
      await rooms.clock.sleep(NAP_MS, until);
    }
  }

  /** A source that can tell of a change is asked when it does. A watch that breaks is begun again, and meanwhile the source is asked as any other. */
  async #watch(source: Source, until: AbortSignal): Promise<void> {
    if (source.watch === undefined) return;
    while (!until.aborted) {
      await source
        .watch(() => void this.#lookAt(source, "change", DAEMON, until).catch((error: unknown) => this.#failed(source, error, until)), until)
        .catch((error: unknown) => this.#failed(source, error, until));
      await this.#instance.rooms.clock.sleep(WATCH_AGAIN_MS, until);
    }
  }

  #lookAt(source: Source, reason: LookReason, actor: UpdateStart["actor"], signal: AbortSignal): Promise<Looked> {
    const before = this.#looking.get(source.id) ?? Promise.resolve();
    const done = before.then(async () => {
      try {
        return await lookForUpdates(this.#instance, source, {
          reason,
          actor,
          supersede: (because) => this.#tools.supersede(because, signal),
          alone: (act) => this.alone(act),
          signal,
        });
      } finally {
        this.#planNext(source);
      }
    });
    this.#looking.set(
      source.id,
      done.catch(() => undefined),
    );
    return done;
  }

  #planNext(source: Source): void {
    const { rooms, time } = this.#instance;
    const failures = readSourceFact(this.#instance.facts, source.id)?.failures ?? 0;
    const scheduledMs = this.#tools.nextScheduledMs(rooms.clock.wallMs());
    if (scheduledMs === null) this.#scheduledMs.delete(source.id);
    else this.#scheduledMs.set(source.id, scheduledMs);
    // Where times are named it is asked then; in between only while it fails.
    const pauseMs = scheduledMs !== null && failures === 0 ? scheduledMs - rooms.clock.wallMs() : planNextLookMs(source.checkEveryMs, failures);
    this.#nextAtTickMs.set(source.id, time.tickMs() + pauseMs);
  }

  #failed(source: Source, error: unknown, until: AbortSignal): void {
    until.throwIfAborted();
    if (InstarError.is(error, "FENCED") || InstarError.is(error, "DATA_DAMAGED")) throw error;
    this.#tools.say(`${source.id} could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
