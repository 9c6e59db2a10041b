import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEntries, readNewestFirst } from "./read-ledger.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-read-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ["from the first on", readEntries],
  ["the newest first", readNewestFirst],
])("an entry that is no JSON is damage of the ledger, read %s", async (_, read) => {
  writeFileSync(join(folder, "00000000.jsonl"), '{"index":0}\n{"index":\n');
  const readAll = async () => {
    for await (const _ of read(folder));
  };
  await expect(readAll()).rejects.toMatchObject({ code: "LEDGER_DAMAGED" });
});
