// What a page of the agent's, on another port of the same host, gets of the console in a real browser whose user is signed in there.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildConsole, CONSOLE_DIST } from "../../scripts/build-console.ts";
import { ConsoleWorld, DOOR } from "../outside/console-world.ts";
import { TestBrowser, type TestWindow } from "./browser.ts";

describe("a page of the agent's, in the browser of who is signed in,", () => {
  let world: ConsoleWorld;
  let browser: TestBrowser;
  let agent: Server;
  let origin: string;
  let window: TestWindow;
  let page: Page;
  /** What browsers sent to the agent. */
  const cookies: string[] = [];

  beforeAll(async () => {
    await buildConsole(() => undefined);
    [world, browser] = await Promise.all([ConsoleWorld.open({ findConsole: () => CONSOLE_DIST }, { runs: false }), TestBrowser.start({ isGuarded: true })]);
    agent = createServer((request, response) => {
      cookies.push(request.headers.cookie ?? "");
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>agent</title><body>");
    });
    await new Promise<void>((listening) => agent.listen({ host: "127.0.0.1", port: 0 }, listening));
    origin = `http://localhost:${(agent.address() as AddressInfo).port}`;
    window = await browser.open();
    await window.page.goto(`http://${world.host}/console/`);
    await window.page.getByLabel("Token").fill(world.create({ role: "admin", name: "root" }).secret);
    await window.page.getByRole("button", { name: "Sign in" }).click();
    await window.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    page = await window.page.context().newPage();
    await page.goto(origin);
  });
  afterAll(async () => {
    await browser.end();
    await new Promise((closed) => agent.close(closed));
    await world.close();
  });

  const attempt = (script: string) =>
    page.evaluate<string>(`(async () => { try { return await (${script})(); } catch (error) { return "refused: " + error.name; } })()`);
  const at = (path: string) => JSON.stringify(`http://${world.host}${path}`);

  it("is sent the cookie indeed, and opens nothing with it", async () => {
    expect(cookies.at(-1)).toMatch(/^instar_console_\w+=[\w-]{43}$/);
    expect(await page.evaluate("document.cookie")).toBe("");
    expect((await world.whoami({ cookie: cookies.at(-1) ?? "" })).status).toBe(401);
  });
  it("asks the daemon in vain, with the cookie, with a header, or without reading", async () => {
    expect(await attempt(`async () => (await fetch(${at("/v1/status")}, { credentials: "include" })).status + ""`)).toBe("refused: TypeError");
    expect(
      await attempt(`async () => (await fetch(${at("/v1/status")}, { credentials: "include", headers: { "x-instar-session": "a.b" } })).status + ""`),
    ).toBe("refused: TypeError");
    expect(await attempt(`async () => (await fetch(${at("/console/")}, { mode: "no-cors", credentials: "include" })).type`)).toBe("refused: TypeError");
    expect(
      await attempt(
        `() => new Promise((done) => { const s = document.createElement("script"); s.onload = () => done("ran"); s.onerror = () => done("refused"); s.src = ${at("/v1/status")}; document.body.append(s); })`,
      ),
    ).toBe("refused");
  });
  it("changes nothing by what is sent without asking first", async () => {
    const { instance } = world;
    const before = instance.database.prepare("SELECT count(*) AS n FROM token").get();
    const form = JSON.stringify({ name: "mallory", role: "admin" });
    await attempt(
      `async () => { await fetch(${at("/v1/token/create")}, { method: "POST", mode: "no-cors", credentials: "include", headers: { "content-type": "text/plain" }, body: ${JSON.stringify(form)} }); return "sent"; }`,
    );
    const tab = await window.page.context().newPage();
    await tab.goto(origin);
    await Promise.all([
      tab.waitForNavigation(),
      tab.evaluate(
        `(() => { const f = document.createElement("form"); f.method = "post"; f.enctype = "text/plain"; f.action = ${at("/v1/token/create")}; const i = document.createElement("input"); i.name = ${JSON.stringify(form)}; f.append(i); document.body.append(f); f.submit(); })()`,
      ),
    ]);
    expect(await tab.textContent("body")).toMatch(/UNAUTHORIZED|FORBIDDEN/);
    await tab.close();
    expect(instance.database.prepare("SELECT count(*) AS n FROM token").get()).toEqual(before);
  });
  it("shows the console in no frame of its own, and holds no window of it", async () => {
    await page.evaluate(`(() => { const frame = document.createElement("iframe"); frame.src = ${at("/console/")}; document.body.append(frame); })()`);
    await expect.poll(() => page.frames().map((frame) => frame.url())).toContain("chrome-error://chromewebdata/");
    const [opened] = await Promise.all([window.page.context().waitForEvent("page"), page.evaluate(`void (globalThis.held = window.open(${at("/console/")}))`)]);
    await opened.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await opened.evaluate("window.opener")).toBeNull();
    expect(await page.evaluate("globalThis.held.closed")).toBe(true);
    await opened.close();
  });
  it("gets none of it by another name of this machine", async () => {
    const other = await window.page.context().newPage();
    const answer = await other.goto(`http://evil.localhost:${world.face.port}/console/`);
    expect(answer?.status()).toBe(401);
    expect(await other.textContent("body")).toContain("not how Instar is called");
    await other.close();
  });
  it("leaves who is signed in where he was", async () => {
    await window.page.reload();
    await window.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(window.complaints).toEqual([]);
    expect(world.said.join("\n")).not.toContain(DOOR);
  });
});
