import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSandboxes } from "../../packages/instar/src/sandbox/sandboxes.testing.ts";
import { parseTable, renderTable, TABLE_PATH } from "./escapes-table.ts";
import { ATTEMPTS, type Outcome, tryEscapes } from "./try-escapes.ts";

const sandboxes = await createSandboxes({});
afterAll(async () => sandboxes.close());

const written = readFileSync(TABLE_PATH, "utf8");
const told = parseTable(written);
const attempts = ATTEMPTS.flatMap((group) => group.attempts);

test("the document lists every attempt that is made, and no other", () => {
  expect(renderTable(told, told)).toBe(written);
  expect(attempts.length).toBeGreaterThanOrEqual(40);
  expect(new Set(attempts.map(({ name }) => name)).size).toBe(attempts.length);
});

describe.each(sandboxes.adapters.map((adapter) => [adapter.name, adapter] as const))("in %s", (name, adapter) => {
  let seen: ReadonlyMap<string, Outcome>;
  beforeAll(async () => {
    process.env.INSTAR_ESCAPE_SECRET = "set";
    seen = await tryEscapes(adapter, sandboxes.runJob);
    delete process.env.INSTAR_ESCAPE_SECRET;
  }, 300_000);

  test.each(attempts.filter(({ dependsOnMachine }) => name !== "none" || !dependsOnMachine).map((attempt) => attempt.name))("%s", (attempt) => {
    // Left out where this machine cannot make it.
    if (seen.has(attempt)) expect(seen.get(attempt)).toBe(told.get(name)?.get(attempt));
  });
});
