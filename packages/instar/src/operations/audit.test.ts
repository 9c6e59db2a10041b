import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPERATIONS } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { Ledger } from "../ledger/ledger.ts";
import { renderVerifierKey } from "../ledger/tree/note-key.ts";
import { implementAudit } from "./audit.ts";
import type { OperationContext } from "./context.ts";

const START = Date.UTC(2026, 0, 2);
const key = { name: "instar.local/test", key: generateKeyPairSync("ed25519").privateKey };
let clock: SimulatedClock;
let folder: string;
let audit: ReturnType<typeof implementAudit>;
let end: () => void;

beforeEach(async () => {
  clock = new SimulatedClock({ wallMs: START });
  folder = mkdtempSync(join(tmpdir(), "instar-audit-"));
  const database = openDatabase(join(folder, "instar.db"));
  const ledger = new Ledger({ database, folder: join(folder, "ledger"), now: () => clock.wallMs(), key });
  const say = (id: string, success: boolean) =>
    transact(database, () =>
      ledger.append({ event: success ? "VERSION_MARKED" : "ACCESS_REFUSED", actor: { type: "user", id }, description: "said", success }),
    );
  for (const [id, success] of [
    ["ann", true],
    ["bob", false],
    ["ann", false],
    ["ann", true],
  ] as const) {
    say(id, success);
    clock.advance(3_600_000);
  }
  await ledger.drain();
  const instance = { name: "demo", folder, ledger, ledgerKey: { verifier: key, trouble: null }, rooms: { clock } };
  audit = implementAudit({ instance, daemon: undefined } as unknown as OperationContext);
  end = () => database.close();
});
afterEach(() => {
  end();
  rmSync(folder, { recursive: true });
});

const ask = (input: object) => {
  const { input: schema } = OPERATIONS.find(({ name }) => name === "audit.list") as Extract<(typeof OPERATIONS)[number], { name: "audit.list" }>;
  return audit["audit.list"](schema.parse(input)).then(({ entries }) => entries.map(({ index }) => index));
};

it("lists what is asked for: by whom, when, and what did not succeed, a page at a time", async () => {
  expect(await ask({})).toEqual([3, 2, 1, 0]);
  expect(await ask({ by: "ann" })).toEqual([3, 2, 0]);
  expect(await ask({ by: "ann", failed: "true" })).toEqual([2]);
  expect(await ask({ from: "2026-01-02T01:00:00Z", until: "2026-01-02T03:00:00Z" })).toEqual([2, 1]);
  expect(await ask({ by: "ann", limit: 1 })).toEqual([3]);
  expect(await ask({ by: "ann", limit: 1, before: 3 })).toEqual([2]);
  await expect(ask({ from: "yesterday" })).rejects.toThrow("is no day and no time");
});

it("gives the newest signed head with its key", async () => {
  const { note, ...head } = await audit["audit.checkpoint"]({});
  expect(head).toMatchObject({ size: 4, length: 4, key: renderVerifierKey(key) });
  expect(note.split("\n").slice(0, 3)).toEqual([key.name, "4", head.root]);
});
