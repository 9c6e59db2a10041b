// Everybody who may come to the door, with the right papers, with somebody else's, and with none.
import { needOf, OPERATIONS, type Operation, ROLES, type Role, routeOf } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { DaemonBench, type RunningDaemon, step } from "../../packages/instar/src/daemon/daemon-bench.testing.ts";
import { Daemon } from "../../packages/instar/src/daemon/run-daemon.ts";
import { transact } from "../../packages/instar/src/database/open-database.ts";
import { type HttpFace, serveHttp } from "../../packages/instar/src/faces/http/serve-http.ts";
import { type NewToken, TokenStore } from "../../packages/instar/src/governance/access/token-store.ts";
import { readLedgerFiles } from "../../packages/instar/src/ledger/read-ledger-files.testing.ts";
import { openEntrance } from "../../packages/instar/src/operations/open-entrance.ts";
import { newId } from "../../packages/instar/src/update/new-id.ts";
import { type Answer, askFace, type Question } from "./ask-face.ts";
import { createFakeImplementations } from "./fake-implementations.ts";

const operations = OPERATIONS as readonly Operation[];
const DOOR = "0".repeat(64);
/** What each role is for; written out, so that nothing widens one unseen. */
const MAY: Readonly<Record<Role, readonly string[]>> = {
  viewer: ["look"],
  agent: ["look", "propose"],
  operator: ["look", "propose", "operate"],
  approver: ["look", "answer"],
  admin: ["look", "propose", "operate", "answer", "administer"],
};

let bench: DaemonBench;
let running: RunningDaemon;
let clock: SimulatedClock;
let tokens: TokenStore;
let face: HttpFace;
/** The same door, behind which nothing happens. */
let fake: HttpFace;
let said: string[];

const begin = async () => {
  bench = new DaemonBench();
  running = bench.run(bench.open([step("stage"), step("switch")]));
  clock = new SimulatedClock();
  said = [];
  const instance = { ...running.instance, rooms: { ...running.instance.rooms, clock: clock as typeof bench.clock } };
  tokens = new TokenStore({ database: instance.database, clock, newId });
  const entrance = openEntrance({
    instance,
    daemon: running.daemon,
    versions: { instar: "0", node: "0" },
    operator: "ada",
    doorToken: DOOR,
    say: (line) => said.push(line),
  });
  face = await serveHttp(entrance);
  const { implementations } = createFakeImplementations();
  fake = await serveHttp({ ...entrance, implement: () => implementations });
};
const end = async () => {
  await face.close();
  await fake.close();
  await bench.close();
};
const create = (parts: Partial<NewToken> = {}) =>
  transact(running.instance.database, () =>
    tokens.create({ name: newId(), role: "operator", scope: null, expiresAt: new Date(clock.wallMs() + 86_400_000).toISOString(), createdBy: "ada", ...parts }),
  );
const ask = (token: string | undefined, question: Partial<Question> = {}, at = face): Promise<Answer> =>
  askFace(at.port, {
    method: "GET",
    path: "/v1/whoami",
    ...question,
    headers: { authorization: token === undefined ? undefined : `Bearer ${token}`, ...question.headers },
  });
const post = (token: string, path: string, input: unknown): Promise<Answer> => ask(token, { method: "POST", path, body: JSON.stringify(input) });

describe("what each role may, operation by operation:", () => {
  beforeAll(begin);
  afterAll(end);
  it.each(ROLES)("%s", async (role) => {
    const { secret } = create({ role });
    const statuses: Record<string, number> = {};
    for (const operation of operations) {
      const { method, path } = routeOf(operation);
      const { status } = await ask(
        secret,
        { method, path, body: method === "POST" ? '{"not":"an input"}' : undefined, ...(method === "GET" ? { path: `${path}?not=1` } : {}) },
        fake,
      );
      statuses[operation.name] = status;
    }
    // Whoever may is told of his input; whoever may not learns nothing of it.
    const expected = Object.fromEntries(operations.map((operation) => [operation.name, MAY[role].includes(needOf(operation)) ? 400 : 403]));
    expect(statuses).toEqual(expected);
  });
  it("whoami lists exactly what is then allowed", async () => {
    for (const role of ROLES) {
      const { body } = await ask(create({ role }).secret);
      expect((body as { mayDo: string[] }).mayDo).toEqual(operations.filter((operation) => MAY[role].includes(needOf(operation))).map(({ name }) => name));
    }
  });
});

describe("who is let in:", () => {
  beforeEach(begin);
  afterEach(end);

  it("the instance's own door, as its owner and as no more than an operator where the agent can read it", async () => {
    expect(await ask(DOOR)).toMatchObject({ status: 200, body: { name: "ada", role: "operator", token: null, because: expect.stringContaining("same user") } });
    expect(await ask(DOOR, { path: "/v1/token/list" })).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  });
  it("a token, under its own name", async () => {
    const { token, secret } = create({ name: "grace", role: "approver" });
    expect(await ask(secret)).toMatchObject({ status: 200, body: { name: "grace", role: "approver", token: token.id, scope: null } });
  });
  it("a token, for what it is limited to and nothing else", async () => {
    const { secret } = create({ role: "admin", scope: ["token.list", "update.*"] });
    expect((await ask(secret, { path: "/v1/token/list" })).status).toBe(200);
    expect((await ask(secret, { path: "/v1/update/list" })).status).toBe(200);
    for (const path of ["/v1/status", "/v1/whoami", "/v1/history"])
      expect(await ask(secret, { path })).toMatchObject({ status: 403, body: { code: "FORBIDDEN", detail: expect.stringContaining("limited to") } });
  });
  it("nobody whose token is past, taken back, made up, cut, or somebody else's: all hear the same", async () => {
    const past = create({ expiresAt: new Date(clock.wallMs() + 1_000).toISOString() });
    const taken = create();
    const living = create();
    transact(running.instance.database, () => tokens.revoke(taken.token.id));
    clock.advance(2_000);
    const shown = [
      past.secret,
      taken.secret,
      `instar_abcdefgh_${"x".repeat(43)}`,
      "instar_",
      `instar_${living.token.id}_${taken.secret.slice(-43)}`,
      "",
      "ÿ".repeat(60),
    ];
    const answers = [];
    for (const token of shown) answers.push(await ask(token));
    answers.push(await ask(undefined));
    expect(answers[0]).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    // The daemon's log tells them apart.
    expect(said.join("\n")).toMatch(/expired[\s\S]*revoked[\s\S]*unknown[\s\S]*malformed[\s\S]*wrong secret/);
    for (const token of shown.filter((each) => each.length > 20)) expect(said.join("\n")).not.toContain(token.slice(-30));
  });
  it("nobody by a token in the address, in a cookie or in the body", async () => {
    const { secret } = create({ role: "admin" });
    for (const name of ["token", "access_token", "authorization"]) expect((await ask(undefined, { path: `/v1/whoami?${name}=${secret}` })).status).toBe(401);
    expect((await ask(undefined, { headers: { cookie: `token=${secret}`, "x-api-key": secret } })).status).toBe(401);
    expect((await ask(undefined, { method: "POST", path: "/v1/token/create", body: JSON.stringify({ token: secret }) })).status).toBe(401);
    expect((await ask(undefined, { headers: { authorization: `Basic ${Buffer.from(`x:${secret}`).toString("base64")}` } })).status).toBe(401);
  });
  it("nobody with a header of ten megabytes: Node answers that itself", async () => {
    await expect(ask("x".repeat(10_000_000)).then(({ status }) => status)).rejects.toThrow();
    expect((await ask(DOOR)).status).toBe(200);
  });
  it("nobody who calls it by another host's name, with whatever token", async () => {
    const { secret } = create({ role: "admin" });
    expect((await ask(secret, { headers: { host: "example.com" } })).status).toBe(401);
  });
  it("a revoked token from that very moment", async () => {
    const [admin, other] = [create({ role: "admin" }), create({ name: "bob" })];
    expect((await ask(other.secret)).status).toBe(200);
    expect((await post(admin.secret, "/v1/token/revoke", { token: "bob" })).status).toBe(200);
    expect((await ask(other.secret)).status).toBe(401);
  });
});

describe("a thousand wrong tries", () => {
  beforeAll(begin);
  afterAll(end);
  it("lock nobody out, are told to wait, and are one entry in the ledger", async () => {
    const { secret, token } = create();
    const statuses = new Map<number, number>();
    for (let index = 0; index < 1_000; index += 1) {
      const wrong = await ask(index % 2 === 0 ? `instar_${token.id}_${"x".repeat(43)}` : `guess-${index}`);
      statuses.set(wrong.status, (statuses.get(wrong.status) ?? 0) + 1);
      if (wrong.status === 429) expect(Number((wrong.body as { facts: { retryAfterSeconds: number } }).facts.retryAfterSeconds)).toBeGreaterThan(0);
      if (index % 100 === 99) expect((await ask(secret)).status).toBe(200);
      clock.advance(10);
    }
    expect((await ask(DOOR)).status).toBe(200);
    expect(Object.fromEntries(statuses)).toEqual({ 401: 10, 429: 990 });
    await running.instance.ledger.drain();
    const entries = readLedgerFiles(`${bench.data}/ledger`).filter(({ event }) => event === "ACCESS_REFUSED");
    expect(entries).toMatchObject([{ success: false, details: { tokens: [token.id], reasons: ["wrong secret", "malformed"] } }]);
    expect(JSON.stringify(entries)).not.toContain("guess-");
    expect(said.length).toBeLessThan(20);
  });
  it("say in the header how long to wait", async () => {
    const response = await fetch(`http://127.0.0.1:${face.port}/v1/whoami`, { headers: { authorization: "Bearer guess" } });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  });
  it("leave those alone who showed nothing: that is no try", async () => expect((await ask(undefined)).status).toBe(401));
});

describe("making and ending tokens:", () => {
  beforeEach(begin);
  afterEach(end);
  const ledgerOf = async () => {
    await running.instance.ledger.drain();
    return readLedgerFiles(`${bench.data}/ledger`);
  };

  it("an admin makes one for each role; its secret is in the answer and nowhere else", async () => {
    const admin = create({ role: "admin", name: "root" });
    const made = (await post(admin.secret, "/v1/token/create", { name: "grace", role: "approver", expires: "30d" })).body as { secret: string; id: string };
    expect(await ask(made.secret)).toMatchObject({ status: 200, body: { name: "grace", role: "approver" } });
    const ledger = await ledgerOf();
    expect(ledger.at(-1)).toMatchObject({
      event: "TOKEN_CREATED",
      actor: { type: "user", id: "root" },
      details: { token: made.id, name: "grace", role: "approver" },
    });
    const listed = await ask(admin.secret, { path: "/v1/token/list" });
    for (const text of [JSON.stringify(ledger), JSON.stringify(listed.body), said.join()]) expect(text).not.toContain(made.secret.slice(-43));
    await post(admin.secret, "/v1/token/revoke", { token: made.id });
    await post(admin.secret, "/v1/token/revoke", { token: made.id });
    expect((await ledgerOf()).filter(({ event }) => event === "TOKEN_REVOKED")).toHaveLength(1);
  });
  it.each(ROLES.filter((role) => role !== "admin"))(
    "nobody makes more than he has: a token of role %s makes none at all, not even its own like",
    async (role) => {
      const { secret } = create({ role });
      for (const wanted of [role, "admin"]) expect((await post(secret, "/v1/token/create", { name: "mine", role: wanted })).status).toBe(403);
      expect((await post(secret, "/v1/token/revoke", { token: "x" })).status).toBe(403);
      expect(tokens.list()).toHaveLength(1);
    },
  );
  it("two of one name, an unknown operation, an agent's wish for more, a past end: refused, and nothing is made", async () => {
    const { secret } = create({ role: "admin", name: "root" });
    const refused = async (input: object) =>
      (await post(secret, "/v1/token/create", { name: "x", role: "viewer", ...input })).body as { code: string; advice?: string };
    expect(await refused({ name: "root" })).toMatchObject({ code: "CONFLICT" });
    expect(await refused({ scope: "update.aply" })).toMatchObject({ code: "INPUT_INVALID", advice: "Did you mean update.apply?" });
    expect(await refused({ role: "agent", scope: "update.*" })).toMatchObject({ code: "INPUT_INVALID" });
    expect(await refused({ expires: "2020-01-01" })).toMatchObject({ code: "INPUT_INVALID" });
    for (const name of ["", " ", "a b", "ä", "-x", "x".repeat(65), "a\nb"]) expect(await refused({ name }), name).toMatchObject({ code: "INPUT_INVALID" });
    expect(await refused({ role: "root" })).toMatchObject({ code: "INPUT_INVALID" });
    expect(tokens.list()).toHaveLength(1);
  });
  it("one that nobody said an end of ends after ninety days", async () => {
    const { secret } = create({ role: "admin", name: "root" });
    const made = (await post(secret, "/v1/token/create", { name: "x", role: "viewer" })).body as { expiresAt: string };
    expect(Date.parse(made.expiresAt) - clock.wallMs()).toBe(90 * 86_400_000);
    expect((await post(secret, "/v1/token/create", { name: "y", role: "viewer", expires: "never" })).body).toMatchObject({ expiresAt: null });
  });
});

describe("an agent proposes, and lowers no gate:", () => {
  beforeAll(async () => {
    await begin();
    await vi.waitFor(() => expect(running.instance.journal.list().length - running.instance.journal.unfinished().length).toBe(1), { timeout: 40_000 });
  });
  afterAll(end);
  it.each([{ untested: true }, { quarantined: true }, { conflicts: "update-wins" }, { confirmWithin: "300d" }])("not by %j", async (lowered) => {
    const { secret } = create({ role: "agent" });
    expect(await post(secret, "/v1/update/apply", lowered)).toMatchObject({
      status: 403,
      body: { code: "FORBIDDEN", detail: expect.stringContaining(Object.keys(lowered)[0] ?? "") },
    });
    // A person who may is not told so: for him it is only that there is nothing new.
    expect((await post(create({ role: "operator" }).secret, "/v1/update/apply", lowered)).body).toMatchObject({ code: "CONFLICT" });
  });
  it("nor by being taken for the person that a step is kept for", async () => {
    const { secret } = create({ role: "agent", name: "claw" });
    const commit = bench.publish("2.0.0");
    expect(await post(secret, "/v1/update/apply", { target: commit })).toMatchObject({ status: 403, body: { detail: expect.stringContaining("major step") } });
    expect(
      running.instance.journal
        .list()
        .map((update) => running.instance.journal.read(update)[0])
        .filter((entry) => entry?.kind === "started" && entry.start.versionTo === "2.0.0"),
    ).toEqual([]);
    const person = create({ role: "operator", name: "grace" });
    expect(await post(person.secret, "/v1/update/apply", { target: commit })).toMatchObject({ status: 200, body: { versionTo: "2.0.0" } });
  });
});

it("what an agent proposed is written down as an agent's, and as looked at by nobody", async () => {
  const idle = new DaemonBench();
  const instance = idle.open([step("stage")]);
  const entrance = openEntrance({
    ...{ instance, versions: { instar: "0", node: "0" }, operator: "ada", doorToken: DOOR },
    daemon: new Daemon(instance, () => undefined),
    say: () => undefined,
  });
  await entrance.implement({ name: "claw", role: "agent", token: "abcdefgh", scope: null })["update.apply"]({ untested: false, quarantined: false });
  const [update] = instance.journal.list();
  expect(update === undefined ? [] : instance.journal.read(update)).toMatchObject([
    { kind: "started", start: { trigger: "found", actor: { type: "agent", id: "claw" } } },
  ]);
  await instance.ledger.drain();
  expect(readLedgerFiles(`${idle.data}/ledger`)).toContainEqual(expect.objectContaining({ event: "UPDATE_STARTED", actor: { type: "agent", id: "claw" } }));
  await idle.close();
});
