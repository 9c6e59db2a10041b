import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../database/open-database.ts";
import { makeBucket } from "./make-bucket.testing.ts";
import { MetricsRecord } from "./metrics-record.ts";

const HOUR = 3_600_000;
let folder: string;
let database: ReturnType<typeof openDatabase>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-record-"));
  database = openDatabase(join(folder, "instar.db"));
  database.exec("PRAGMA synchronous = OFF");
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the record of what was seen", () => {
  it("keeps what it was given, and thins what is old without losing a count", () => {
    const record = new MetricsRecord(database);
    const buckets = Array.from({ length: 120 }, (_, index) => makeBucket({ tickMs: (index + 1) * 5_000, restarts: 1, metrics: { sent: 2, queue: index } }));
    record.append(buckets, () => undefined);
    expect(record.read("r", 0, HOUR)).toEqual(buckets);
    record.thin(5 * HOUR, null, new Set(["sent"]));
    const merged = record.read("r", 0, HOUR);
    expect(merged.map(({ coveredMs, restarts, metrics, tickMs }) => [coveredMs, restarts, metrics.sent, tickMs])).toEqual([
      [300_000, 60, 120, 300_000],
      [300_000, 60, 120, 600_000],
    ]);
    record.thin(5 * HOUR, null, new Set(["sent"]));
    expect(record.read("r", 0, HOUR)).toEqual(merged);
    record.thin(10 * 24 * HOUR, null, new Set(["sent"]));
    expect(record.newest()).toBeUndefined();
  });

  it("leaves neither a bucket nor what the next one is counted from, where the disk is full", () => {
    const record = new MetricsRecord(database);
    const { page_count: pages } = database.prepare("PRAGMA page_count").get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages}`);
    const full = makeBucket({ silent: { big: "x".repeat(100_000) } });
    expect(() => record.append([full], () => database.exec("INSERT INTO facts VALUES ('a', '1')"))).toThrow(expect.objectContaining({ code: "DISK_FULL" }));
    expect(record.newest()).toBeUndefined();
    expect(database.prepare("SELECT count(*) AS count FROM facts").get()).toEqual({ count: 0 });
  });

  it("is nothing to a reader of a database from before there were any", () => {
    database.exec("DROP TABLE bucket");
    const record = new MetricsRecord(database);
    expect([record.newest(), record.read("r", 0, 1e12)]).toEqual([undefined, []]);
  });
});
