import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { openDatabase } from "../database/open-database.ts";
import { systemClock } from "../platform/clock.ts";
import { createJobRunner } from "../platform/run-job.ts";
import { type NotifyWay, notifySettings } from "../settings/notify-settings.ts";
import { type DeliveryTools, deliverNotification } from "./deliver-notification.ts";
import { NotificationOutbox } from "./notification-outbox.ts";
import { type Happening, planNotifications } from "./plan-notifications.ts";

const folder = mkdtempSync(join(tmpdir(), "instar-notify-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HAPPENING: Happening = {
  occasion: "rolled-back",
  key: "abcd",
  summary: "the update to 1.2.0 ended rolled-back: 40 of 100 requests failed",
  instance: "ana",
  update: "abcd",
  versionFrom: "1.1.0",
  versionTo: "1.2.0",
  advice: null,
  at: "2026-11-28T03:00:00.000Z",
};
const ways = (...written: object[]): NotifyWay[] => notifySettings.parse({ ways: written }).ways;

describe("who is told", () => {
  it("is told of what it listens to, by default of what is loud", () => {
    const [loud, all] = [{ run: "./loud" }, { run: "./all", on: ["committed", "rolled-back"] }];
    expect(planNotifications(ways(loud, all), HAPPENING)).toHaveLength(2);
    expect(planNotifications(ways(loud, all), { ...HAPPENING, occasion: "committed" })).toHaveLength(1);
  });
  it("gets the same happening under the same id, and another one under another", () => {
    const [first] = planNotifications(ways({ run: "./a" }), HAPPENING);
    expect(planNotifications(ways({ run: "./a", within: "3s" }), { ...HAPPENING, at: "later" })[0]?.id).toBe(first?.id);
    expect(planNotifications(ways({ run: "./b" }), HAPPENING)[0]?.id).not.toBe(first?.id);
    expect(planNotifications(ways({ run: "./a" }), { ...HAPPENING, key: "efgh" })[0]?.id).not.toBe(first?.id);
  });
  it("is a program or a webhook, not both and not neither", () => {
    expect(() => ways({ on: ["stuck"] })).toThrow(/either run or webhook/);
    expect(() => ways({ run: "x", webhook: "http://127.0.0.1/" })).toThrow(/either run or webhook/);
    expect(() => ways({ webhook: "file:///etc/passwd" })).toThrow();
  });
});

describe("the outbox", () => {
  const database = openDatabase(join(folder, "outbox.db"));
  const outbox = new NotificationOutbox(database);
  afterAll(() => database.close());
  const [one] = planNotifications(ways({ run: "./a" }), HAPPENING);

  it("holds a happening once, tries it later and later, and gives it up in the end", () => {
    if (one === undefined) throw new Error("nothing was planned");
    outbox.put([one]);
    outbox.put([one]);
    let tickMs = 0;
    const pauses: number[] = [];
    for (;;) {
      const due = outbox.due(tickMs);
      expect(due).toHaveLength(1);
      const [next] = due as [(typeof due)[number]];
      if (outbox.failed(next, "nobody answers", tickMs)) break;
      expect(outbox.due(tickMs)).toEqual([]);
      let pauseMs = 1_000;
      while (outbox.due(tickMs + pauseMs).length === 0) pauseMs += 1_000;
      pauses.push(pauseMs);
      tickMs += pauseMs;
    }
    expect(pauses).toEqual([5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000]);
    expect(outbox.due(1e12)).toEqual([]);
    expect(outbox.troubled()).toEqual({ waiting: 0, givenUp: 1, because: "nobody answers" });
  });

  it("forgets none that is due, however many were told", () => {
    const many = Array.from({ length: 520 }, (_, index) => planNotifications(ways({ run: "./a" }), { ...HAPPENING, key: `many-${index}` })).flat();
    outbox.put(many);
    for (const { id } of many.slice(1)) outbox.told(id);
    expect(outbox.due(1e12).map(({ id }) => id)).toEqual([many[0]?.id]);
  });
});

describe("telling", () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });
  const listen = async (answer: (asked: IncomingMessage, body: string) => { status: number; headers?: Record<string, string> } | "silence") => {
    const heard: { headers: IncomingMessage["headers"]; body: string }[] = [];
    const server = createServer((asked, response) => {
      let body = "";
      asked.on("data", (chunk) => {
        body += chunk;
      });
      asked.on("end", () => {
        heard.push({ headers: asked.headers, body });
        const said = answer(asked, body);
        if (said !== "silence") response.writeHead(said.status, said.headers).end();
        else asked.socket.unref();
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { heard, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, server };
  };
  const tools = (more: Partial<DeliveryTools> = {}): DeliveryTools => ({
    runJob: createJobRunner({ clock: systemClock, instanceId: "notify-test" }),
    environment: { PATH: "/usr/bin:/bin" },
    readSecret: async () => undefined,
    cwd: folder,
    logPath: join(folder, "notify.log"),
    signal: new AbortController().signal,
    ...more,
  });
  const tell = (way: object, more: Partial<DeliveryTools> = {}) => {
    const [parsed] = ways(way);
    const [notification] = parsed === undefined ? [] : planNotifications([parsed], HAPPENING);
    if (parsed === undefined || notification === undefined) throw new Error("nothing was planned");
    return deliverNotification(parsed, notification, tools(more));
  };

  it("gives a program what happened, whole", async () => {
    const out = join(folder, "told.json");
    expect(await tell({ run: `printf %s "$INSTAR_NOTIFICATION" > ${out}; test "$INSTAR_OCCASION" = rolled-back` })).toEqual({ kind: "told" });
    expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ ...HAPPENING });
  });
  it("fails with a program that fails, hangs, or is not there", async () => {
    expect(await tell({ run: "exit 7" })).toMatchObject({ because: "the program exited with 7" });
    expect(await tell({ run: "sleep 60", within: "200ms" })).toMatchObject({ because: expect.stringContaining("did not end in time") });
    expect(await tell({ run: ["./not-there"] })).toMatchObject({ kind: "failed" });
  });
  it("posts to a webhook, signed over the very bytes", async () => {
    const { heard, url } = await listen(() => ({ status: 204 }));
    expect(await tell({ webhook: url, secretVariable: "HOOK_SECRET" }, { readSecret: async () => "s3cret" })).toEqual({ kind: "told" });
    const [{ headers, body } = { headers: {}, body: "" }] = heard;
    expect(headers["x-instar-signature"]).toBe(`sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`);
    expect(headers["x-instar-delivery"]).toBe(JSON.parse(body).id);
  });
  it("does not post unsigned what should be signed", async () => {
    const { heard, url } = await listen(() => ({ status: 204 }));
    expect(await tell({ webhook: url, secretVariable: "HOOK_SECRET" })).toMatchObject({ because: expect.stringContaining("HOOK_SECRET") });
    expect(heard).toEqual([]);
  });
  it("takes a refusal, a redirect, silence and nobody for a failure, and follows nowhere", async () => {
    const elsewhere = await listen(() => ({ status: 200 }));
    const refusing = await listen(() => ({ status: 500 }));
    const redirecting = await listen(() => ({ status: 307, headers: { location: elsewhere.url } }));
    const silent = await listen(() => "silence");
    expect(await tell({ webhook: refusing.url })).toMatchObject({ because: "the webhook answered 500" });
    expect(await tell({ webhook: redirecting.url })).toMatchObject({ because: "the webhook answered 307" });
    expect(elsewhere.heard).toEqual([]);
    expect(await tell({ webhook: silent.url, within: "200ms" })).toMatchObject({ kind: "failed" });
    silent.server.closeAllConnections();
    expect(await tell({ webhook: "http://127.0.0.1:1/" })).toMatchObject({ because: expect.stringContaining("could not be reached") });
  });
});
