import { InstarError } from "@instar/protocol";
import type { KeeperReport } from "../../keeper/keeper-control.ts";
import { differFront, trimFrontReading } from "../../observation/gather/differ-front.ts";
import type { MetricsRecord } from "../../observation/gather/metrics-record.ts";
import { BUCKET_MS, type MetricsBucket } from "../../observation/metrics-bucket.ts";
import type { StepRooms } from "../step-rooms.ts";
import { type KeptOfRelease, type KeptReadings, NO_READINGS } from "./kept-readings.ts";
import { listObserved, type ObservedSlot, readingOf, releasesInSlots } from "./observed-slot.ts";
import type { Glimpse, Observer } from "./observer.ts";
import { openSlotSources, pumpSources, WATCHED_HEALTH_EVERY_MS } from "./slot-sources.ts";
import { type Observed, restartsSince, takeBucket } from "./take-bucket.ts";

const READINGS = "observer";
const KEEPER_WITHIN_MS = 2_000;
/** Time between two looks that is longer was not watched: a machine that slept, a process that was stopped. */
const MOST_BETWEEN_LOOKS_MS = BUCKET_MS + 1_000;
const IDLE_HEALTH_EVERY_MS = 10_000;

/** See Observer. The daemon closes a span every few seconds; a step that watches looks more often and closes one early where something shows. */
export class SlotObserver implements Observer {
  readonly record: MetricsRecord;
  readonly #rooms: () => StepRooms;
  readonly #tickMs: () => number;
  readonly #openSources: typeof openSlotSources;
  readonly #observed = new Map<string, Observed>();
  #turn: Promise<unknown> = Promise.resolve();
  #report: KeeperReport | undefined;
  #lookedMs: number | undefined;
  #coveredMs = 0;
  #closedTickMs: number;
  #readings: KeptReadings | undefined;

  /** @param options.openSources what asks the versions, where that is not the usual */
  constructor(options: { rooms: () => StepRooms; record: MetricsRecord; tickMs: () => number; openSources?: typeof openSlotSources }) {
    this.#rooms = options.rooms;
    this.#openSources = options.openSources ?? openSlotSources;
    this.#tickMs = options.tickMs;
    this.record = options.record;
    this.#closedTickMs = options.record.newest()?.tickMs ?? 0;
  }

  look(release: string): Promise<Glimpse | undefined> {
    return this.#inTurn(async () => {
      await this.#look(WATCHED_HEALTH_EVERY_MS);
      return this.#glimpse(release);
    });
  }

  close(healthEveryMs = WATCHED_HEALTH_EVERY_MS): Promise<"recorded" | "unrecorded"> {
    return this.#inTurn(async () => {
      await this.#look(healthEveryMs);
      return this.#close();
    });
  }

  async tend(): Promise<void> {
    if (this.#tickMs() - this.#closedTickMs >= BUCKET_MS * 0.9) await this.close(IDLE_HEALTH_EVERY_MS);
  }

  /** What is known of sources between two buckets is gone with their version. */
  async #look(healthEveryMs: number): Promise<void> {
    const rooms = this.#rooms();
    const nowMs = rooms.clock.monotonicMs();
    this.#coveredMs += Math.min(nowMs - (this.#lookedMs ?? nowMs), MOST_BETWEEN_LOOKS_MS);
    this.#lookedMs = nowMs;
    this.#report = await askKeeper(rooms);
    if (this.#report === undefined) return;
    const listed = listObserved(this.#report);
    for (const release of this.#observed.keys()) if (!listed.some((one) => one.release === release)) this.#observed.delete(release);
    for (const one of listed) pumpSources(this.#observe(rooms, one).sources, healthEveryMs);
  }

  #observe(rooms: StepRooms, newest: ObservedSlot): Observed {
    const known = this.#observed.get(newest.release);
    if (known !== undefined) {
      known.newest = newest;
      return known;
    }
    const observed: Observed = {
      newest,
      sinceMs: rooms.clock.monotonicMs(),
      silences: {},
      sources: this.#openSources({ rooms, release: newest.release, slot: () => observed.newest.slot }),
    };
    this.#observed.set(newest.release, observed);
    return observed;
  }

  #glimpse(release: string): Glimpse | undefined {
    const observed = this.#observed.get(release);
    if (observed === undefined) return undefined;
    const { front, releases } = this.#kept();
    const reading = this.#report === undefined ? null : readingOf(this.#report);
    const counted = reading === null ? undefined : differFront(front, reading, release);
    const { requests, failed } = counted?.kind === "value" ? counted.value : { requests: 0, failed: 0 };
    return {
      coveredMs: this.#coveredMs,
      requests,
      failed,
      restarts: restartsSince(releases[release]?.restarts, observed.newest.slot.restarts),
      isServing: this.#report === undefined ? null : observed.newest.isServing,
    };
  }

  async #close(): Promise<"recorded" | "unrecorded"> {
    const rooms = this.#rooms();
    const tickMs = Math.round(this.#tickMs());
    if (tickMs <= this.#closedTickMs) return "recorded";
    const kept = this.#kept();
    const reading = this.#report === undefined ? null : readingOf(this.#report);
    if (this.#coveredMs === 0) {
      // The very first look has seen no time: it is what the first span is counted from.
      if (kept === NO_READINGS && this.#report !== undefined) this.#readings = { front: reading, releases: this.#listBegun() };
      return "recorded";
    }
    const buckets: MetricsBucket[] = [];
    const releases: Record<string, KeptOfRelease> = { ...kept.releases };
    for (const observed of this.#observed.values()) {
      const { release } = observed.newest;
      const made = await takeBucket(rooms, observed, { tickMs, coveredMs: this.#coveredMs, reading, keeperAnswers: this.#report !== undefined, kept });
      buckets.push(made.bucket);
      releases[release] = made.kept;
    }
    const inSlots = this.#report === undefined ? null : releasesInSlots(this.#report);
    // Without the keeper's word nothing new is known: the next span is counted from what was known before.
    const next: KeptReadings =
      inSlots === null
        ? { ...kept, releases }
        : {
            front: reading === null ? null : trimFrontReading(reading, inSlots),
            releases: Object.fromEntries(Object.entries(releases).filter(([release]) => inSlots.has(release))),
          };
    try {
      this.record.append(buckets, () => rooms.facts.write(READINGS, next));
    } catch (error) {
      if (!InstarError.is(error, "DISK_FULL")) throw error;
      return "unrecorded";
    }
    this.#readings = next;
    this.#closedTickMs = tickMs;
    this.#coveredMs = 0;
    return "recorded";
  }

  /** What ran before anybody looked: how often it ended until now, and what it wrote, is nobody's. */
  #listBegun(): KeptReadings["releases"] {
    const begun = [...this.#observed].map(([release, { newest }]) => [release, { restarts: newest.slot.restarts, log: null, heartbeat: null, counters: {} }]);
    return Object.fromEntries(begun) as KeptReadings["releases"];
  }

  #kept(): KeptReadings {
    this.#readings ??= this.#rooms().facts.read<KeptReadings>(READINGS) ?? NO_READINGS;
    return this.#readings;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** A keeper that is stopped answers nobody, ever: whoever asks must not hang with it. */
async function askKeeper({ keeper, clock }: StepRooms): Promise<KeeperReport | undefined> {
  const over = new AbortController();
  const late = clock.sleep(KEEPER_WITHIN_MS, over.signal).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([keeper.state().catch(() => undefined), late]);
  } finally {
    over.abort();
  }
}
