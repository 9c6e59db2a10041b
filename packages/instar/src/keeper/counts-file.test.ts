import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCounts } from "./counts-file.ts";
import { emptyCounts } from "./front/front-counts.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-counts-"));
  path = join(folder, "counts.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const release = { requests: 9, failed: 1, serverErrors: 1, transportErrors: 0, writes: 2, latency: { count: 9, buckets: { "12": 9 } } };
const counts = { ...emptyCounts(), held: 3, releases: { r1: release } };

test("counts are read as they were stored", async () => {
  writeFileSync(path, JSON.stringify(counts));
  expect(await readCounts(path)).toEqual(counts);
});

test("a count that an older keeper did not know is nothing", async () => {
  const { writes: _, ...older } = release;
  writeFileSync(path, JSON.stringify({ releases: { r1: older } }));
  expect(await readCounts(path)).toEqual({ ...emptyCounts(), releases: { r1: { ...release, writes: 0 } } });
});

test.each([
  ["cut off", JSON.stringify(counts).slice(0, -9)],
  ["null", "null"],
  ["no object", "[]"],
  ["without releases", "{}"],
  ["with a release that is none", '{"releases":{"r1":null}}'],
  ["with latencies that are none", JSON.stringify({ releases: { r1: { ...release, latency: {} } } })],
  ["with a count that is text", JSON.stringify({ ...counts, held: "3" })],
])("counts that are %s are begun anew", async (_, text) => {
  writeFileSync(path, text);
  expect(await readCounts(path)).toBeUndefined();
});

test("where there is no file there are no counts", async () => expect(await readCounts(path)).toBeUndefined());
