import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "../../database/facts.ts";
import { openDatabase } from "../../database/open-database.ts";
import { Ledger } from "../../ledger/ledger.ts";
import type { LedgerEntry, LedgerStatement } from "../../ledger/ledger-entry.ts";
import { forgetFloors, openFloorsRecord } from "./floors-record.ts";
import { planTrustAdvance, type SeenTrust } from "./plan-trust-advance.ts";

const seen = (root: number, targets: number, timestamp: number, self?: number): SeenTrust => ({
  atMs: timestamp * 1_000,
  root: { version: root },
  targets: { version: targets },
  timestamp: { version: timestamp },
  ...(self === undefined ? {} : { self: { version: self } }),
});

let place: string;
let database: ReturnType<typeof openDatabase>;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "instar-floors-"));
  database = openDatabase(join(place, "instar.db"));
});
afterEach(() => {
  database.close();
  rmSync(place, { recursive: true, force: true });
});

const parse = (value: unknown): SeenTrust => {
  if (typeof value === "object" && value !== null && "root" in value) return value as SeenTrust;
  throw new InstarError("DATA_DAMAGED", "not as it was recorded");
};
function open(more: { mayWrite?: boolean; append?: (statement: LedgerStatement) => LedgerEntry } = {}) {
  const ledger = new Ledger({ database, folder: join(place, "ledger"), now: () => 0, key: null });
  return openFloorsRecord({
    database,
    facts: new Facts(database),
    ledger: { append: more.append ?? ((statement) => ledger.append(statement)) },
    parse,
    mayWrite: more.mayWrite ?? true,
  });
}
const entryCount = () => (database.prepare("SELECT count(*) AS count FROM ledger_outbox").get() as { count: number }).count;

describe("the record of what was seen", () => {
  it("is none at first, and then what was recorded last", () => {
    const record = open();
    expect(record.read()).toBeNull();
    record.advance(null, seen(1, 1, 1));
    record.advance(seen(1, 1, 1), seen(1, 2, 2));
    expect(open().read()).toEqual(seen(1, 2, 2));
    expect(entryCount()).toBe(2);
  });

  it("and the ledger: both or neither", () => {
    const failing = open({
      append: () => {
        throw new InstarError("DISK_FULL", "no room");
      },
    });
    expect(() => failing.advance(null, seen(1, 1, 1))).toThrow(expect.objectContaining({ code: "DISK_FULL" }));
    expect([open().read(), entryCount()]).toEqual([null, 0]);
  });

  it("does not go back where another one recorded meanwhile", () => {
    open().advance(null, seen(1, 5, 5));
    expect(() => open().advance(null, seen(1, 4, 4))).toThrow(expect.objectContaining({ code: "CONFLICT", transient: true }));
    expect([open().read(), entryCount()]).toEqual([seen(1, 5, 5), 1]);
  });

  it("is not written over where it was damaged meanwhile", () => {
    open().advance(null, seen(1, 1, 1));
    database.prepare("UPDATE facts SET value = '{' WHERE name = 'registryFloors'").run();
    expect(() => open().read()).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
    expect(() => open().advance(seen(1, 1, 1), seen(1, 2, 2))).toThrow(expect.objectContaining({ code: "DATA_DAMAGED" }));
    expect([entryCount(), database.prepare("SELECT value FROM facts").get()]).toEqual([1, { value: "{" }]);
  });

  it("is forgotten where a person says so, who stands on the ledger", () => {
    open().advance(null, seen(1, 5, 5));
    const ledger = new Ledger({ database, folder: join(place, "ledger"), now: () => 0, key: null });
    forgetFloors({ database, facts: new Facts(database), ledger }, { actor: { type: "user", id: "ada" }, because: "made anew" });
    expect(open().read()).toBeNull();
    open().advance(null, seen(1, 1, 1));
    expect(entryCount()).toBe(3);
    const { line } = database.prepare("SELECT line FROM ledger_outbox WHERE idx = 1").get() as { line: string };
    expect(JSON.parse(line)).toMatchObject({ event: "TRUST_FORGOTTEN", actor: { id: "ada" }, description: expect.stringContaining("made anew") });
  });

  it("is left alone by who only reads", () => {
    open({ mayWrite: false }).advance(null, seen(1, 1, 1));
    expect([open().read(), entryCount()]).toEqual([null, 0]);
  });
});

describe("the ledger is told", () => {
  it.each([
    ["the first time", null, seen(1, 1, 1), true],
    ["of a root", seen(1, 1, 1), seen(2, 1, 1), true],
    ["of targets", seen(1, 1, 1), seen(1, 2, 1), true],
    ["of the agent's own", seen(1, 1, 1, 1), seen(1, 1, 1, 2), true],
    ["of the agent's own for the first time", seen(1, 1, 1), seen(1, 1, 1, 1), true],
    ["of versions that a newer root let go back", seen(1, 9, 9), seen(1, 2, 9), true],
    ["not of a timestamp", seen(1, 1, 1, 1), seen(1, 1, 7, 1), false],
    ["not of the same again", seen(1, 1, 1), seen(1, 1, 1), false],
  ])("%s", (_, before, after, isTold) => {
    expect(planTrustAdvance(before, after) !== null).toBe(isTold);
  });

  it("the versions and the time", () => {
    expect(planTrustAdvance(null, seen(3, 4, 5))).toEqual({
      event: "TRUST_ADVANCED",
      actor: { type: "system", id: "daemon" },
      description: "the registry's signed metadata are now root 3, targets 4",
      success: true,
      details: { root: 3, targets: 4, timestamp: 5, at: "1970-01-01T00:00:05.000Z" },
    });
  });
});
