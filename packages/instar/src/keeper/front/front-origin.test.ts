import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { FrontOptions } from "./front.ts";
import { type FrontBench, openFrontBench, until } from "./front-bench.testing.ts";
import { renderProxyV1, renderProxyV2 } from "./proxy-preamble.ts";

/** How the agent is told who asked. */
let bench: FrontBench;
afterEach(() => bench.close());

const UPGRADE = "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

describe("a proxy before the front", () => {
  const SAID =
    "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\nConnection: X-Forwarded-Proto\r\nForwarded: for=192.0.2.9\r\n\r\n";

  test("is believed where it is trusted, and its Connection line takes nothing of it away", async () => {
    const heads = await startRecorder({ trustedProxies: ["127.0.0.0/8"], tells: ["x-forwarded", "forwarded"] });
    await ask(SAID);
    expect(heads[0]).toMatch(
      /\r\nX-Forwarded-For: 192\.0\.2\.9, 127\.0\.0\.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: x\r\nForwarded: for=192\.0\.2\.9, for=127\.0\.0\.1;host=x;proto=http\r\n\r\n$/,
    );
  });

  test("is a client like any other where it is not", async () => {
    const heads = await startRecorder({ trustedProxies: ["127.0.0.2", "10.0.0.0/8"] });
    await ask(SAID);
    expect(heads[0]).toBe("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: x\r\n\r\n");
  });

  test("is believed for upgrades, too", async () => {
    const heads = await startRecorder({ trustedProxies: ["127.0.0.1"], tells: ["forwarded"] });
    await ask(UPGRADE.replace("\r\n\r\n", "\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n"));
    expect(heads[0]).toContain("Forwarded: for=192.0.2.9, for=127.0.0.1;host=x;proto=http\r\n");
    expect(heads[0]).not.toContain("X-Forwarded");
  });

  test("tells whose request it is where callers stick by address", async () => {
    bench = await openFrontBench({ trustedProxies: ["127.0.0.1"] });
    const [blue, green] = [await startNamed("blue"), await startNamed("green")];
    // 127.0.0.2 joins release-green at 0.350 and 127.0.0.3 at 0.946.
    bench.front.route({ main: blue, share: { backend: green, of: 0.5 } });
    for (const [address, expected] of [
      ["127.0.0.2", "release-green"],
      ["127.0.0.3", "release-blue"],
    ]) {
      const client = bench.open();
      client.send(`GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\n\r\n`);
      await client.sees(`${expected}`);
    }
  });
});

describe("the PROXY protocol", () => {
  test.each([
    ["proxy-v1", renderProxyV1],
    ["proxy-v2", renderProxyV2],
  ] as const)("%s: each connection to the agent begins with whose it is, and carries nothing else", async (tells, render) => {
    const { heads, sockets } = await startRecording({ tells: [tells] });
    for (let client = 0; client < 2; client += 1) {
      const asks = bench.open();
      for (let request = 0; request < 2; request += 1) {
        asks.received = "";
        asks.send(`POST /${client}${request} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi`);
        await asks.sees("recorded");
        const destination = { address: "127.0.0.1", port: bench.port };
        const begin = render({ source: { address: "127.0.0.1", port: asks.socket.localPort ?? 0 }, destination }).toString("latin1");
        expect(heads.at(-1)).toBe(`${begin}POST /${client}${request} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n`);
      }
    }
    expect(heads).toHaveLength(4);
    await until(() => sockets.size === 4 && [...sockets].every((socket) => socket.readableEnded), "every connection to be closed with its request");
  });

  test("for upgrades, too, beside the header lines", async () => {
    const heads = await startRecorder({ tells: ["proxy-v1", "x-forwarded"] });
    await ask(UPGRADE);
    expect(heads[0]).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET \/chat HTTP\/1\.1\r\n[\s\S]*X-Forwarded-For: 127\.0\.0\.1\r\n/);
  });

  test("names the client that a trusted proxy names, whose port nobody knows", async () => {
    const heads = await startRecorder({ tells: ["proxy-v1"], trustedProxies: ["127.0.0.1"] });
    await ask("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 2001:db8::7\r\n\r\n");
    expect(heads[0]).toBe(`PROXY TCP6 2001:db8::7 ::ffff:127.0.0.1 0 ${bench.port}\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n`);
  });

  test("a GET whose connection breaks is not sent again: it was nobody else's before", async () => {
    bench = await openFrontBench({ tells: ["proxy-v1"] });
    let asked = 0;
    await bench.startRawAgent((socket) => {
      asked += 1;
      socket.destroy();
    });
    expect(await ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 /);
    expect(asked).toBe(1);
  });
});

test("a proxy that is no address is refused", async () => {
  bench = await openFrontBench();
  await expect(openFrontBench({ trustedProxies: ["proxy.example"] })).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

/** An agent that keeps what came on each connection up to the end of the head, and would keep its connections open. */
async function startRecording(options: Partial<FrontOptions>): Promise<{ heads: string[]; sockets: Set<Socket> }> {
  bench = await openFrontBench(options);
  const heads: string[] = [];
  const seen = new Map<Socket, number>();
  const { sockets } = await bench.startRawAgent((socket, received) => {
    const begin = seen.get(socket) ?? 0;
    const end = received.lastIndexOf("\r\n\r\n") + 4;
    seen.set(socket, received.length);
    heads.push(received.slice(begin, end));
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nrecorded");
  });
  return { heads, sockets };
}

async function startRecorder(options: Partial<FrontOptions>): Promise<string[]> {
  return (await startRecording(options)).heads;
}

async function ask(text: string): Promise<string> {
  const client = bench.open();
  client.send(text);
  await until(() => client.received.includes("recorded") || client.hasEnded);
  return client.received;
}

async function startNamed(name: string) {
  const { port } = await bench.startAgent((_, response) => void response.end(`release-${name}`), name);
  return { slot: name, release: `release-${name}`, host: "127.0.0.1", port };
}
