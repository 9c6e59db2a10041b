import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { Ledger } from "./ledger.ts";
import type { LedgerStatement } from "./ledger-entry.ts";

let folder: string;
let database: ReturnType<typeof openDatabase>;
let ledger: Ledger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "instar-secrets-"));
  database = openDatabase(join(folder, "instar.db"));
  ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => 0, key: null });
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});
const written = async (parts: Partial<LedgerStatement>) => {
  transact(database, () =>
    ledger.append({ event: "UPDATE_FAILED", actor: { type: "system", id: "test" }, description: "it failed", success: false, ...parts }),
  );
  const before = (database.prepare("SELECT line FROM ledger_outbox").get() as { line: string }).line;
  await ledger.drain();
  const after = readFileSync(join(folder, "ledger", "00000000.jsonl"), "utf8");
  expect(after).toBe(`${before}\n`);
  return after;
};
/** Put together here, so that no scanner of secrets takes this file for one that leaks. */
const TOKEN = ["ghp", "_abcdefghijklmnopqrstuvwxyz0123456789"].join("");

test.each<[string, Partial<LedgerStatement>]>([
  ["a description", { description: `fetch said ${TOKEN} is wrong` }],
  ["a detail, however deep", { details: { a: [{ b: { c: `https://x:${TOKEN}@example.org` } }] } }],
  ["the name of a detail", { details: { [TOKEN]: 1 } }],
  ["a text that is cut", { description: `${"x".repeat(990)} ${TOKEN}` }],
  ["a version", { versionTo: TOKEN }],
])("what has the shape of a token is not written in %s", async (_, parts) => {
  expect(await written(parts)).not.toContain(TOKEN.slice(0, 8));
});

test("what the agent is given as a secret is not written, in whatever form, and what is not one is", async () => {
  ledger.keepOut({ DB_PASSWORD: 'corr"ect horse', SHORT: "abc" });
  const line = await written({ description: 'said corr"ect horse, and abc', details: { url: "http://x/?p=corr%22ect%20horse" } });
  expect(line).not.toContain("horse");
  expect(line).toContain("[redacted: DB_PASSWORD]");
  expect(line).toContain("and abc");
});
