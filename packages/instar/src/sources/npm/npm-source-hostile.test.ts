import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { renderProblem } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../../testkit/src/index.ts";
import { makeTgz } from "../archive/make-archive.testing.ts";
import { createNpmSource, type NpmFound, type NpmSource, type NpmSourceParts } from "./npm-source.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const TOKEN = "npm_verysecretverysecret";
const servers: Server[] = [];
let place: string;
let into: string;
let clock: SimulatedClock;
beforeEach(() => {
  clock = new SimulatedClock();
  place = mkdtempSync(join(tmpdir(), "instar-npm-"));
  into = join(place, "into");
  mkdirSync(into);
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(place, { recursive: true, force: true });
});

async function start(answer: Answer): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

const open = (registry: string, more: Partial<NpmSourceParts> = {}): NpmSource =>
  createNpmSource({
    package: "agent",
    tag: "latest",
    registry,
    agentNode: async () => "24.16.0",
    platform: { os: "linux", cpu: "x64", libc: "glibc" },
    scratchFolder: place,
    clock,
    ...more,
  });

const TARBALL = makeTgz([{ path: "package/package.json", body: '{"name":"agent","version":"1.0.0"}' }]);
const sha512 = (bytes: Buffer) => `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
const manifestOf = (more: Record<string, unknown> = {}, dist: Record<string, unknown> = {}) => ({
  name: "agent",
  version: "1.0.0",
  dist: { tarball: "https://nowhere.invalid/agent.tgz", integrity: sha512(TARBALL), ...dist },
  ...more,
});
const packumentOf = (more: Record<string, unknown> = {}) => ({ name: "agent", "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": manifestOf() }, ...more });
const send =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "no error",
    (error: unknown) => error,
  );
const foundAt = (tarballUrl: string, integrity = sha512(TARBALL)): NpmFound => ({
  package: "agent",
  version: "1.0.0",
  integrity,
  tarballUrl,
  signatures: [],
  attestationsUrl: null,
  unpackedBytes: 0,
  deprecated: null,
  refusedBecause: null,
  unchanged: false,
  publishedAt: null,
  notes: [],
});
/** Moves time on whenever both deadlines are slept for, until the work is over. */
async function passTime<T>(work: Promise<T>, stepMs: number, before: () => void = () => {}): Promise<T> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  work.then(end, end);
  while (!isOver) {
    before();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(stepMs);
  }
  return work;
}

describe("a registry", () => {
  const refusals: readonly [string, Answer, Record<string, unknown>][] = [
    ["that answers HTML with 200", send(`<html>${TOKEN}</html>`, 200, { "content-type": "text/html" }), { code: "DETECTION_FAILED", message: /no packument/ }],
    ["that answers nothing with 200", send(""), { code: "DETECTION_FAILED", message: /no packument/ }],
    ["that answers JSON of another kind", send([1]), { code: "DETECTION_FAILED", message: /no packument/ }],
    ["that answers about another package", send(packumentOf({ name: "other" })), { code: "DETECTION_FAILED", message: /another package/ }],
    [
      "that has another version in a version's place",
      send(packumentOf({ versions: { "1.0.0": manifestOf({ version: "2.0.0" }) } })),
      { code: "DETECTION_FAILED", message: /another package or version/ },
    ],
    ["that does not say where a version is", send(packumentOf({ versions: { "1.0.0": { dist: 1 } } })), { code: "DETECTION_FAILED", message: /where version/ }],
    [
      "with a tag that points nowhere",
      send(packumentOf({ "dist-tags": { latest: "9.9.9" } })),
      { code: "SOURCE_EMPTY", message: /tag latest that points nowhere: there is no version "9.9.9"/ },
    ],
    ["without the tag that is followed", send(packumentOf({ "dist-tags": {} })), { code: "SOURCE_EMPTY", message: /no tag latest/ }],
    ["that is broken (500)", send("x", 500), { code: "SOURCE_GONE", transient: true }],
    ["that is busy (429)", send("x", 429, { "retry-after": "120" }), { code: "SOURCE_GONE", transient: true, facts: { retryAfterMs: 120_000 } }],
    ["that does not know us (401)", send(`who is ${TOKEN}`, 401), { code: "SOURCE_GONE", transient: false, advice: /tokenFile/ }],
    ["that does not let us (403)", send(`not ${TOKEN}`, 403), { code: "SOURCE_GONE", transient: false, advice: /tokenFile/ }],
    ["that answers what nobody understands (418)", send("x", 418), { code: "DETECTION_FAILED" }],
    ["that says unchanged when nothing was known", send("", 304), { code: "DETECTION_FAILED" }],
    ["that leads in a circle", (_, response) => response.writeHead(302, { location: "/agent" }).end(), { code: "DETECTION_FAILED", message: /on and on/ }],
    ["that leads to no address", (_, response) => response.writeHead(302, { location: "http://[" }).end(), { code: "DETECTION_FAILED", message: /no address/ }],
    ["that closes the connection", (request) => request.socket.destroy(), { code: "SOURCE_GONE", transient: true }],
    [
      "that stops in the middle",
      (request, response) => {
        response.writeHead(200, { "content-length": "5000" }).write("{", () => request.socket.destroy());
      },
      { code: "SOURCE_GONE", transient: true },
    ],
    [
      "whose packument is a bomb",
      send(gzipSync(Buffer.alloc(80_000_000, " ")), 200, { "content-encoding": "gzip" }),
      { code: "DETECTION_FAILED", message: /more than/ },
    ],
  ];
  for (const [name, answer, { message, advice, ...expected }] of refusals)
    it(name, async () => {
      const error = await failureOf(open(await start(answer), { readToken: async () => TOKEN }).look());
      expect(error).toMatchObject(expected);
      if (message instanceof RegExp) expect(renderProblem(error).detail).toMatch(message);
      if (advice instanceof RegExp) expect(renderProblem(error).advice).toMatch(advice);
      expect(JSON.stringify(renderProblem(error))).not.toContain(TOKEN);
    });

  it("that cannot be reached", async () => {
    const url = await start(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(open(url).look()).rejects.toMatchObject({ code: "SOURCE_GONE", transient: true });
  });

  it("whose packument is 200 MiB is not read to its end", async () => {
    let sentBytes = 0;
    const chunk = Buffer.alloc(1_048_576, " ");
    const url = await start((_, response) => {
      const more = (): void => {
        while (sentBytes < 200 * chunk.length) {
          sentBytes += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    await expect(open(url).look()).rejects.toMatchObject({ code: "DETECTION_FAILED", message: expect.stringContaining("says more than 67108864 bytes") });
    expect(sentBytes).toBeLessThan(100 * chunk.length);
  });

  it("that never answers", async () => {
    const url = await start(() => {});
    await expect(passTime(open(url).look(), 1_000)).rejects.toMatchObject({ code: "TIMED_OUT", transient: true });
  });

  it("that drips one byte a second is never silent and still too slow", async () => {
    let response: ServerResponse | undefined;
    const url = await start((_, begun) => {
      response = begun.writeHead(200);
    });
    const work = open(url, { limits: { lookMs: 60_000, idleMs: 3_600_000 } }).look();
    await expect(passTime(work, 1_000, () => response?.write(" "))).rejects.toMatchObject({
      code: "TIMED_OUT",
      message: expect.stringContaining("within 60 s"),
    });
  });

  it("with versions that are not semver: they are passed over, and said", async () => {
    const versions = { "1.0.0": manifestOf(), latest: {}, "1.0": {}, v2: {}, "v3.0.0": {}, __proto__x: {} };
    const found = await open(await start(send(packumentOf({ versions }))), { range: "*" }).look();
    expect(found).toMatchObject({ version: "1.0.0", notes: ["passed over what is no version: latest, 1.0, v2 and 2 more"] });
  });

  it("in a folder of its host, with a long answer only, is asked there", async () => {
    const asked: string[] = [];
    const url = await start((request, response) => {
      asked.push(`${request.url} ${request.headers.accept}`);
      send({ ...packumentOf(), name: "@x/agent", versions: { "1.0.0": manifestOf({ name: "@x/agent" }) }, readme: "long" })(request, response);
    });
    await open(`${url}/api/npm/all`, { package: "@x/agent" }).look();
    expect(asked).toEqual([expect.stringMatching(/^\/api\/npm\/all\/@x%2fagent application\/vnd\.npm\.install-v1\+json/)]);
  });

  it("costs no body where nothing changed", async () => {
    const statuses: number[] = [];
    const url = await start((request, response) => {
      const isKnown = request.headers["if-none-match"] === '"one"';
      statuses.push(isKnown ? 304 : 200);
      if (isKnown) response.writeHead(304).end();
      else send(packumentOf(), 200, { etag: '"one"' })(request, response);
    });
    const source = open(url);
    const [first, second] = [await source.look(), await source.look()];
    expect(statuses).toEqual([200, 304]);
    expect(second).toEqual({ ...first, unchanged: true });
  });

  it("is given the token; another host that it leads to is not, and not asked over http", async () => {
    const heard: (string | undefined)[] = [];
    const other = await start((request, response) => {
      heard.push(`other ${request.headers.authorization}`);
      send(packumentOf())(request, response);
    });
    const url = await start((request, response) => {
      heard.push(request.headers.authorization);
      response.writeHead(302, { location: request.url === "/agent" ? "/moved" : `${other}/agent` }).end();
    });
    await expect(open(url, { readToken: async () => TOKEN }).look()).rejects.toMatchObject({
      code: "DETECTION_FAILED",
      message: expect.stringContaining("https only"),
    });
    expect(heard).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
  });

  it("that is called off says why", async () => {
    const stop = new AbortController();
    const url = await start(() => stop.abort(new Error("called off")));
    await expect(open(url).look(stop.signal)).rejects.toThrow("called off");
  });
});

describe("an archive of a registry", () => {
  const download = async (answer: Answer, integrity?: string, more: Partial<NpmSourceParts> = {}): Promise<unknown> => {
    const url = await start(answer);
    return failureOf(open(url, more).download(foundAt(`${url}/agent.tgz`, integrity), into));
  };
  afterEach(() => expect(readdirSync(place)).toEqual(["into"]));

  it("with the promised digest is taken", async () => {
    expect(await download(send(TARBALL))).toBe("no error");
    expect(readdirSync(into)).toEqual(["package.json"]);
  });

  it("with a wrong integrity is refused, and nothing of it unpacked", async () => {
    expect(await download(send(TARBALL), sha512(Buffer.from("other")))).toMatchObject({
      code: "PACKAGE_REFUSED",
      message: expect.stringMatching(/digest is another/),
    });
    expect(readdirSync(into)).toEqual([]);
  });

  it("without a digest is refused", async () => {
    for (const integrity of ["", "md5-AAAA", "sha512-AAAA"]) expect(await download(send(TARBALL), integrity)).toMatchObject({ code: "PACKAGE_REFUSED" });
  });

  it("whose size is announced as too large is not read", async () => {
    const answer = send(Buffer.alloc(5_000));
    expect(await download(answer, undefined, { limits: { tarballBytes: 4_999 } })).toMatchObject({
      code: "PACKAGE_REFUSED",
      message: expect.stringMatching(/more than 4999 bytes/),
    });
  });

  it("of a registry that lies about size: more comes than was announced", async () => {
    const answer: Answer = (_, response) => {
      response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n${"x".repeat(5_000)}`);
    };
    expect(await download(answer)).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringMatching(/digest is another/) });
  });

  it("of a registry that lies about size: less comes than was announced", async () => {
    const answer: Answer = (_, response) => {
      response.socket?.end("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nxx");
    };
    expect(await download(answer)).toMatchObject({ code: "SOURCE_GONE", transient: true });
  });

  it("that unpacks to more than the registry said is held to the limit", async () => {
    const bomb = makeTgz([
      { path: "package/package.json", body: '{"name":"agent","version":"1.0.0"}' },
      { path: "package/zeros", body: Buffer.alloc(2_000_000) },
    ]);
    const more = { limits: { unpacked: { unpackedBytes: 1_000_000 } } };
    expect(await download(send(bomb), sha512(bomb), more)).toMatchObject({
      code: "PACKAGE_REFUSED",
      message: expect.stringMatching(/more than 1000000 bytes/),
    });
    expect(readdirSync(into)).toEqual([]);
  });

  it("that never ends", async () => {
    const chunk = Buffer.alloc(65_536);
    const answer: Answer = (_, response) => {
      const more = (): void => {
        while (!response.destroyed) if (!response.write(chunk)) return void response.once("drain", more);
      };
      more();
    };
    expect(await download(answer, undefined, { limits: { tarballBytes: 2_000_000 } })).toMatchObject({
      code: "PACKAGE_REFUSED",
      message: expect.stringMatching(/more than 2000000/),
    });
  });

  it("that drips one byte a second", async () => {
    let response: ServerResponse | undefined;
    const work = download((_, begun) => {
      response = begun.writeHead(200);
    });
    expect(await passTime(work, 1_000, () => response?.write("x"))).toMatchObject({ code: "TIMED_OUT", transient: true });
  });

  it("that stops coming", async () => {
    const work = download((_, response) => response.writeHead(200).write("x"), undefined, { limits: { downloadMs: 3_600_000_000 } });
    expect(await passTime(work, 1_000)).toMatchObject({ code: "TIMED_OUT", message: expect.stringMatching(/nothing came for 60 s/) });
  });

  it("that is not there although the registry names it", async () => {
    expect(await download(send("", 404))).toMatchObject({ code: "SOURCE_GONE" });
  });

  it("whose package.json names another version, is none, or is missing", async () => {
    for (const [body, words] of [
      ['{"name":"agent","version":"1.0.1"}', /says that it is "agent@1.0.1"/],
      ['{"name":"other","version":"1.0.0"}', /says that it is "other@1.0.0"/],
      ["<html>", /no JSON/],
      ["null", /no object/],
    ] as const) {
      const tarball = makeTgz([{ path: "package/package.json", body }]);
      expect(await download(send(tarball), sha512(tarball))).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringMatching(words) });
      rmSync(into, { recursive: true });
      mkdirSync(into);
    }
    const without = makeTgz([{ path: "package/index.js" }]);
    expect(await download(send(without), sha512(without))).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringMatching(/no package.json/) });
  });

  it("with SHA-1 only is taken, and a note says so", async () => {
    const shasum = createHash("sha1").update(TARBALL).digest("hex");
    let registry = "";
    const url = await start((request, response) => {
      if (request.url === "/agent.tgz") return send(TARBALL)(request, response);
      const manifest = manifestOf({}, { integrity: undefined, shasum, tarball: `${registry}/agent.tgz` });
      return send(packumentOf({ versions: { "1.0.0": manifest } }))(request, response);
    });
    registry = url;
    const source = open(url);
    const found = await source.look();
    expect(found).toMatchObject({ refusedBecause: null, integrity: expect.stringMatching(/^sha1-/), notes: [expect.stringContaining("SHA-1")] });
    await source.download(found, into);
  });

  it("at another host is asked without the token, and over https only", async () => {
    const heard: (string | undefined)[] = [];
    const other = await start((request, response) => {
      heard.push(request.headers.authorization);
      send(TARBALL)(request, response);
    });
    const url = await start(send(packumentOf({ versions: { "1.0.0": manifestOf({}, { tarball: `${other}/agent.tgz` }) } })));
    const source = open(url, { readToken: async () => TOKEN });
    const found = await source.look();
    expect(found.refusedBecause).toMatch(/which is not asked: another host is asked over https only/);
    await expect(source.download(found, into)).rejects.toMatchObject({ code: "DETECTION_FAILED" });
    expect(heard).toEqual([]);
  });
});
