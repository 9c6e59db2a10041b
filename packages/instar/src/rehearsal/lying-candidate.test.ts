import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../platform/clock.ts";
import { type SettingsFile, settingsSchema } from "../settings/settings.ts";
import { askRehearsed } from "../update/rehearsed/ask-rehearsed.ts";
import { decideRehearsal } from "./decide-rehearsal.ts";
import { rehearse } from "./rehearse.ts";
import type { RehearsedAgent } from "./rehearsed-agent.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A version over loopback, asked by the very client that asks rehearsed versions. */
async function serve(server: Server, version: string, clock: Clock, parts: Partial<RehearsedAgent> = {}): Promise<RehearsedAgent> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const asked = askRehearsed({
    port,
    clock,
    connect: async () => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
  });
  ends.push(async () => {
    asked.close();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server.close(), "close");
  });
  return {
    version,
    ask: asked.ask,
    run: async () => ({ kind: "exited", status: 0, output: "{}" }),
    isAlive: () => server.listening,
    readUsage: async () => undefined,
    readEventLoop: async () => undefined,
    readLog: async () => "ready\n",
    ...parts,
  };
}

const PAGES: Readonly<Record<string, unknown>> = {
  "/health": { ok: true },
  "/version": { version: "1.0.0" },
  "/plugins": { plugins: [{ id: "mail" }, { id: "cron" }] },
  "/jobs": { jobs: ["nightly", "hourly"] },
};
const honest = (pages: Readonly<Record<string, unknown>> = {}): RequestListener => {
  const all = { ...PAGES, ...pages };
  return (request, answer) => answer.setHeader("content-type", "application/json").end(JSON.stringify(all[request.url ?? ""] ?? { done: true }));
};
const current = honest({ "/version": { version: "1.1.0" } });

const SETTINGS: SettingsFile = {
  version: 1,
  name: "demo",
  source: { git: "." },
  agent: { start: ["true"] },
  health: { http: { path: "/health" }, version: { path: "/version", at: "/version" } },
  rehearsal: {
    stays: "0s",
    performance: "off",
    probes: [{ name: "health", path: "/health", json: { "/ok": true } }],
    things: [
      { name: "plugins", path: "/plugins", at: "/plugins", key: "id" },
      { name: "jobs", path: "/jobs", at: "/jobs" },
    ],
  },
};

interface Lie {
  readonly server: Server;
  readonly clock?: SimulatedClock;
  readonly parts?: Partial<RehearsedAgent>;
  readonly rehearsal?: SettingsFile["rehearsal"];
}

async function rehearseLie({ server, clock, parts, rehearsal }: Lie) {
  const time = clock ?? systemClock;
  const old = await serve(createHttpServer(honest()), "1.0.0", time);
  const its = await serve(server, "1.1.0", time, parts);
  const settings = settingsSchema.parse({ ...SETTINGS, rehearsal: { ...SETTINGS.rehearsal, ...rehearsal } });
  const findings = await rehearse({ old, new: its, settings, clock: time });
  const { refusedBecause } = decideRehearsal(findings, settings.rehearsal, { wayBack: "unknown", wayBackBecause: "" });
  // Answers are only reported here: what the others find is what must refuse it.
  const failed = findings.flatMap(({ what, verdict }) =>
    verdict === "fail" && (what !== "answers" || settings.rehearsal.compareAnswers === "required") ? [what] : [],
  );
  return { findings, refusedBecause, failed, of: (what: string) => findings.find((one) => one.what === what)?.because };
}
const lying = (listener: RequestListener) => createHttpServer(listener);

describe("a candidate that tells the truth", () => {
  it("is not refused", async () => {
    const { findings, refusedBecause } = await rehearseLie({ server: lying(current) });
    expect(refusedBecause).toBeNull();
    expect(findings.map(({ what, verdict }) => `${what}: ${verdict}`)).toEqual([
      "version: pass",
      "probe health: pass",
      "things plugins: pass",
      "things jobs: pass",
      "answers: pass",
      "log: pass",
      "alive: pass",
    ]);
  });
});

describe("a candidate that lies about its health", () => {
  it("with 200 and the wrong body", async () => {
    const { refusedBecause, failed } = await rehearseLie({ server: lying(honest({ "/version": { version: "1.1.0" }, "/health": { ok: false } })) });
    expect(failed).toEqual(["probe health"]);
    expect(refusedBecause).toContain("/ok is false, not true");
  });

  it("with a page for everything", async () => {
    const { failed, of } = await rehearseLie({ server: lying((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html><h1>ok</h1>")) });
    expect(failed).toEqual(["version", "probe health", "things plugins", "things jobs"]);
    expect(of("version")).toContain('it begins "<!doctype html>');
  });

  it("with the version of another", async () => {
    const { failed, refusedBecause } = await rehearseLie({ server: lying(honest()) });
    expect(failed).toEqual(["version"]);
    expect(refusedBecause).toContain('says that it is "1.0.0", not 1.1.0');
  });

  it("by being ready and dying then", async () => {
    const server = lying((request, answer) => {
      current(request, answer);
      if (request.url === "/plugins") {
        server.close();
        server.closeAllConnections();
      }
    }) as ReturnType<typeof createHttpServer>;
    const { failed } = await rehearseLie({ server });
    expect(failed).toEqual(expect.arrayContaining(["things jobs", "alive"]));
  });

  it("by answering its health page and every other request with 500", async () => {
    const server = lying((request, answer) => (Object.hasOwn(PAGES, request.url ?? "") ? current(request, answer) : answer.writeHead(500).end()));
    const { failed, of } = await rehearseLie({ server, rehearsal: { performance: "required", requests: [{ path: "/work" }] } });
    expect(failed).toEqual(["errors"]);
    expect(of("errors")).toMatch(/^it failed (\d+) of \1 requests, the old version 0: beyond doubt more than 2 times as many$/);
  });

  it("and drops a plugin", async () => {
    const { failed, refusedBecause } = await rehearseLie({
      server: lying(honest({ "/version": { version: "1.1.0" }, "/plugins": { plugins: [{ id: "mail" }] } })),
    });
    expect(failed).toEqual(["things plugins"]);
    expect(refusedBecause).toContain('one is missing: "cron"');
  });

  it("and has one job less", async () => {
    const { failed } = await rehearseLie({ server: lying(honest({ "/version": { version: "1.1.0" }, "/jobs": { jobs: ["hourly"] } })) });
    expect(failed).toEqual(["things jobs"]);
  });

  it("and writes new errors", async () => {
    const { failed, of } = await rehearseLie({ server: lying(current), parts: { readLog: async () => "ready\nTypeError: cannot read mail\n" } });
    expect(failed).toEqual(["log"]);
    expect(of("log")).toContain("TypeError: cannot read mail");
  });

  it("with a body of a GiB", async () => {
    const mebibyte = Buffer.alloc(1_048_576, "x");
    let sent = 0;
    const server = lying((_, answer) => {
      answer.setHeader("content-length", 1_024 * mebibyte.length);
      const more = (): void => {
        if (sent >= 1_024 * mebibyte.length || answer.destroyed) return;
        sent += mebibyte.length;
        answer.write(mebibyte, more);
      };
      more();
    });
    const { failed, of } = await rehearseLie({ server });
    expect(failed).toEqual(["version", "probe health", "things plugins", "things jobs"]);
    expect(of("version")).toContain("larger than");
    expect(sent).toBeLessThan(200 * mebibyte.length);
  });

  it("with heads that do not end", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\n");
        const more = (): void => {
          if (!socket.destroyed) socket.write(`x-more: ${"y".repeat(4_096)}\r\n`, () => setImmediate(more));
        };
        more();
      });
    });
    expect((await rehearseLie({ server })).failed).toEqual(["version", "probe health", "things plugins", "things jobs"]);
  });

  it("with an answer in pieces that never ends", async () => {
    const clock = new SimulatedClock();
    const server = lying((_, answer) => {
      answer.writeHead(200, { "content-type": "application/json" });
      answer.write('{"ok":true,');
      setImmediate(() => clock.advance(5_001));
    });
    const { failed, of } = await rehearseLie({ server, clock });
    expect(failed).toEqual(["version", "probe health", "things plugins", "things jobs"]);
    expect(of("probe health")).toContain("no answer within 5000 ms");
  });

  it("by sending callers elsewhere: nobody goes there", async () => {
    let visits = 0;
    const elsewhere = lying((request, answer) => {
      visits += 1;
      current(request, answer);
    });
    await serve(elsewhere, "1.1.0", systemClock);
    const { port } = elsewhere.address() as AddressInfo;
    const server = lying((request, answer) => answer.writeHead(302, { location: `http://127.0.0.1:${port}${request.url}` }).end());
    const { failed, of } = await rehearseLie({ server });
    expect(failed).toEqual(["version", "probe health", "things plugins", "things jobs"]);
    expect(of("probe health")).toContain("which is not followed");
    expect(visits).toBe(0);
  });

  it("with a small answer that unpacks to a large one: nobody unpacks it", async () => {
    const bomb = gzipSync(`{"ok":true,"version":"1.1.0","pad":"${"x".repeat(64 * 1_048_576)}"}`);
    const { failed, of } = await rehearseLie({ server: lying((_, answer) => answer.writeHead(200, { "content-encoding": "gzip" }).end(bomb)) });
    expect(failed).toEqual(["version", "probe health", "things plugins", "things jobs"]);
    expect(of("probe health")).toContain("is not JSON");
  });

  it("with JSON that is 100,000 deep", async () => {
    const deep = `{"ok":true,"version":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const { failed, of } = await rehearseLie({ server: lying((_, answer) => answer.end(deep)), rehearsal: { compareAnswers: "required" } });
    expect(failed).toEqual(["version", "probe health", "things plugins", "things jobs", "answers"]);
    expect(of("version")).toContain("nested deeper than 256 levels");
  });

  it("with a connection that breaks off in the middle", async () => {
    const server = lying((_, answer) => {
      answer.writeHead(200, { "content-length": "100" }).write('{"ok":true}');
      setImmediate(() => answer.socket?.destroy());
    });
    expect((await rehearseLie({ server })).failed).toEqual(["version", "probe health", "things plugins", "things jobs"]);
  });
});
