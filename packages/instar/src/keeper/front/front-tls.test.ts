import { mkdtempSync, renameSync, rmSync, truncateSync } from "node:fs";
import { connect as connectInTheClear, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasOpenssl, makeCertificate } from "../../settings/make-certificate.testing.ts";
import type { CertificateFiles } from "../../settings/read-server-certificate.ts";
import { type FrontBench, openFrontBench, RawClient, until } from "./front-bench.testing.ts";
import { createTunnelBench, pourUntilStill, type TunnelBench } from "./tunnel-bench.testing.ts";
import { closeFrame, message, RECONNECT } from "./web-socket-frames.testing.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What is different over TLS, or could be. Without the program `openssl` there is nothing that makes certificates. */
describe.skipIf(!hasOpenssl)("over TLS", () => {
  let folder: string;
  let files: CertificateFiles;
  let bench: FrontBench;
  let tunnels: TunnelBench;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "instar-tls-"));
    files = makeCertificate(folder, "first");
    bench = await openFrontBench({ tls: files, tells: ["x-forwarded", "forwarded"], healthPath: "/.instar/front" });
    tunnels = createTunnelBench(bench);
  });
  afterEach(async () => {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A handshake, and what came of it. */
  function shake(options: ConnectionOptions = {}): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: bench.port, host: "127.0.0.1", rejectUnauthorized: false, ...options }, () => resolve(socket));
      socket.once("error", reject);
    });
  }

  async function shownTo(options: ConnectionOptions = {}): Promise<string | string[] | undefined> {
    const socket = await shake(options);
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  }

  describe("a client", () => {
    test.each(["TLSv1.2", "TLSv1.3"] as const)("agrees on %s and HTTP/1.1, and sees the certificate", async (version) => {
      const socket = await shake({ ALPNProtocols: ["h2", "http/1.1"], minVersion: version, maxVersion: version });
      expect([socket.getProtocol(), socket.alpnProtocol, socket.getPeerCertificate().subject.CN]).toEqual([version, "http/1.1", "first"]);
      socket.destroy();
    });

    test.each([
      ["an older version", { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
      ["HTTP/2 alone", { ALPNProtocols: ["h2"] }],
    ] as const)("that wants %s is refused", async (_, options) => {
      await expect(shake(options as ConnectionOptions)).rejects.toThrow();
      expect([bench.errors, bench.said]).toEqual([[], []]);
    });

    test("is told to the agent with its address, and as one that asked over HTTPS", async () => {
      let asked = "";
      await bench.startRawAgent((socket, received) => {
        asked = received;
        socket.end(ANSWER);
      });
      const client = bench.open();
      client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: http\r\n\r\n");
      await client.sees("ok");
      expect(asked).toContain("X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: x\r\n");
      expect(asked).toContain("Forwarded: for=127.0.0.1;host=x;proto=https\r\n");
    });

    test("asks again and again on its connection, also before it is answered, and is answered in order", async () => {
      await bench.startAgent((request, response) => response.end(`<${request.url}>`));
      const client = bench.open();
      client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
      await client.sees("</1>");
      client.send(
        "GET /2 HTTP/1.1\r\nHost: x\r\n\r\nPOST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      );
      expect((await client.ended()).match(/<.*?>/g)).toEqual(["</1>", "</2>", "</3>", "</4>"]);
      expect(client.wasReset).toBe(false);
    });

    test("sends no faster than the agent reads, and all of it arrives", async () => {
      const sizeBytes = 20_000_000;
      let arrived = 0;
      let read = () => {};
      await bench.startAgent((request, response) => {
        read = () => void request.on("data", (chunk) => (arrived += chunk.length)).on("end", () => response.end(`got ${arrived}`));
      });
      const client = bench.open();
      client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${sizeBytes}\r\n\r\n`);
      await until(() => bench.front.status().inFlight.blue === 1);
      await pourUntilStill(client.socket, Buffer.alloc(sizeBytes));
      read();
      await client.sees(`got ${sizeBytes}`);
    });

    test("that reads slowly makes the agent wait, and gets all of it", async () => {
      const bulk = Buffer.alloc(20_000_000, "0123456789");
      let agent: Socket | undefined;
      await bench.startRawAgent((socket) => {
        agent = socket;
      });
      const client = bench.open();
      client.send(GET);
      await until(() => agent !== undefined);
      client.socket.pause();
      agent?.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bulk.length}\r\n\r\n`);
      await pourUntilStill(agent as Socket, bulk);
      client.socket.resume();
      await until(() => client.received.split("\r\n\r\n")[1]?.length === bulk.length);
    });

    test("sees each event of a stream before the next one is sent", async () => {
      let next = () => {};
      await bench.startAgent((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        next = () => void response.write("data: x\n\n");
      });
      const client = bench.open();
      client.send(GET);
      await client.sees("text/event-stream\r\n");
      for (let events = 1; events <= 3; events += 1) {
        next();
        await until(() => client.received.split("data: x").length === events + 1);
      }
    });

    test("that has said its last word still hears the agent's", async () => {
      const tunnel = await tunnels.open({ protocol: "something-else", staysHalfOpen: true });
      tunnel.client.socket.end("last words");
      await until(() => tunnel.hasAgentHeardEnd());
      tunnel.agent.end("and the agent's");
      expect(await tunnel.client.ended()).toContain("and the agent's");
      expect(tunnel.agentHeard().toString()).toBe("last words");
      expect(tunnel.client.wasReset).toBe(false);
    });

    test("asks the front itself how it is, also in a hold", async () => {
      await bench.startAgent(() => {});
      bench.front.hold();
      const client = bench.open();
      client.send("GET /.instar/front HTTP/1.1\r\nHost: x\r\n\r\n");
      expect(await client.sees("holding")).toMatch(/^HTTP\/1\.1 200 /);
    });

    test("waits in a hold", async () => {
      await bench.startAgent((_, response) => response.end("served"));
      bench.front.hold();
      const client = bench.open();
      client.send(GET);
      await until(() => bench.front.status().waiting.requests === 1);
      bench.front.release();
      await client.sees("served");
    });
  });

  describe("a WebSocket", () => {
    test("carries bytes both ways", async () => {
      const tunnel = await tunnels.open();
      tunnel.client.send(message("up", "client"));
      await tunnel.agentHas(message("up", "client"));
      tunnel.agent.write(message("down"));
      await tunnel.clientHas(message("down"));
    });

    test("is told to come again when its agent is to go, and ends in good order", async () => {
      const tunnel = await tunnels.open();
      const retired = bench.front.retire("blue", { withinMs: 1_000, group: 10 });
      await tunnel.clientHas(RECONNECT);
      tunnel.client.send(closeFrame(1012, "", "client"));
      await tunnel.client.ended();
      await retired;
      expect(tunnel.client.wasReset).toBe(false);
      await tunnel.agentHas(closeFrame(1012, "", "client"));
    });

    test("of a client that never answers is cut in the end, with its agent's side", async () => {
      const tunnel = await tunnels.open({ staysHalfOpen: true });
      let isRetired = false;
      void bench.front.retire("blue", { withinMs: 1_000, group: 10 }).then(() => {
        isRetired = true;
      });
      await tunnel.clientHas(RECONNECT);
      await tunnels.passTime(1_000);
      await tunnels.passTime(2_000);
      await until(() => isRetired);
      expect(bench.front.status().connections).toBe(0);
    });

    test("is reset where its agent is", async () => {
      const tunnel = await tunnels.open();
      tunnel.agent.resetAndDestroy();
      await tunnel.client.ended();
      expect(tunnel.client.wasReset).toBe(true);
    });

    test("leaves a mark at its agent where its client is reset", async () => {
      const tunnel = await tunnels.open();
      let isReset = false;
      tunnel.agent.on("error", (error: NodeJS.ErrnoException) => {
        isReset = error.code === "ECONNRESET";
      });
      tunnel.client.socket.resetAndDestroy();
      await until(() => tunnel.agent.closed);
      expect(isReset).toBe(true);
    });
  });

  describe("half an answer", () => {
    test.each([
      ["in chunks", GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n"],
      ["with a length", GET, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf "],
      ["to one who knows no chunks", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n"],
    ])("%s never looks whole: the connection is reset", async (_, head, half) => {
      const agents: Socket[] = [];
      await bench.startRawAgent((socket) => {
        agents.push(socket);
        socket.write(half);
      });
      const client = bench.open();
      let hasEndedCleanly = false;
      client.socket.once("end", () => {
        hasEndedCleanly = true;
      });
      client.send(head);
      await client.sees("half ");
      agents[0]?.destroy();
      await client.ended();
      expect([hasEndedCleanly, client.wasReset]).toEqual([false, true]);
      expect(bench.front.counts().releases["release-blue"]).toMatchObject({ failed: 1 });
    });

    test("is all that a client gets whose time is over, and is reset", async () => {
      await bench.startRawAgent((socket) => void socket.write("HTTP/1.1 200 OK\r\n\r\nhalf "));
      const client = bench.open();
      client.send("GET / HTTP/1.0\r\n\r\n");
      await client.sees("half ");
      await bench.front.close({ graceMs: 0 });
      await client.ended();
      expect(client.wasReset).toBe(true);
    });
  });

  describe("who does not speak TLS", () => {
    test("is told so where it asks in the clear, as often as it does, and nobody else hears of it", async () => {
      for (let round = 0; round < 20; round += 1) {
        const client = new RawClient(bench.port, false);
        client.send(GET);
        expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Only HTTPS is spoken here\.\n$/);
      }
      await until(() => bench.front.status().connections === 0);
      expect([bench.errors, bench.said]).toEqual([[], []]);
    });

    test("is let go where it says anything else", async () => {
      const client = new RawClient(bench.port, false);
      client.send("\0\0\0 nonsense");
      await client.ended();
      expect([bench.errors, bench.said]).toEqual([[], []]);
    });

    test("is cut where it never says anything", async () => {
      const client = new RawClient(bench.port, true);
      const served = await shake();
      await until(() => bench.front.status().connections === 1);
      bench.clock.advance(30_000);
      await client.ended();
      expect(served.destroyed).toBe(false);
      served.destroy();
    });

    test("does not keep the front from closing", async () => {
      const sockets = Array.from({ length: 3 }, () => connectInTheClear(bench.port, "127.0.0.1").on("error", () => {}));
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
      await bench.front.close({ graceMs: 0 });
      await until(() => sockets.every((socket) => socket.closed));
    });
  });

  describe("a front that closes", () => {
    test("answers what is under way, and ends the connection with it", async () => {
      let answer: (() => void) | undefined;
      await bench.startAgent((_, response) => {
        answer = () => void response.end("last");
      });
      const client = bench.open();
      client.send(GET);
      await until(() => answer !== undefined);
      const closed = bench.front.close({ graceMs: 60_000 });
      answer?.();
      expect(await client.ended()).toMatch(/Connection: close\r\n[\s\S]*last/i);
      expect(client.wasReset).toBe(false);
      await closed;
    });
  });

  describe("a new certificate", () => {
    const renew = () => {
      const next = makeCertificate(folder, "second");
      renameSync(next.keyPath, files.keyPath);
      renameSync(next.certificatePath, files.certificatePath);
    };

    test("is shown to those who come, while a stream goes on and requests are answered without a gap", async () => {
      let next = () => {};
      let end = () => {};
      await bench.startAgent((request, response) => {
        if (request.url !== "/events") return void response.end("ok");
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        next = () => void response.write("data: x\n\n");
        end = () => void response.end("data: end\n\n");
      });
      const stream = bench.open();
      stream.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
      await stream.sees("text/event-stream\r\n");
      const kept = bench.open();
      const failures: string[] = [];
      let [isOver, keptAnswers, freshAnswers] = [false, 0, 0];
      const askOnKept = async () => {
        for (; !isOver; keptAnswers += 1) {
          kept.send(GET);
          await until(() => kept.received.split("\r\n\r\nok").length === keptAnswers + 2 || kept.hasEnded);
          if (kept.hasEnded) return void failures.push("a kept connection ended");
        }
      };
      const askAfresh = async () => {
        for (; !isOver; freshAnswers += 1) {
          const got = await bench.ask(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
          if (!got.endsWith("\r\n\r\nok")) failures.push(got);
        }
      };
      const asking = Promise.all([askOnKept(), askAfresh(), askAfresh()]);
      await until(() => keptAnswers > 10 && freshAnswers > 10);

      renew();
      bench.clock.advance(5_000);
      await until(() => bench.said.length === 1);
      expect(await shownTo()).toBe("second");
      const [keptThen, freshThen] = [keptAnswers, freshAnswers];
      await until(() => keptAnswers > keptThen + 10 && freshAnswers > freshThen + 10);
      isOver = true;
      await asking;
      expect(failures).toEqual([]);
      next();
      await stream.sees("data: x");
      end();
      expect(await stream.sees("\r\n0\r\n\r\n")).toContain("data: end");
      expect([bench.errors, bench.said]).toEqual([[], [expect.stringMatching(/^the front shows a new certificate/)]]);
    });

    test("is shown also to one who would go on with a session from before", async () => {
      const socket = await shake({ maxVersion: "TLSv1.2" });
      const session = socket.getSession();
      socket.destroy();
      const again = await shake({ maxVersion: "TLSv1.2", ...(session && { session }) });
      expect(again.isSessionReused()).toBe(true);
      again.destroy();
      renew();
      bench.clock.advance(5_000);
      await until(() => bench.said.length === 1);
      const later = await shake({ maxVersion: "TLSv1.2", ...(session && { session }) });
      expect([later.isSessionReused(), later.getPeerCertificate().subject.CN]).toEqual([false, "second"]);
      later.destroy();
    });

    test("that is half written is not shown", async () => {
      truncateSync(files.certificatePath, 100);
      bench.clock.advance(5_000);
      await until(() => bench.clock.sleeping() === 1);
      bench.clock.advance(5_000);
      await until(() => bench.said.length === 1);
      expect(bench.said).toEqual([expect.stringMatching(/^the front goes on with the certificate that it has/)]);
      expect(await shownTo()).toBe("first");
    });
  });

  test("without a certificate there is no front, and afterwards nothing is in its place", async () => {
    rmSync(files.keyPath);
    await expect(openFrontBench({ tls: files })).rejects.toMatchObject({ code: "SETTINGS_INVALID" });
  });
});
