import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createSandboxes } from "../../packages/instar/src/sandbox/sandboxes.testing.ts";
import { parseTable, renderTable, type Seen, TABLE_PATH } from "./escapes-table.ts";
import { tryEscapes } from "./try-escapes.ts";

/** Writes docs/design/sandbox-escapes.md from what is seen on this machine. */
const sandboxes = await createSandboxes({});
process.env.INSTAR_ESCAPE_SECRET = "set";
try {
  const seen = new Map<string, Awaited<ReturnType<typeof tryEscapes>>>();
  for (const adapter of sandboxes.adapters) seen.set(adapter.name, await tryEscapes(adapter, sandboxes.runJob));
  const before: Seen = existsSync(TABLE_PATH) ? parseTable(readFileSync(TABLE_PATH, "utf8")) : new Map();
  writeFileSync(TABLE_PATH, renderTable(seen, before));
  for (const [name, outcomes] of seen)
    console.log(
      name,
      [...outcomes].filter(([, outcome]) => outcome === "escaped").map(([attempt]) => attempt),
    );
} finally {
  await sandboxes.close();
}
