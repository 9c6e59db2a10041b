import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../database/open-database.ts";
import { WebhookDeliveries, type WebhookDelivery } from "./webhook-deliveries.ts";

const open: { close(): void }[] = [];
afterEach(() => {
  for (const database of open.splice(0)) database.close();
});
const DAY_MS = 86_400_000;
const openDeliveries = (clock = new SimulatedClock()) => {
  const at = mkdtempSync(join(tmpdir(), "instar-deliveries-"));
  const path = join(at, "instar.db");
  const start = () => {
    const database = openDatabase(path);
    open.push(database, { close: () => rmSync(at, { recursive: true, force: true }) });
    return { deliveries: new WebhookDeliveries({ database, clock }), database };
  };
  return { ...start(), clock, start };
};
const delivery = (body: string, more: Partial<WebhookDelivery> = {}): WebhookDelivery => ({
  hook: "github",
  delivery: "d-1",
  signedId: null,
  body: Buffer.from(body),
  ...more,
});

describe("a webhook that is replayed", () => {
  it("is refused, also with another delivery id", () => {
    const { deliveries } = openDeliveries();
    expect(deliveries.take(delivery("{}"))).toBe("new");
    expect(deliveries.take(delivery("{}"))).toBe("replayed");
    expect(deliveries.take(delivery("{}", { delivery: "d-2" }))).toBe("replayed");
    expect(deliveries.take(delivery("{ }"))).toBe("new");
  });
  it("is refused after a restart", () => {
    const { deliveries, database, start } = openDeliveries();
    deliveries.take(delivery("{}"));
    database.close();
    open.splice(open.indexOf(database), 1);
    expect(start().deliveries.take(delivery("{}"))).toBe("replayed");
  });
  it("with a signed id is a new one under another id, and for another hook", () => {
    const { deliveries } = openDeliveries();
    const generic = (signedId: string) => delivery("{}", { hook: "generic", signedId });
    expect(deliveries.take(generic("msg_1"))).toBe("new");
    expect(deliveries.take(generic("msg_2"))).toBe("new");
    expect(deliveries.take(generic("msg_1"))).toBe("replayed");
    expect(deliveries.take(delivery("{}", { hook: "gitlab" }))).toBe("new");
  });
  it("an id cannot be moved into the body", () => {
    const { deliveries } = openDeliveries();
    deliveries.take(delivery("b", { hook: "generic", signedId: "a" }));
    expect(deliveries.take(delivery("ab", { hook: "generic" }))).toBe("new");
  });
  it("a clock that jumps back does not make an old one new, nor one that was taken while it was wrong", () => {
    const { deliveries, clock } = openDeliveries();
    deliveries.take(delivery("before"));
    clock.jumpWall(-60 * DAY_MS);
    expect(deliveries.take(delivery("before"))).toBe("replayed");
    deliveries.take(delivery("meanwhile"));
    clock.jumpWall(60 * DAY_MS);
    deliveries.take(delivery("after"));
    expect(deliveries.take(delivery("meanwhile"))).toBe("replayed");
    expect(deliveries.take(delivery("before"))).toBe("replayed");
  });
});

describe("what is kept", () => {
  it("is forgotten after thirty days, and not before", () => {
    const { deliveries, clock } = openDeliveries();
    deliveries.take(delivery("old"));
    clock.advance(29 * DAY_MS);
    deliveries.take(delivery("other"));
    expect(deliveries.take(delivery("old"))).toBe("replayed");
    clock.advance(2 * DAY_MS);
    deliveries.take(delivery("another"));
    expect(deliveries.take(delivery("old"))).toBe("new");
  });
  it("is a hundred thousand at most, the newest", () => {
    const { deliveries, database, clock } = openDeliveries();
    database.exec(`WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO webhook_delivery SELECT 'old' || i, 'github', NULL, ${clock.wallMs()} FROM n`);
    deliveries.take(delivery("{}"));
    expect(database.prepare("SELECT count(*) AS n FROM webhook_delivery").get()).toEqual({ n: 100_000 });
    expect(deliveries.take(delivery("{}"))).toBe("replayed");
  });
});
