import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Facts } from "../../database/facts.ts";
import { openDatabase } from "../../database/open-database.ts";
import { hostOf } from "./approval-statement.ts";
import { parsePasskeys } from "./parse-passkeys.ts";
import { parseRegistration } from "./parse-registration.ts";
import { fingerprintOf, type Passkey, renderPasskey } from "./passkey.ts";
import { isCounterAhead, listLiving, noteRevoked, noteUse, recallPasskey } from "./passkey-record.ts";
import { CHALLENGE_MS, PendingChallenges } from "./pending-challenges.ts";
import { readPasskeys } from "./read-passkeys.ts";
import { type Ceremony, SoftwareAuthenticator } from "./software-authenticator.testing.ts";

const ORIGIN = "http://localhost:4173";
const some = new SoftwareAuthenticator();
const passkey: Passkey = { person: "ada", host: "localhost", id: some.id, key: some.key, label: "the laptop" };

describe("the file of passkeys", () => {
  it("has one a line, and what people say after #", () => {
    const text = `# who approves\n\n${renderPasskey(passkey)}\r\n`;
    expect(parsePasskeys(text)).toEqual({ passkeys: [passkey], problems: [] });
  });
  it.each([
    ["words", "ada localhost", "it is not `person host id key label`"],
    ["a person that no token can be called", `a/b localhost ${some.id} ${some.key}`, "no name that a token can have"],
    ["a host with a port", `ada localhost:1 ${some.id} ${some.key}`, "is no host"],
    ["an id that is none", `ada localhost ?${some.id} ${some.key}`, "its id is not base64url"],
    ["half a key", `ada localhost ${some.id} ${some.key.slice(0, 40)}`, "no public key"],
    ["a key with something behind it", `ada localhost ${some.id} ${some.key}AAAA`, "no public key"],
  ])("says of %s that it is no passkey, with its line, and takes nothing from the others", (_, line, because) => {
    const { passkeys, problems } = parsePasskeys(`# first\n${line}\n${renderPasskey(passkey)}\n`);
    expect(passkeys).toEqual([passkey]);
    expect(problems).toEqual([{ line: 2, message: expect.stringContaining(because) }]);
  });
  it("has fingerprints that hang on all but the label", () => {
    const other = new SoftwareAuthenticator();
    expect(fingerprintOf(passkey)).toMatch(/^([0-9a-f]{4}-){4}[0-9a-f]{4}$/);
    expect(fingerprintOf({ ...passkey, label: "x" })).toBe(fingerprintOf(passkey));
    for (const part of [{ person: "bob" }, { host: "example.org" }, { id: other.id }, { key: other.key }])
      expect(fingerprintOf({ ...passkey, ...part })).not.toBe(fingerprintOf(passkey));
  });
});

describe("passkeys on disk", () => {
  let folder: string;
  let facts: Facts;
  let close: () => void;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "instar-passkeys-"));
    const database = openDatabase(join(folder, "instar.db"));
    facts = new Facts(database);
    close = () => database.close();
  });
  afterEach(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  it("are none where there is no file, and none, with a reason, where it cannot be read", async () => {
    expect(await readPasskeys(folder)).toEqual({ passkeys: [], problems: [] });
    mkdirSync(join(folder, "passkeys"));
    expect(await readPasskeys(folder)).toEqual({ passkeys: [], problems: [{ line: 0, message: expect.stringContaining("not a plain file") }] });
    rmSync(join(folder, "passkeys"), { recursive: true });
    writeFileSync(join(folder, "passkeys"), Buffer.from([0xff, 0xfe]));
    expect((await readPasskeys(folder)).passkeys).toEqual([]);
  });
  it("count until they are revoked, and two with one id count neither", () => {
    expect(listLiving([passkey], facts)).toEqual([passkey]);
    expect(listLiving([passkey, { ...passkey, person: "eve" }], facts)).toEqual([]);
    noteRevoked(facts, passkey.id, { by: "root", at: "2026-11-29T00:00:00.000Z" });
    noteUse(facts, passkey.id, { counter: 3, at: "2026-11-29T00:00:01.000Z" });
    expect(listLiving([passkey], facts)).toEqual([]);
    expect(recallPasskey(facts, passkey.id)).toMatchObject({ revokedBy: "root", counter: 3 });
  });
  it.each([
    [0, 0, true],
    [1, 0, true],
    [4, 3, true],
    [3, 3, false],
    [2, 3, false],
    [0, 3, false],
  ])("whose authenticator says %d after %d: goes on is %s", (counter, last, is) => {
    noteUse(facts, passkey.id, { counter: last, at: "" });
    expect(isCounterAhead(counter, recallPasskey(facts, passkey.id))).toBe(is);
  });
});

describe("what was asked of a passkey", () => {
  it("is answered once, by whom it was asked, in time", () => {
    const clock = new SimulatedClock();
    const pending = new PendingChallenges<number>(clock);
    pending.add("ada", "one", 1);
    expect(pending.take("bob", "one")).toBeUndefined();
    expect(pending.take("ada", "two")).toBeUndefined();
    expect(pending.take("ada", "one")).toBe(1);
    expect(pending.take("ada", "one")).toBeUndefined();
    pending.add("ada", "late", 2);
    pending.add("ada", "just", 3);
    clock.advance(CHALLENGE_MS - 1);
    expect(pending.take("ada", "just")).toBe(3);
    clock.advance(1);
    expect(pending.take("ada", "late")).toBeUndefined();
  });
  it("is not pushed out by others who ask", () => {
    const pending = new PendingChallenges<number>(new SimulatedClock());
    pending.add("ada", "mine", 1);
    for (let turn = 0; turn < 1_000; turn += 1) pending.add("eve", `e${turn}`, turn);
    expect(pending.take("eve", "e0")).toBeUndefined();
    expect(pending.take("eve", "e999")).toBe(999);
    expect(pending.take("ada", "mine")).toBe(1);
  });
});

describe("making a passkey", () => {
  const asked = { person: "ada", label: "laptop", host: "localhost", origin: ORIGIN, challenge: "c2lnbiB0aGlz" };
  const make = (by: SoftwareAuthenticator, ceremony: Partial<Ceremony> = {}, challenge = asked.challenge) =>
    parseRegistration({ ...asked, response: by.make({ challenge, rp: { id: "localhost" } }, { origin: ORIGIN, ...ceremony }) });

  it.each(["ES256", "EdDSA", "RS256"] as const)("gives the line of one by %s", async (algorithm) => {
    const by = new SoftwareAuthenticator(algorithm);
    const made = await make(by);
    expect(made).toEqual({ person: "ada", host: "localhost", id: by.id, key: by.key, label: "laptop" });
    expect(parsePasskeys(renderPasskey(made)).passkeys).toEqual([made]);
  });
  it.each<[string, Partial<Ceremony>, string]>([
    ["at another origin", { origin: "http://localhost:8080" }, asked.challenge],
    ["for another host", { host: "example.org" }, asked.challenge],
    ["without user verification", { isVerified: false }, asked.challenge],
    ["by nobody", { isPresent: false }, asked.challenge],
    ["by a signature", { type: "webauthn.get" }, asked.challenge],
    ["for something else that was asked", {}, "YW5vdGhlcg"],
  ])("is refused %s", async (_, ceremony, challenge) =>
    expect(make(new SoftwareAuthenticator(), ceremony, challenge)).rejects.toMatchObject({ code: "PASSKEY_REFUSED" }),
  );
});

it.each([
  ["http://localhost:4173", "localhost"],
  ["https://instar.example.org", "instar.example.org"],
  ["http://127.0.0.1:4173", undefined],
  ["http://example.org", undefined],
  ["http://localhost:4173/console", undefined],
  ["file://", undefined],
  ["null", undefined],
])("passkeys at %s are bound to %s", (origin, host) => expect(hostOf(origin)).toBe(host));
