// What the event stream tells, to whom, and what becomes of who does not listen.
import { CHANGES, foldUpdateEvents, type UpdateEvent } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHANGES as CHANGES_OF_THE_PAGE } from "../../packages/console/src/data/queries-of-change.ts";
import { writeMarks } from "../../packages/instar/src/daemon/version-marks.ts";
import { openDatabase, transact } from "../../packages/instar/src/database/open-database.ts";
import type { EntryBody, UpdateId, UpdateStart } from "../../packages/instar/src/update/journal-entry.ts";
import { ConsoleWorld, DOOR } from "./console-world.ts";
import { EventReader } from "./event-reader.ts";

const U1 = "u1" as UpdateId;
const start: UpdateStart = {
  ...{ kind: "code", target: "agent", commit: "c".repeat(40), ref: "main", versionFrom: null, versionTo: "1.0.0", releaseFrom: null, wayBack: null },
  ...{ trigger: "by-hand", actor: { type: "user", id: "ada" }, overrides: {} },
};

let world: ConsoleWorld;
beforeEach(async () => {
  world = await ConsoleWorld.open({}, { runs: false });
});
afterEach(() => world.close());

const append = (body: EntryBody, update = U1) => world.instance.journal.append({ update, attempt: 0, body, ledger: [] });
const begin = (update = U1) => append({ kind: "started", steps: [{ id: "stage", version: 1, title: "stage" }], start }, update);
const ask = (because = "no", update = U1) => append({ kind: "cancel-requested", by: "ada", because }, update);
/** However busy the machine is. */
const soon = <Found>(look: () => Found | Promise<Found>) => vi.waitFor(look, { timeout: 60_000 });
const hello = (reader: EventReader) => soon(() => expect(reader.messages.length).toBeGreaterThan(0));
const open = async (by: Parameters<typeof EventReader.open>[1] = DOOR, path?: string) => {
  const reader = await EventReader.open(world, by, path);
  if (reader.status === 200) await hello(reader);
  return reader;
};
/** The one look in a second, once somebody sleeps towards it. */
const second = async (count = 1) => {
  for (let index = 0; index < count; index += 1) {
    await soon(() => expect(world.clock.sleepers).toBe(1));
    world.clock.advance(1_000);
    await soon(() => expect(world.clock.sleepers).toBe(1));
  }
};
const triggers = () => (world.instance.database.prepare("SELECT count(*) AS n FROM sqlite_temp_master").get() as { n: number }).n;

describe("who listens", () => {
  it("hears first who speaks, and then each entry of the journal as it is written", async () => {
    begin();
    const reader = await open();
    expect(reader.messages).toEqual([{ event: "hello", id: "1", data: JSON.stringify({ daemon: world.instance.journal.epoch, version: "0" }) }]);
    append({ kind: "applying", step: "stage" });
    append({ kind: "applied", step: "stage", gives: {} });
    await soon(() => expect(reader.ids).toEqual([2, 3]));
    const events = reader.of("journal").flatMap(({ data }) => (JSON.parse(data) as { update: string; events: UpdateEvent[] }).events);
    expect(events).toMatchObject([
      { update: "u1", index: 1, kind: "step-started", step: "stage" },
      { update: "u1", index: 2, kind: "step-done" },
    ]);
  });

  it("can fold what it heard, from the first entry on, to what an update's page shows", async () => {
    const reader = await open();
    begin();
    append({ kind: "applying", step: "stage" });
    append({ kind: "ended", outcome: "cancelled", because: "so" });
    await soon(() => expect(reader.ids).toEqual([1, 2, 3]));
    const events = reader.of("journal").flatMap(({ data }) => (JSON.parse(data) as { events: UpdateEvent[] }).events);
    const { body } = await world.ask("GET", "/v1/update/show?update=u1", { headers: { authorization: `Bearer ${DOOR}` } });
    expect(foldUpdateEvents(events)).toEqual(body);
  });

  it.each<[string, string, () => void]>([
    ["tokens", "a token is made", () => world.create()],
    ["marks", "a version is marked", () => transact(world.instance.database, () => writeMarks(world.instance, { pin: null, holds: [], skips: [] } as never))],
    ["sources", "a source said something", () => world.instance.facts.write("source:npm", {})],
    ["incidents", "somebody says why", () => world.instance.facts.write("incidentCause:u1", { cause: "x" })],
    ["observation", "something was measured", () => world.instance.database.exec("INSERT INTO bucket VALUES ('r', 1, 1, 1, '{}')")],
    ["tasks", "a task ran", () => world.instance.database.exec("INSERT INTO task_run VALUES ('i', 't', 1, 1, NULL, 'running', '')")],
    ["ledger", "an entry is written", () => transact(world.instance.database, () => world.instance.ledger.append(entry))],
    ["updates", "an update begins", () => void begin()],
    ["approvals", "somebody answers", () => (begin(), void append({ kind: "rejected", by: "ada", because: "" }))],
  ])("hears within a second that %s moved when %s", async (what, _, move) => {
    const reader = await open();
    await second();
    move();
    expect(reader.changed).toEqual([]);
    await second();
    await soon(() => expect(reader.changed).toContain(what));
  });

  it("hears nothing of what nobody shows, and nothing twice", async () => {
    const reader = await open();
    world.instance.facts.write("tickMs", 7);
    await second(2);
    expect(reader.changed).toEqual([]);
    world.create();
    await second(3);
    await soon(() => expect(reader.changed).toEqual(["tokens"]));
  });

  it("hears that all may have moved when another process wrote", async () => {
    const reader = await open();
    await second();
    const other = openDatabase(`${world.bench.data}/instar.db`);
    other.exec("INSERT INTO facts VALUES ('x', '1')");
    other.close();
    await second();
    await soon(() => expect(new Set(reader.changed)).toEqual(new Set(CHANGES)));
  });

  it("gets a sign of life every fifteen seconds in which there was nothing", async () => {
    const reader = await open();
    await second(14);
    expect(reader.text).not.toContain(": still here");
    await second();
    await soon(() => expect(reader.text.match(/^: still here$/gm)).toHaveLength(1));
    await second(15);
    await soon(() => expect(reader.text.match(/^: still here$/gm)).toHaveLength(2));
  });

  it("is told the words that the page knows", () => expect([...CHANGES_OF_THE_PAGE]).toEqual([...CHANGES]));
});

const entry = { event: "INSTANCE_STARTED", actor: { type: "system", id: "daemon" }, description: "x", success: true, details: {} } as const;

describe("after a reconnect", () => {
  it("nothing is lost and nothing comes twice, wherever the line was cut", async () => {
    begin();
    for (let index = 0; index < 30; index += 1) ask(`${index}`);
    const heard: number[] = [];
    let last = "1";
    while (heard.at(-1) !== 31) {
      const reader = await open(DOOR, `/v1/events?after=${last}`);
      expect(reader.messages[0]).toMatchObject({ event: "hello", id: last });
      await soon(() => expect(reader.ids.length).toBeGreaterThan(0));
      // Cut anywhere: what it has is what it goes on after.
      const kept = reader.ids.slice(0, 7);
      heard.push(...kept);
      last = String(kept.at(-1));
      reader.vanish();
    }
    expect(heard).toEqual(Array.from({ length: 30 }, (_, index) => index + 2));
  });
  it("with a daemon that begins anew it goes on as well", async () => {
    begin();
    const reader = await open();
    await world.restart();
    await soon(() => expect(reader.hasEnded).toBe(true));
    ask();
    const next = await open(DOOR, `/v1/events?after=${reader.messages.at(-1)?.id}`);
    await soon(() => expect(next.ids).toEqual([2]));
    // What moved besides is in no journal.
    await soon(() => expect(new Set(next.changed)).toEqual(new Set(CHANGES)));
  });
  it.each(["999", "99999999999999999999", "-1", "abc", "1.5", "0x1", "%00"])("an id that nobody knows (%s) is answered with a reset", async (id) => {
    begin();
    const reader = await open(DOOR, `/v1/events?after=${id}`);
    await soon(() =>
      expect(reader.messages.map(({ event, id: at }) => [event, at])).toEqual([
        ["hello", "1"],
        ["reset", "1"],
      ]),
    );
  });
  it("one that is too far behind reads all anew", async () => {
    begin();
    fill(2_100);
    const reader = await open(DOOR, "/v1/events?after=1");
    await soon(() => expect(reader.of("reset")).toMatchObject([{ id: "2101" }]));
    expect(reader.ids).toEqual([]);
  });
});

/** Many entries at once, each of some length. */
function fill(count: number, because = "x"): void {
  const { database, journal } = world.instance;
  const insert = database.prepare(
    "INSERT INTO journal (update_id, seq, at, tick_ms, epoch, attempt, kind, step, gives) VALUES (?, ?, '', 0, ?, 0, 'cancel-requested', NULL, ?)",
  );
  const from = journal.read(U1).length;
  transact(database, () => {
    for (let index = 0; index < count; index += 1) insert.run(U1, from + index, journal.epoch, JSON.stringify({ by: "ada", because }));
  });
}

describe("nobody listens", () => {
  it("without papers, or to what he may not ask for", async () => {
    expect((await open("guess")).status).toBe(401);
    expect((await open({ cookie: "", secret: "x.y" })).status).toBe(401);
    expect((await open(world.create({ role: "admin", scope: ["status"] }).secret)).status).toBe(403);
    expect((await open(world.create({ role: "agent" }).secret)).status).toBe(200);
  });
  it("after his token was revoked, or had expired", async () => {
    const [one, other] = [world.create(), world.create({ expiresAt: new Date(world.clock.wallMs() + 5_000).toISOString() })];
    const [revoked, expired, door] = [await open(one.secret), await open(other.secret), await open()];
    world.revoke(one.token.id);
    await second();
    await soon(() => expect(revoked.hasEnded).toBe(true));
    expect(expired.hasEnded).toBe(false);
    await second(5);
    await soon(() => expect(expired.hasEnded).toBe(true));
    expect(door.hasEnded).toBe(false);
  });
  it("after his session ended: by its token, by logging out, by its time", async () => {
    const [one, other] = [world.create(), world.create({ expiresAt: null })];
    const [first, last, third] = [await world.sit(one.secret), await world.sit(other.secret), await world.sit(other.secret)];
    const [ofRevoked, ofLeft, ofOld] = [await open(first), await open(last), await open(third)];
    world.revoke(one.token.id);
    expect((await world.ask("DELETE", "/console/session", { papers: last })).status).toBe(200);
    await second();
    for (const reader of [ofRevoked, ofLeft]) await soon(() => expect(reader.hasEnded).toBe(true));
    expect(ofOld.hasEnded).toBe(false);
    // An open page is somebody who is there, but not for ever.
    for (let hour = 0; hour < 22; hour += 1) {
      world.clock.advance(1_799_000);
      await second();
    }
    expect(ofOld.hasEnded).toBe(false);
    expect((await world.whoami(third)).status).toBe(200);
    world.clock.advance(3_600_000);
    await soon(() => expect(ofOld.hasEnded).toBe(true));
  });
  it("for an agent to where Instar keeps its data, or to a key", async () => {
    begin();
    const [agent, person] = [await open(world.create({ role: "agent" }).secret), await open()];
    ask(`see ${world.bench.data}/keys and instar_abcdefgh_${"x".repeat(43)}`);
    await soon(() => expect([agent.ids, person.ids]).toEqual([[2], [2]]));
    expect(person.text).toContain(world.bench.data);
    expect(agent.text).not.toContain(world.bench.data);
    expect(agent.text).toContain("<data>/keys and [redacted: token]");
  });
});

describe("what listening costs", () => {
  it("nothing where nobody does: no timer, and no trigger", async () => {
    expect([world.clock.sleepers, triggers()]).toEqual([0, 0]);
    const readers = [await open(), await open()];
    await soon(() => expect(world.clock.sleepers).toBe(1));
    expect(triggers()).toBeGreaterThan(0);
    for (const reader of readers) reader.vanish();
    await soon(() => expect([world.clock.sleepers, triggers()]).toEqual([0, 0]));
    const again = await open();
    ask("x", (begin("u2" as UpdateId), "u2" as UpdateId));
    await soon(() => expect(again.ids).toEqual([1, 2]));
  });
  it("at most eight streams of one token, so that an agent's leave room for others", async () => {
    const agent = world.create({ role: "agent" }).secret;
    const readers = [];
    for (let index = 0; index < 8; index += 1) readers.push(await open(agent));
    const ninth = await open(agent);
    expect(ninth.status).toBe(429);
    expect((await open()).status).toBe(200);
    readers[0]?.vanish();
    await soon(async () => expect((await open(agent)).status).toBe(200));
  });
  it("one who reads slowly is told to read anew, and what he did not take is kept nowhere", async () => {
    begin();
    const reader = await open();
    reader.pause();
    // More than a line holds, and nobody behind so far that it is not told.
    fill(1_900, "y".repeat(8_000));
    await second();
    const heldBytes = process.memoryUsage().arrayBuffers;
    fill(4_000, "y".repeat(8_000));
    await second();
    expect(process.memoryUsage().arrayBuffers - heldBytes).toBeLessThan(16_000_000);
    expect(reader.of("reset")).toEqual([]);
    reader.resume();
    await soon(() => expect(reader.of("reset")).toMatchObject([{ id: "5901" }]));
    ask();
    await soon(() => expect(reader.ids.at(-1)).toBe(5_902));
    // In order, whatever was left out.
    expect(reader.ids).toEqual(reader.ids.toSorted((a, b) => a - b));
  });
  it("one who takes nothing for a minute is gone", async () => {
    begin();
    const [reader, other] = [await open(), await open()];
    reader.pause();
    fill(1_500, "y".repeat(16_000));
    await soon(() => expect(other.ids.at(-1)).toBe(1_501));
    await second(61);
    reader.resume();
    await soon(() => expect(reader.hasEnded).toBe(true));
    expect(reader.ids.at(-1)).toBeLessThan(1_501);
    expect(other.hasEnded).toBe(false);
  });
  it("nothing once the daemon ends", async () => {
    const reader = await open();
    await world.face.close();
    await soon(() => expect(reader.hasEnded).toBe(true));
    await soon(() => expect(world.clock.sleepers).toBe(0));
    await world.serve();
  });
});
