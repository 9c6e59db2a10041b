import type { DatabaseSync } from "node:sqlite";
import { transact } from "../../database/open-database.ts";
import type { MetricsBucket } from "../metrics-bucket.ts";
import { mergeBuckets } from "./merge-buckets.ts";
import { planThinning, type RecordedSpan } from "./plan-thinning.ts";

/** The buckets on disk. What is in here is what verdicts are computed from, and nothing else. */
export class MetricsRecord {
  readonly #database: DatabaseSync;
  /** False for a reader of a database that an older Instar wrote. */
  readonly #isThere: boolean;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'bucket'").get() !== undefined;
  }

  /**
   * Appends what was seen in one span, and in the same transaction whatever the next span is counted from: a crash loses both or neither.
   * @throws InstarError DISK_FULL
   */
  append(buckets: readonly MetricsBucket[], also: () => void): void {
    transact(this.#database, () => {
      for (const bucket of buckets) this.#insert(bucket);
      also();
    });
  }

  /** Of one release, oldest first: later than `afterTickMs` and up to `untilTickMs`. */
  read(release: string, afterTickMs: number, untilTickMs: number): MetricsBucket[] {
    if (!this.#isThere) return [];
    const rows = this.#database
      .prepare("SELECT body FROM bucket WHERE release = ? AND tick_ms > ? AND tick_ms <= ? ORDER BY tick_ms")
      .all(release, Math.round(afterTickMs), Math.round(untilTickMs)) as { body: string }[];
    return rows.map(({ body }) => JSON.parse(body) as MetricsBucket);
  }

  /** The newest one, whatever release it is of. */
  newest(): MetricsBucket | undefined {
    if (!this.#isThere) return undefined;
    const row = this.#database.prepare("SELECT body FROM bucket ORDER BY tick_ms DESC LIMIT 1").get() as { body: string } | undefined;
    return row === undefined ? undefined : (JSON.parse(row.body) as MetricsBucket);
  }

  /** See planThinning. A crash between two groups leaves some merged and others not, which the next thinning goes on from. */
  thin(nowTickMs: number, watchedSinceTickMs: number | null, counters: ReadonlySet<string>): void {
    const spans = this.#database
      .prepare("SELECT release, tick_ms AS tickMs, covered_ms AS coveredMs, octet_length(body) AS sizeBytes FROM bucket ORDER BY tick_ms")
      .all() as unknown as RecordedSpan[];
    const { merge, remove } = planThinning(spans, nowTickMs, watchedSinceTickMs);
    for (const group of merge)
      transact(this.#database, () => {
        const buckets = group.flatMap(({ release, tickMs }) => this.read(release, tickMs - 1, tickMs));
        for (const span of group) this.#delete(span);
        this.#insert(mergeBuckets(buckets, counters));
      });
    if (remove.length === 0) return;
    transact(this.#database, () => {
      for (const span of remove) this.#delete(span);
    });
  }

  #insert(bucket: MetricsBucket): void {
    this.#database
      .prepare("INSERT INTO bucket VALUES (?, ?, ?, ?, ?)")
      .run(bucket.release, Math.round(bucket.tickMs), Math.round(bucket.wallMs), Math.round(bucket.coveredMs), JSON.stringify(bucket));
  }

  #delete({ release, tickMs }: Pick<RecordedSpan, "release" | "tickMs">): void {
    this.#database.prepare("DELETE FROM bucket WHERE release = ? AND tick_ms = ?").run(release, tickMs);
  }
}
