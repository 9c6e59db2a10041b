// Who gets in by the web console, and how somebody else might try.
import { OPERATIONS, type Operation, routeOf } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConsoleWorld, DOOR, type Papers, readCookie } from "./console-world.ts";

let world: ConsoleWorld;
beforeEach(async () => {
  world = await ConsoleWorld.open();
});
afterEach(() => world.close());

const HOUR_MS = 3_600_000;
/** As `instar console` asks for one. */
const askCode = async (token: string): Promise<string> => {
  const { body } = await world.ask("POST", "/v1/console", { body: {}, headers: { authorization: `Bearer ${token}` } });
  expect(body.url).toMatch(new RegExp(`^http://localhost:${world.face.port}/console/#code=[\\w-]{43}$`));
  return String(body.url).split("#code=")[1] ?? "";
};
const refused = { status: 401, body: { code: "UNAUTHORIZED" } };

describe("a session", () => {
  it("is begun by a token or by a code, shows cookie and secret, and is then who the token is", async () => {
    const { token, secret } = world.create({ name: "grace", role: "approver" });
    const answer = await world.login({ token: secret });
    expect(answer).toMatchObject({ status: 200, body: { caller: { name: "grace", role: "approver", type: "user" } } });
    const [cookie] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^instar_console_\w+=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    const papers = { cookie: cookie?.split(";")[0] ?? "", secret: String(answer.body.secret) };
    expect(await world.whoami(papers)).toMatchObject({ status: 200, body: { name: "grace", role: "approver", token: token.id } });
    expect(await world.ask("GET", "/console/session", { papers })).toMatchObject({
      status: 200,
      body: { expiresAt: answer.body.expiresAt, caller: { name: "grace" } },
    });
  });

  it("of the own door is an operator's where the agent can read that door", async () => {
    const papers = await world.sit(DOOR);
    expect((await world.whoami(papers)).body).toMatchObject({ name: "ada", role: "operator", token: null });
    expect(await world.ask("GET", "/v1/token/list", { papers })).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  });

  it("of the own door never has more than when it began: what an agent could read then is no admin's key later", async () => {
    const early = await world.sit(DOOR);
    world.isSandboxed = true;
    const late = await world.sit(DOOR);
    expect((await world.whoami(early)).body).toMatchObject({ role: "operator" });
    expect((await world.whoami(late)).body).toMatchObject({ role: "admin" });
    world.isSandboxed = false;
    expect((await world.whoami(late)).body).toMatchObject({ role: "operator" });
  });

  it("is one of several in a browser: a second window does not end the first", async () => {
    const { secret } = world.create();
    const [one, other] = [await world.sit(secret), await world.sit(secret)];
    const cookie = `${one.cookie}; ${other.cookie}`;
    for (const papers of [one, other]) expect((await world.whoami({ ...papers, cookie })).status).toBe(200);
  });

  it("outlives the daemon, and of both halves nothing but digests lies on disk", async () => {
    const papers = await world.sit(world.create().secret);
    await world.restart();
    expect((await world.whoami(papers)).status).toBe(200);
    const rows = JSON.stringify(world.instance.database.prepare("SELECT * FROM console_session").all());
    for (const half of halvesOf(papers)) {
      expect(rows).not.toContain(half);
      expect(world.said.join()).not.toContain(half);
      expect(JSON.stringify(await world.ledger())).not.toContain(half);
    }
  });

  it("ends by logging out, which takes the cookie away", async () => {
    const papers = await world.sit(world.create().secret);
    const answer = await world.ask("DELETE", "/console/session", { papers });
    expect(answer.status).toBe(200);
    expect(answer.headers["set-cookie"]).toEqual([expect.stringMatching(/^instar_console_\w+=; Path=\/; Max-Age=0;/)]);
    expect(await world.whoami(papers)).toMatchObject(refused);
    const events = (await world.ledger()).filter(({ event }) => event.startsWith("SESSION_"));
    expect(events.map(({ event }) => event)).toEqual(["SESSION_BEGUN", "SESSION_ENDED"]);
  });
});

describe("nobody gets in", () => {
  let papers: Papers;
  beforeEach(async () => {
    papers = await world.sit(world.create({ role: "admin" }).secret);
  });

  it("by the cookie without the secret: that is what an agent on another port is sent", async () => {
    expect(await world.whoami({ cookie: papers.cookie })).toMatchObject(refused);
    expect(await world.ask("DELETE", "/console/session", { papers: { cookie: papers.cookie } })).toMatchObject(refused);
    expect(await world.whoami({ cookie: papers.cookie, secret: "" })).toMatchObject(refused);
  });
  it("by the secret without the cookie", async () => expect(await world.whoami({ secret: papers.secret })).toMatchObject(refused));
  it("by the halves of two sessions", async () => {
    const other = await world.sit(world.create().secret);
    const cookie = `${papers.cookie}; ${other.cookie}`;
    const crossed = `${papers.secret.split(".")[0]}.${other.secret.split(".")[1]}`;
    expect(await world.whoami({ cookie, secret: crossed })).toMatchObject(refused);
    const renamed = `${papers.cookie.split("=")[0]}=${other.cookie.split("=")[1]}`;
    expect(await world.whoami({ cookie: renamed, secret: papers.secret })).toMatchObject(refused);
  });
  it("by a half as a token, or a token as a half", async () => {
    const [cookie = "", secret = ""] = halvesOf(papers);
    for (const shown of [cookie, secret, papers.secret])
      expect(await world.ask("GET", "/v1/whoami", { headers: { authorization: `Bearer ${shown}` } })).toMatchObject(refused);
    expect(await world.whoami({ cookie: papers.cookie, secret: DOOR })).toMatchObject(refused);
  });
  it("to /mcp, which is for who has a token", async () => expect((await world.ask("POST", "/mcp", { papers, body: {} })).status).toBe(401));
  it("from a page of another origin, though it had both", async () => {
    for (const origin of ["http://localhost:1", `http://127.0.0.1:${world.face.port}`, "https://example.com", "null", "http://localhost"]) {
      expect((await world.whoami(papers, { origin })).status, origin).toBe(403);
      expect((await world.ask("POST", "/v1/update/check", { papers, body: {}, headers: { origin } })).status, origin).toBe(403);
    }
    for (const site of ["same-site", "cross-site", "none"]) expect((await world.whoami(papers, { "sec-fetch-site": site })).status, site).toBe(403);
  });
  it("with a change of which nobody says where it comes from", async () => {
    const headers = { origin: undefined, "sec-fetch-site": undefined };
    expect((await world.ask("POST", "/v1/update/check", { papers, body: {}, headers })).status).toBe(403);
    expect((await world.whoami(papers, headers)).status).toBe(200);
  });
  it("by another host's name: not even to the page", async () => {
    for (const host of ["evil.example", `evil.example:${world.face.port}`, "localhost.evil.example", "0.0.0.0"]) {
      expect(await world.whoami(papers, { host })).toMatchObject(refused);
      expect((await world.ask("GET", "/console/", { headers: { host } })).status).toBe(401);
      expect((await world.ask("POST", "/console/session", { body: { token: DOOR }, headers: { host, origin: `http://${host}` } })).status).toBe(401);
    }
  });
  it("by a session whose token was revoked, from that moment", async () => {
    const { token, secret } = world.create();
    const own = await world.sit(secret);
    world.revoke(token.id);
    expect(await world.whoami(own)).toMatchObject(refused);
  });
  it("by a session whose token has expired", async () => {
    const { secret } = world.create({ expiresAt: new Date(world.clock.wallMs() + 60_000).toISOString() });
    const own = await world.sit(secret);
    world.clock.advance(60_000);
    expect(await world.whoami(own)).toMatchObject(refused);
  });
  it("after twelve hours, however busy it was, nor when the clock is set back", async () => {
    const { secret } = world.create({ expiresAt: null });
    const own = await world.sit(secret);
    for (let half = 0; half < 23; half += 1) {
      world.clock.advance(HOUR_MS / 2);
      expect((await world.whoami(own)).status).toBe(200);
    }
    world.clock.advance(HOUR_MS / 2);
    expect(await world.whoami(own)).toMatchObject({ ...refused, body: { detail: "the session has ended" } });
    world.clock.jumpWall(-HOUR_MS / 2);
    expect(await world.whoami(own)).toMatchObject(refused);
  });
  it("after an hour in which nobody asked, nor when the clock is set back", async () => {
    world.clock.advance(HOUR_MS);
    expect(await world.whoami(papers)).toMatchObject(refused);
    world.clock.jumpWall(-HOUR_MS + 1);
    expect(await world.whoami(papers)).toMatchObject(refused);
  });
  it("to log in, from elsewhere or as a form", async () => {
    const { secret } = world.create();
    const body = { token: secret };
    for (const headers of [{ origin: "http://localhost:1" }, { "sec-fetch-site": "same-site" }, { origin: undefined, "sec-fetch-site": undefined }])
      expect((await world.ask("POST", "/console/session", { body, headers })).status).toBe(403);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", undefined])
      expect((await world.ask("POST", "/console/session", { body, headers: { "content-type": type } })).status).toBe(400);
    for (const wrong of ["{", "[]", "{}", '{"token":7}', '{"token":"x","code":"y"}', JSON.stringify({ token: "x".repeat(2_000) })])
      expect((await world.ask("POST", "/console/session", { body: wrong })).status, wrong.slice(0, 30)).toBe(400);
  });
});

describe("a login code", () => {
  it("opens one session, once", async () => {
    const { secret } = world.create({ name: "grace" });
    const code = await askCode(secret);
    expect(await world.login({ code })).toMatchObject({ status: 200, body: { caller: { name: "grace" } } });
    expect(await world.login({ code })).toMatchObject(refused);
    expect(world.said.join()).toContain("a login code that is used");
    expect(world.said.join()).not.toContain(code);
  });
  it("counts for two minutes, by a clock that nobody sets", async () => {
    const { secret } = world.create();
    const [young, old] = [await askCode(secret), await askCode(secret)];
    world.clock.advance(119_999);
    expect((await world.login({ code: young })).status).toBe(200);
    world.clock.advance(1);
    world.clock.jumpWall(-HOUR_MS);
    expect(await world.login({ code: old })).toMatchObject(refused);
    expect(world.said.join()).toContain("too old");
  });
  it("of a token that was revoked meanwhile opens nothing", async () => {
    const { token, secret } = world.create();
    const code = await askCode(secret);
    world.revoke(token.id);
    expect(await world.login({ code })).toMatchObject(refused);
  });
  it("is not to be had by a session, which would live for ever", async () => {
    const papers = await world.sit(DOOR);
    expect(await world.ask("POST", "/v1/console", { papers, body: {} })).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining("opens no other") },
    });
  });
  it("is not for an agent, whose page could lead a person into a session that is not his", async () => {
    const { secret } = world.create({ role: "agent" });
    expect(await world.ask("POST", "/v1/console", { body: {}, headers: { authorization: `Bearer ${secret}` } })).toMatchObject({
      status: 403,
      body: { detail: expect.stringContaining("opens no browser") },
    });
  });
  it("is not pushed out by those of another", async () => {
    const mine = await askCode(world.create().secret);
    const { secret } = world.create({ role: "viewer" });
    for (let index = 0; index < 50; index += 1) await askCode(secret);
    expect((await world.login({ code: mine })).status).toBe(200);
  });
});

describe("who guesses", () => {
  it.each(["code", "token", "secret"] as const)("a %s again and again is told to wait, and who has a right one is not", async (what) => {
    const { secret } = world.create();
    const papers = await world.sit(secret);
    const code = await askCode(secret);
    const guess = (index: number) => {
      const wrong = `${index}`.padStart(43, "x");
      if (what === "secret") return world.whoami({ ...papers, secret: `${papers.secret.split(".")[0]}.${wrong}` });
      return world.login(what === "code" ? { code: wrong } : { token: wrong });
    };
    const statuses: number[] = [];
    for (let index = 0; index < 12; index += 1) statuses.push((await guess(index)).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    expect(Number((await guess(13)).headers["retry-after"])).toBeGreaterThan(0);
    expect((await world.whoami(papers)).status).toBe(200);
    expect((await world.login({ code })).status).toBe(200);
    expect((await world.ledger()).filter(({ event }) => event === "ACCESS_REFUSED")).toHaveLength(1);
  });
  it("nothing, but shows a session that is over, is no guesser: a page that was left open locks nobody out", async () => {
    const papers = await world.sit(world.create().secret);
    world.clock.advance(13 * HOUR_MS);
    for (let index = 0; index < 30; index += 1) expect((await world.whoami(papers)).status).toBe(401);
  });
  it("nothing, but opens sessions without end, is stopped, and nobody else is", async () => {
    const { secret } = world.create({ role: "agent" });
    const statuses = [];
    for (let index = 0; index < 22; index += 1) statuses.push((await world.login({ token: secret })).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    expect((await world.login({ token: world.create().secret })).status).toBe(200);
  });
});

it("an agent's session opens nothing that an agent may not do, and a limited token's no more than its limit", async () => {
  const agent = await world.sit(world.create({ name: "claw", role: "agent" }).secret);
  const limited = await world.sit(world.create({ role: "admin", scope: ["status"] }).secret);
  expect((await world.whoami(agent)).body).toMatchObject({ role: "agent", name: "claw" });
  for (const operation of OPERATIONS as readonly Operation[]) {
    const { method, path } = routeOf(operation);
    const needs = operation.needs ?? (operation.kind === "query" ? "look" : "operate");
    const of = async (papers: Papers) =>
      (await world.ask(method, method === "GET" ? `${path}?not=1` : path, { papers, ...(method === "GET" ? {} : { body: { not: 1 } }) })).status;
    expect(await of(agent), operation.name).toBe(["look", "propose"].includes(needs) ? 400 : 403);
    expect(await of(limited), operation.name).toBe(operation.name === "status" ? 400 : 403);
  }
  expect((await world.ledger()).filter(({ event }) => event === "SESSION_BEGUN")[0]).toMatchObject({ actor: { type: "agent", id: "claw" } });
});

it("a browser keeps at most twenty of our cookies, and of another instance none is taken from it", async () => {
  const { secret } = world.create();
  const [name = ""] = (await world.sit(secret)).cookie.split("=");
  const prefix = name.slice(0, name.lastIndexOf("_") + 1);
  const cookies = Array.from({ length: 21 }, (_, index) => `${prefix}old${index}=x`);
  const answer = await world.login({ token: secret }, [...cookies, "instar_console_00000000_abc=y", "other=z"].join("; "));
  const set = answer.headers["set-cookie"] as string[];
  expect(set.slice(0, -1).map((each) => each.split("=")[0])).toEqual([`${prefix}old0`, `${prefix}old1`]);
});

it("when somebody else may have listened in the daemon's place, all sessions end", async () => {
  const papers = await world.sit(DOOR);
  world.entrance.console.endAll("the port was taken");
  expect(await world.whoami(papers)).toMatchObject(refused);
  expect((await world.ledger()).findLast(({ event }) => event === "SESSION_ENDED")).toMatchObject({
    actor: { type: "system" },
    description: expect.stringContaining("port was taken"),
  });
});

const halvesOf = ({ cookie, secret }: Papers): string[] => [cookie.split("=")[1] ?? "", secret.split(".")[1] ?? ""];

describe("by a name of door.hosts", () => {
  const HOST = "agent.example.org";
  const by = (host: string, origin: string | undefined) => ({ host, origin, "sec-fetch-site": "same-origin" });
  beforeEach(async () => {
    await world.close();
    world = await ConsoleWorld.open({ hosts: [HOST] });
  });
  it("a page of that name gets in, through a proxy that speaks TLS", async () => {
    const { secret } = world.create();
    const answer = await world.ask("POST", "/console/session", { body: { token: secret }, headers: by(HOST, `https://${HOST}`) });
    expect(answer.status).toBe(200);
    const papers = { cookie: readCookie(answer), secret: String(answer.body.secret) };
    expect((await world.whoami(papers, by(HOST.toUpperCase(), undefined))).status).toBe(200);
    expect((await world.ask("POST", "/v1/update/check", { papers, body: {}, headers: by(HOST, `https://${HOST}`) })).status).toBe(200);
    // A page of this machine is another origin, and so is the other way round.
    expect((await world.ask("POST", "/v1/update/check", { papers, body: {}, headers: by(HOST, `http://${world.host}`) })).status).toBe(403);
    expect((await world.ask("POST", "/v1/update/check", { papers, body: {}, headers: by(world.host, `https://${HOST}`) })).status).toBe(403);
  });
  it("and by none that only looks like it", async () => {
    for (const host of [`x.${HOST}`, `${HOST}.evil.example`, `evil-${HOST}`, "example.org", `${HOST}:80@evil.example`, `evil.example#${HOST}`])
      expect([400, 401], host).toContain((await world.ask("GET", "/console/", { headers: { host } })).status);
  });
});
