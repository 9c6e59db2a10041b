import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { hasOpenssl, makeCertificate } from "../../settings/make-certificate.testing.ts";
import { createEndpointSource, type EndpointSourceParts } from "./endpoint-source.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const ARCHIVE = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7_919) % 251));
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "instar-endpoint-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Heard {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void, certificate?: { cert: Buffer; key: Buffer }) {
  const heard: Heard[] = [];
  const listener: RequestListener = (request, response) => {
    heard.push({ path: request.url ?? "", headers: request.headers });
    answer(request, response);
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { heard, origin: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}` };
}

function openSource(url: string, more: Partial<EndpointSourceParts> = {}) {
  const scratchFolder = makeFolder();
  const extracted: { bytes: Buffer; into: string }[] = [];
  const source = createEndpointSource({
    url,
    readToken: async () => "t0ken",
    clock: systemClock,
    scratchFolder,
    extract: async (path, into) => {
      extracted.push({ bytes: readFileSync(path), into });
    },
    maxBytes: 65_536,
    maxArchiveBytes: 1_000_000,
    ...more,
  });
  return { source, extracted, scratchFolder };
}

const offer = (archive: string, more: object = {}) => ({ version: "1.4.0", archive, sha256: sha256(ARCHIVE), ...more });
const sendJson = (response: ServerResponse, value: unknown, headers = {}) =>
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));

/** An endpoint whose archive is answered by `archive`; what it offers is changed by `more`. */
async function serveRelease(archive: (request: IncomingMessage, response: ServerResponse, times: number) => void, more: object = {}) {
  let times = 0;
  const server = await serve((request, response) => {
    if (request.url === "/archive.tgz") {
      times += 1;
      archive(request, response, times);
    } else sendJson(response, offer(`http://${request.headers.host}/archive.tgz`, more));
  });
  return { ...server, url: `${server.origin}/releases` };
}

async function download(url: string, more: Partial<EndpointSourceParts> = {}) {
  const opened = openSource(url, more);
  const { found } = await opened.source.look();
  const error = await opened.source.download(found, "/into").then(
    () => undefined,
    (reason: unknown) => reason,
  );
  // Whatever became of it, nothing of it stays.
  expect(readdirSync(opened.scratchFolder)).toEqual([]);
  if (error !== undefined) expect(opened.extracted).toEqual([]);
  return { ...opened, error };
}

describe("a look", () => {
  it("finds what is offered, with the token, and asks for no archive", async () => {
    const { url, heard } = await serveRelease((_, response) => response.end(), { size: 300_000, notes: "better", channel: "stable", priority: "high" });
    const { source } = openSource(url);
    expect(await source.look()).toMatchObject({
      kind: "found",
      found: { version: "1.4.0", sha256: sha256(ARCHIVE), sizeBytes: 300_000, notes: "better", channel: "stable", priority: "high" },
    });
    expect(heard).toMatchObject([{ path: "/releases", headers: { authorization: "Bearer t0ken", accept: "application/json" } }]);
  });
  it("asks whether it changed, and hears that it did not", async () => {
    const changed = { etag: '"1"', "last-modified": "Sun, 29 Nov 2026 08:00:00 GMT" };
    const { origin, heard } = await serve((request, response) => {
      if (request.headers["if-none-match"] === '"1"') response.writeHead(304).end();
      else sendJson(response, offer("https://example.org/a.tgz"), changed);
    });
    const { source } = openSource(origin);
    expect((await source.look()).kind).toBe("found");
    expect(await source.look()).toMatchObject({ kind: "unchanged", found: { version: "1.4.0" } });
    expect(heard[1]?.headers["if-modified-since"]).toBe(changed["last-modified"]);
  });
  it("304 to a question that was not asked is no answer", async () => {
    const { origin } = await serve((_, response) => response.writeHead(304).end());
    await expect(openSource(origin).source.look()).rejects.toMatchObject({ code: "DETECTION_FAILED" });
  });
  it.each([
    ["answers HTML with 200", "<!doctype html><title>Sign in</title>", "text/html; charset=utf-8", "a page"],
    ["answers HTML and calls it JSON", "<!doctype html><title>Sign in</title>", "application/json", "is not JSON"],
    ["answers nothing", "", "application/json", "is empty"],
    ["answers a list", "[]", "application/json", "expected object"],
    [
      "gives a version that is not semver",
      JSON.stringify(offer("https://example.org/a", { version: "latest" })),
      "application/json",
      "version must be a semantic version",
    ],
    [
      "gives a digest of another kind",
      JSON.stringify(offer("https://example.org/a", { sha256: "d41d8cd98f00b204e9800998ecf8427e" })),
      "application/json",
      "sha256",
    ],
    ["gives an archive on the disk", JSON.stringify(offer("file:///etc/passwd")), "application/json", "archive"],
    ["gives an archive that is no address", JSON.stringify(offer("a.tgz")), "application/json", "archive"],
    ["gives an archive with a password", JSON.stringify(offer("https://u:p@example.org/a")), "application/json", "password"],
    ["gives a size that is none", JSON.stringify(offer("https://example.org/a", { size: -1 })), "application/json", "size"],
    ["gives what nobody knows", JSON.stringify(offer("https://example.org/a", { sha512: "x" })), "application/json", "sha512"],
    ["is deeply nested", "[".repeat(10_000), "application/json", "nested deeper"],
  ])("an endpoint that %s is refused, and the reason is said", async (_, body, type, because) => {
    const { origin } = await serve((_request, response) => response.writeHead(200, { "content-type": type }).end(body));
    await expect(openSource(origin).source.look()).rejects.toMatchObject({ code: "DETECTION_FAILED", message: expect.stringContaining(because) });
  });
  it.each([
    [500, "SOURCE_GONE", true],
    [503, "SOURCE_GONE", true],
    [429, "SOURCE_GONE", true],
    [401, "SOURCE_GONE", false],
    [404, "SOURCE_GONE", false],
    [418, "DETECTION_FAILED", false],
    [204, "DETECTION_FAILED", false],
  ])("an answer of %i is %s", async (status, code, transient) => {
    const { origin } = await serve((_, response) => response.writeHead(status).end());
    await expect(openSource(origin).source.look()).rejects.toMatchObject({ code, transient });
  });
  it("an endpoint that is not there may come back", async () => {
    const { origin } = await serve(() => {});
    await closers.pop()?.();
    await expect(openSource(origin).source.look()).rejects.toMatchObject({ code: "SOURCE_GONE", transient: true });
  });
  it("an answer that never ends is read no further than allowed", async () => {
    let closed = false;
    const { origin } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && response.write(" ".repeat(16_384)));
      };
      response.on("drain", more).on("close", () => {
        closed = true;
      });
      more();
    });
    await expect(openSource(origin).source.look()).rejects.toMatchObject({ code: "DETECTION_FAILED", message: expect.stringContaining("longer than 65536") });
    await until(() => closed);
  });
  it.each(["before the answer", "in the middle of it"])("an endpoint that falls silent %s is waited for half a minute", async (when) => {
    const clock = new SimulatedClock();
    const { origin, heard } = await serve((_, response) => {
      if (when !== "before the answer") response.writeHead(200, { "content-type": "application/json" }).write("{");
    });
    const looking = expect(openSource(origin, { clock }).source.look()).rejects.toMatchObject({ code: "TIMED_OUT", transient: true });
    await until(() => heard.length > 0 && clock.sleepers > 0);
    clock.advance(30_000);
    await looking;
    expect(clock.sleepers).toBe(0);
  });
  it("ends when it is told to, with the reason", async () => {
    const { origin, heard } = await serve(() => {});
    const end = new AbortController();
    const looking = expect(openSource(origin).source.look(end.signal)).rejects.toThrow("the daemon stops");
    await until(() => heard.length > 0);
    end.abort(new Error("the daemon stops"));
    await looking;
  });
});

describe("a download", () => {
  const whole = (_: IncomingMessage, response: ServerResponse) => response.writeHead(200, { "content-length": ARCHIVE.length, etag: '"a"' }).end(ARCHIVE);

  it("brings the archive, and hands it on to be laid out", async () => {
    const { url } = await serveRelease(whole, { size: ARCHIVE.length });
    const { error, extracted } = await download(url);
    expect(error).toBeUndefined();
    expect(extracted).toEqual([{ bytes: ARCHIVE, into: "/into" }]);
  });
  it.each(["with its length", "in chunks"])("an endpoint that lies about size %s", async (how) => {
    const announced = { size: ARCHIVE.length - 1 };
    const { url } = await serveRelease(
      (request, response) => (how === "in chunks" ? response.writeHead(200).end(ARCHIVE) : whole(request, response)),
      announced,
    );
    expect((await download(url)).error).toMatchObject({ code: "PACKAGE_REFUSED" });
    const shorter = await serveRelease((_, response) => response.writeHead(200).end(ARCHIVE), { size: ARCHIVE.length + 1 });
    expect((await download(shorter.url)).error).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringContaining("300001 were announced") });
  });
  it("an archive that is too large is refused by its word, before a byte comes", async () => {
    const announced = await serveRelease(whole, { size: 2_000_000 });
    expect((await download(announced.url)).error).toMatchObject({ code: "PACKAGE_REFUSED" });
    expect(announced.heard.map(({ path }) => path)).toEqual(["/releases"]);
    const said = await serveRelease((_, response) => response.writeHead(200, { "content-length": 2_000_000 }).flushHeaders());
    expect((await download(said.url)).error).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringContaining("2000000") });
  });
  it("an archive that never ends", async () => {
    const { url } = await serveRelease((_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
    });
    expect((await download(url)).error).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringContaining("goes on after 1000000 bytes") });
  });
  it("an archive that is a page", async () => {
    const { url } = await serveRelease((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>"));
    expect((await download(url)).error).toMatchObject({ code: "PACKAGE_REFUSED", message: expect.stringContaining("HTML") });
  });
  it("gives the wrong digest", async () => {
    const { url } = await serveRelease((_, response) => response.writeHead(200).end(Buffer.concat([ARCHIVE.subarray(1), Buffer.from("x")])), {
      size: ARCHIVE.length,
    });
    expect((await download(url)).error).toMatchObject({ code: "PACKAGE_REFUSED", facts: { announced: sha256(ARCHIVE) } });
  });
  it("an archive that came encoded although that was not asked for", async () => {
    const { url, heard } = await serveRelease((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"));
    expect((await download(url)).error).toMatchObject({ code: "PACKAGE_REFUSED" });
    expect(heard[1]?.headers["accept-encoding"]).toBe("identity");
  });
  it("an archive that is gone", async () => {
    const { url } = await serveRelease((_, response) => response.writeHead(404).end());
    expect((await download(url)).error).toMatchObject({ code: "SOURCE_GONE", transient: false });
  });
  it("an archive that drips is given up", async () => {
    const clock = new SimulatedClock();
    const { url, heard } = await serveRelease((_, response) => response.writeHead(200, { "content-length": ARCHIVE.length }).write("x"));
    const ended = download(url, { clock });
    await until(() => heard.length === 2 && clock.sleepers > 0);
    clock.advance(30_000);
    expect((await ended).error).toMatchObject({ code: "TIMED_OUT", transient: true });
  });
});

describe("a connection that breaks", () => {
  const breakAfter = (response: ServerResponse, bytes: number, headers: Record<string, string | number>) => {
    response.writeHead(200, { "content-length": ARCHIVE.length, ...headers });
    response.write(ARCHIVE.subarray(0, bytes), () => setImmediate(() => response.destroy()));
  };
  const rest = (request: IncomingMessage, response: ServerResponse, bytes = ARCHIVE) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1]);
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { "content-range": range, "content-length": bytes.length - from, etag: '"a"' }).end(bytes.subarray(from));
  };
  /** Its pauses take no time here; the limits of time have tests of their own. */
  const patient = (): EndpointSourceParts["clock"] => ({ ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms >= 30_000 ? ms : 0, signal) });

  it("is gone on with where it broke", async () => {
    const { url, heard } = await serveRelease((request, response, times) =>
      times === 1 ? breakAfter(response, 100_000, { etag: '"a"' }) : rest(request, response),
    );
    const { error, extracted } = await download(url, { clock: patient() });
    expect(error).toBeUndefined();
    expect(extracted[0]?.bytes.equals(ARCHIVE)).toBe(true);
    expect(heard[2]?.headers).toMatchObject({ "if-range": '"a"', range: expect.stringMatching(/^bytes=[1-9]\d*-$/) });
  });
  it("is begun again where the archive changed meanwhile", async () => {
    const { url } = await serveRelease((_, response, times) =>
      times === 1 ? breakAfter(response, 100_000, { etag: '"old"' }) : response.writeHead(200, { etag: '"new"' }).end(ARCHIVE),
    );
    const { error, extracted } = await download(url, { clock: patient() });
    expect(error).toBeUndefined();
    expect(extracted[0]?.bytes.equals(ARCHIVE)).toBe(true);
  });
  it("is begun again where nothing says what the part is a part of", async () => {
    const { url, heard } = await serveRelease((_, response, times) =>
      times === 1 ? breakAfter(response, 100_000, { etag: 'W/"a"' }) : response.writeHead(200).end(ARCHIVE),
    );
    expect((await download(url, { clock: patient() })).error).toBeUndefined();
    expect(heard[2]?.headers.range).toBeUndefined();
  });
  it("a rest of something else is found by the digest", async () => {
    const { url } = await serveRelease((request, response, times) =>
      times === 1 ? breakAfter(response, 100_000, { etag: '"a"' }) : rest(request, response, Buffer.alloc(ARCHIVE.length)),
    );
    expect((await download(url, { clock: patient() })).error).toMatchObject({ code: "PACKAGE_REFUSED" });
  });
  it("a part that was not asked for is never written", async () => {
    const { url } = await serveRelease((_, response, times) =>
      times === 1
        ? breakAfter(response, 100_000, { etag: '"a"' })
        : response.writeHead(206, { "content-range": `bytes 7-${ARCHIVE.length - 1}/${ARCHIVE.length}` }).end(ARCHIVE.subarray(7)),
    );
    expect((await download(url, { clock: patient() })).error).toMatchObject({
      code: "PACKAGE_REFUSED",
      message: expect.stringContaining("a part that was not asked for"),
    });
  });
  it("more often than it may fail in vain is gone on with, while something comes each time", async () => {
    const { url, heard } = await serveRelease((request, response, times) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "bytes=0-")?.[1]);
      if (times > 7) return rest(request, response);
      const range = { "content-range": `bytes ${from}-${ARCHIVE.length - 1}/${ARCHIVE.length}` };
      response.writeHead(from === 0 ? 200 : 206, { "content-length": ARCHIVE.length - from, etag: '"a"', ...(from === 0 ? {} : range) });
      response.write(ARCHIVE.subarray(from, from + 30_000), () => setTimeout(() => response.destroy(), 20));
    });
    expect((await download(url, { clock: patient() })).error).toBeUndefined();
    expect(heard).toHaveLength(9);
  });
  it("again and again is given up, and may be tried later", async () => {
    const { url, heard } = await serveRelease((_, response) => response.destroy());
    expect((await download(url, { clock: patient() })).error).toMatchObject({ code: "SOURCE_GONE", transient: true });
    expect(heard.filter(({ path }) => path === "/archive.tgz")).toHaveLength(5);
  });
});

describe("a token is never sent to another host", () => {
  it("where it is led on, and another host is not asked without https", async () => {
    const other = await serve((_, response) => sendJson(response, offer("https://example.org/a")));
    const { origin } = await serve((_, response) => response.writeHead(302, { location: `${other.origin}/x` }).end());
    await expect(openSource(origin).source.look()).rejects.toMatchObject({ code: "DETECTION_FAILED", message: expect.stringContaining("https only") });
    const archiveThere = await serve((_, response) => sendJson(response, offer(`${other.origin}/archive.tgz`)));
    expect((await download(archiveThere.origin)).error).toMatchObject({ code: "DETECTION_FAILED" });
    expect(other.heard).toEqual([]);
  });
  it.skipIf(!hasOpenssl)("where the archive lies on another host over https, or is led on to one", async () => {
    const { certificatePath, keyPath } = makeCertificate(makeFolder(), "elsewhere");
    const certificate = { cert: readFileSync(certificatePath), key: readFileSync(keyPath) };
    const before = getCACertificates("default");
    closers.push(() => setDefaultCACertificates(before));
    setDefaultCACertificates([...before, certificate.cert.toString()]);
    const other = await serve((_, response) => response.writeHead(200).end(ARCHIVE), certificate);
    const direct = await serve((_, response) => sendJson(response, offer(`${other.origin}/archive.tgz`)));
    expect((await download(direct.origin)).error).toBeUndefined();
    const led = await serveRelease((_, response) => response.writeHead(307, { location: `${other.origin}/archive.tgz` }).end());
    expect((await download(led.url)).error).toBeUndefined();
    expect(led.heard.map(({ headers }) => headers.authorization)).toEqual(["Bearer t0ken", "Bearer t0ken"]);
    expect(other.heard.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });
  it("within its own origin it is led on, but not for ever", async () => {
    const { origin, heard } = await serve((request, response) => response.writeHead(301, { location: `${request.url}x` }).end());
    await expect(openSource(origin).source.look()).rejects.toMatchObject({ code: "DETECTION_FAILED", message: expect.stringContaining("redirects") });
    expect(heard).toHaveLength(6);
  });
  it("to what is no address it is not led", async () => {
    for (const location of ["http://", "file:///etc/passwd", "https://user:word@example.org/"]) {
      const { origin } = await serve((_, response) => response.writeHead(302, { location }).end());
      await expect(openSource(origin).source.look()).rejects.toMatchObject({ code: "DETECTION_FAILED" });
    }
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
