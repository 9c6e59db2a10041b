import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRegistryProxy, type RegistryProxy } from "./registry-proxy.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: string;
let registry: Server;
let port: number;
let seen: Seen[];
let proxies: RegistryProxy[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-registry-"));
  mkdirSync(join(folder, "scratch"));
  seen = [];
  proxies = [];
  registry = createServer((asked, answer) => {
    void text(asked).then((body) => {
      seen.push({ method: asked.method, url: asked.url, headers: asked.headers, body });
      answer.writeHead(201, { "x-registry": "yes", connection: "close" }).end("a package");
    });
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  port = (registry.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const proxy of proxies) await proxy.close();
  expect(readdirSync(folder)).toEqual(["scratch"]);
  registry.closeAllConnections();
  await new Promise((resolve) => registry.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function open(hosts: string[], resolve?: (host: string) => Promise<string[]>): Promise<RegistryProxy> {
  const proxy = await openRegistryProxy({ hosts, scratch: join(folder, "scratch"), ...(resolve === undefined ? {} : { resolve }) });
  proxies.push(proxy);
  return proxy;
}

/** What the proxy answers to what is written to it. The connection is the program's: it may write anything. */
async function write(proxy: RegistryProxy, said: string): Promise<string> {
  const socket = connect(join(proxy.folder, "door"));
  socket.write(said);
  return text(socket);
}

const get = (url: string, more = "") => `GET ${url} HTTP/1.1\r\nHost: else.example\r\nConnection: close\r\n${more}\r\n`;

describe("the registries' proxy", () => {
  it("passes a request on to a listed registry, under the name that was judged and not the one that the request gives itself", async () => {
    const proxy = await open([`localhost:${port}`]);
    const answer = await new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const asked = request(
        {
          socketPath: join(proxy.folder, "door"),
          method: "PUT",
          path: `http://localhost:${port}/pkg?x=1`,
          headers: { host: "other.example", "proxy-authorization": "secret", connection: "close, x-private", "x-private": "1", "x-kept": "2" },
        },
        (found) => void text(found).then((body) => resolve({ status: found.statusCode, headers: found.headers, body }), reject),
      );
      asked.on("error", reject).end("what is sent");
    });
    expect(answer).toMatchObject({ status: 201, headers: { "x-registry": "yes" }, body: "a package" });
    expect(seen).toMatchObject([{ method: "PUT", url: "/pkg?x=1", body: "what is sent", headers: { host: `localhost:${port}`, "x-kept": "2" } }]);
    expect(Object.keys(seen[0]?.headers ?? {})).not.toContain("x-private");
    expect(Object.keys(seen[0]?.headers ?? {})).not.toContain("proxy-authorization");
  });

  it("opens a tunnel to a listed registry, byte for byte, also when the first bytes come at once", async () => {
    const proxy = await open([`127.0.0.1:${port}`]);
    const answer = await write(proxy, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n${get("/in-the-tunnel")}`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^\r]*\r\n\r\nHTTP\/1\.1 201/);
    expect(seen).toMatchObject([{ url: "/in-the-tunnel", headers: { host: "else.example" } }]);
  });

  it("refuses everything else, says what it refused, and reaches nothing", async () => {
    const proxy = await open([`localhost:${port}`, "registry.example:443"], async () => ["127.0.0.1"]);
    for (const said of [
      `CONNECT evil.example:443 HTTP/1.1\r\n\r\n`,
      `CONNECT localhost:1 HTTP/1.1\r\n\r\n`,
      // The same place by another name is another place.
      `CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`,
      get(`http://127.0.0.1:${port}/`),
      get(`http://user@127.1:${port}/`),
      get(`http://evil.example/`),
      // A listed name that leads here.
      `CONNECT registry.example:443 HTTP/1.1\r\n\r\n`,
    ])
      expect(await write(proxy, said)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    for (const said of [get("/"), get("https://registry.example/"), "CONNECT localhost HTTP/1.1\r\n\r\n", get("ftp://registry.example/")])
      expect(await write(proxy, said)).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toEqual([]);
    expect(proxy.refused()).toEqual([
      "evil.example:443 is not one of the registries",
      "localhost:1 is not one of the registries",
      `127.0.0.1:${port} is not one of the registries`,
      "evil.example:80 is not one of the registries",
      "registry.example:443 leads to this machine or into its network (127.0.0.1)",
    ]);
    expect(await write(proxy, "GET /refused HTTP/1.0\r\n\r\n")).toContain("refused: evil.example:443 is not one of the registries\n");
  });

  it("dials the address that it has judged, and does not ask for it again", async () => {
    let asked = 0;
    const proxy = await open([`registry.example:${port}`, `127.0.0.1:${port}`], async () => {
      asked += 1;
      return asked === 1 ? ["127.0.0.1"] : ["127.0.0.2"];
    });
    expect(await write(proxy, get(`http://registry.example:${port}/`))).toMatch(/^HTTP\/1\.1 201/);
    expect(asked).toBe(1);
  });

  it("says what is wrong where a registry is not there, or has no address", async () => {
    const proxy = await open(["localhost:1", "gone.example"], async (host) => {
      if (host === "localhost") return ["127.0.0.1"];
      throw new Error("no such name");
    });
    expect(await write(proxy, "CONNECT localhost:1 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 [\s\S]*ECONNREFUSED/);
    expect(await write(proxy, "CONNECT gone.example:443 HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 [\s\S]*could not be found/);
    expect(proxy.refused()).toEqual([]);
  });

  it("is not held up by who says what no request is, or more than a request may have", async () => {
    const proxy = await open([`localhost:${port}`]);
    for (const said of ["\0\0\0\r\n\r\n", "GET\r\n\r\n", get(`http://localhost:${port}/`, `x: ${"y".repeat(60_000)}\r\n`)])
      expect(await write(proxy, said).catch(() => "")).not.toContain("201");
    for (let turn = 0; turn < 100; turn += 1) await write(proxy, `CONNECT host-${turn}.example:443 HTTP/1.1\r\n\r\n`);
    expect(proxy.refused()).toHaveLength(32);
    expect(await write(proxy, get(`http://localhost:${port}/`))).toMatch(/^HTTP\/1\.1 201/);
  });

  it("hangs up on everybody when it is closed, and is gone", async () => {
    const proxy = await open([`localhost:${port}`]);
    const socket = connect(join(proxy.folder, "door"));
    socket.on("error", () => {}).write(`CONNECT localhost:${port} HTTP/1.1\r\n\r\n`);
    await new Promise((resolve) => socket.once("data", resolve));
    await Promise.all([proxy.close(), proxy.close(), new Promise((resolve) => socket.once("close", resolve))]);
    expect(existsSync(proxy.folder)).toBe(false);
  });

  it.skipIf(process.platform !== "linux")("may listen in a folder with a path of any length", async () => {
    const scratch = join(folder, "x".repeat(100), "scratch");
    mkdirSync(scratch, { recursive: true });
    const proxy = await openRegistryProxy({ hosts: [], scratch });
    try {
      expect(existsSync(join(proxy.folder, "door"))).toBe(true);
    } finally {
      await proxy.close();
      rmSync(join(folder, "x".repeat(100)), { recursive: true });
    }
  });
});
