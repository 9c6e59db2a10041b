import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewestAnswer } from "./answer-registry.ts";
import type { NewestQuestion } from "./parse-newest-question.ts";
import { type RegistryFace, type RegistryParts, serveRegistry } from "./serve-registry.ts";

const SHA = "a".repeat(64);
const RELEASE = `/targets/stable/${SHA}.agent-1.0.0.tgz`;
let place: string;
let repository: string;
let face: RegistryFace;
let said: string[];
let asked: NewestQuestion[];
let newest: () => Promise<NewestAnswer>;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "instar-registry-"));
  repository = join(place, "repository");
  [said, asked] = [[], []];
  newest = async () => ({ kind: "none", because: "nothing is there", yanked: null });
  for (const folder of ["metadata", "targets/stable", "private/drafts", "keys"]) mkdirSync(join(repository, folder), { recursive: true });
  writeFileSync(join(repository, "metadata", "timestamp.json"), '{"signed":1}');
  writeFileSync(join(repository, RELEASE), "0123456789");
  writeFileSync(join(repository, "private", "secret.json"), "secret");
  writeFileSync(join(place, "outside.json"), "secret");
  face = await open();
});
afterEach(async () => {
  await face.close();
  rmSync(place, { recursive: true });
});

const open = (more: Partial<RegistryParts> = {}) =>
  serveRegistry({
    repository,
    host: "127.0.0.1",
    port: 0,
    findNewest: (question) => {
      asked.push(question);
      return newest();
    },
    say: (line) => said.push(line),
    ...more,
  });

/** The path goes out as it is written here: a browser would tidy it first. */
const ask = (path: string, headers: Record<string, string> = {}, method = "GET", port = face.port) =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });

/** What a server says to bytes that no client would send. */
const speak = (bytes: string): Promise<string> =>
  new Promise((resolve) => {
    let heard = "";
    const socket = connect(face.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(heard));
  });

describe("what is published is served", () => {
  it("metadata, to be asked for anew each time", async () => {
    expect(await ask("/metadata/timestamp.json")).toMatchObject({
      status: 200,
      body: '{"signed":1}',
      headers: { "content-type": "application/json", "content-length": "12", "cache-control": "no-cache", "x-content-type-options": "nosniff" },
    });
  });
  it("releases, which never change under their digest", async () => {
    expect(await ask(RELEASE)).toMatchObject({
      status: 200,
      body: "0123456789",
      headers: { "content-type": "application/gzip", "cache-control": expect.stringContaining("immutable"), "accept-ranges": "bytes" },
    });
  });
  it("their heads alone", async () => {
    expect(await ask(RELEASE, {}, "HEAD")).toMatchObject({
      status: 200,
      body: "",
      headers: { "content-length": "10", etag: expect.stringMatching(/^"\w+"$/) },
    });
    expect(await ask("/metadata/nothing.json", {}, "HEAD")).toMatchObject({ status: 404, body: "" });
  });
  it("the rest of a download that was cut, as long as it is the same file", async () => {
    const { etag } = (await ask(RELEASE)).headers;
    const resume = { range: "bytes=4-", "if-range": String(etag) };
    expect(await ask(RELEASE, resume)).toMatchObject({ status: 206, body: "456789", headers: { "content-range": "bytes 4-9/10", "content-length": "6" } });
    writeFileSync(join(repository, RELEASE), "another file");
    expect(await ask(RELEASE, resume)).toMatchObject({ status: 200, body: "another file" });
  });
  it("nothing beyond its end", async () => {
    expect(await ask(RELEASE, { range: "bytes=10-" })).toMatchObject({ status: 416, body: "", headers: { "content-range": "bytes */10" } });
  });
  it("nothing to who has it already", async () => {
    const { etag } = (await ask("/metadata/timestamp.json")).headers;
    expect(await ask("/metadata/timestamp.json", { "if-none-match": String(etag) })).toMatchObject({ status: 304, body: "", headers: { etag } });
  });
  it("an empty file", async () => {
    writeFileSync(join(repository, RELEASE), "");
    expect(await ask(RELEASE)).toMatchObject({ status: 200, body: "", headers: { "content-length": "0" } });
  });
});

describe("bad requests:", () => {
  it.each([
    ["what is private", "/private/secret.json"],
    ["what is private, by dots", "/metadata/../private/secret.json"],
    ["what is private, by encoded dots", "/metadata/%2e%2e/private/secret.json"],
    ["what is private, by encoded slashes", "/metadata/..%2fprivate%2fsecret.json"],
    ["what lies outside, by dots", "/metadata/../../outside.json"],
    ["a NUL byte", "/metadata/timestamp.json%00"],
    ["a folder", "/metadata/"],
    ["the top", "/"],
    ["what is not there", "/metadata/nothing.json"],
    ["a file as if it were a folder", "/targets/stable"],
  ])("%s is not there", async (_, path) => {
    expect(await ask(path)).toMatchObject({ status: 404, headers: { "content-type": "application/problem+json" } });
    expect(said).toEqual([]);
  });
  it("a link to a file outside is not followed", async () => {
    symlinkSync(join(place, "outside.json"), join(repository, "metadata", "link.json"));
    expect(await ask("/metadata/link.json")).toMatchObject({ status: 404 });
  });
  it("a channel that is a link is not followed", async () => {
    mkdirSync(join(place, "elsewhere"));
    writeFileSync(join(place, "elsewhere", `${SHA}.agent-1.0.0.tgz`), "secret");
    symlinkSync(join(place, "elsewhere"), join(repository, "targets", "beta"));
    expect(await ask(`/targets/beta/${SHA}.agent-1.0.0.tgz`)).toMatchObject({ status: 404 });
  });
  it("a room that is a link is not followed", async () => {
    rmSync(join(repository, "metadata"), { recursive: true });
    symlinkSync(join(repository, "private"), join(repository, "metadata"));
    expect(await ask("/metadata/secret.json")).toMatchObject({ status: 404 });
  });
  it("a folder with the name of a file, and a pipe, are not served", async () => {
    mkdirSync(join(repository, "metadata", "folder.json"));
    execFileSync("mkfifo", [join(repository, "metadata", "pipe.json")]);
    expect(await ask("/metadata/folder.json")).toMatchObject({ status: 404 });
    expect(await ask("/metadata/pipe.json")).toMatchObject({ status: 404 });
  });
  it.each(["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])("%s is refused: this is read only", async (method) => {
    expect(await ask("/metadata/timestamp.json", {}, method)).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });
  it("a head without end is refused", async () => {
    expect(await speak(`GET /metadata/timestamp.json HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });
  it("what is no HTTP is refused", async () => {
    expect(await speak("let me in\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
  });
  it("a body is not waited for, and its connection is not used again", async () => {
    const heard = await speak(
      "GET /metadata/timestamp.json HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabcGET /private/secret.json HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    expect(heard).toMatch(/^HTTP\/1.1 200 /);
    expect(heard.match(/HTTP\/1.1 /g)).toHaveLength(1);
  });
});

describe("the question of clients without TUF", () => {
  it("is answered, and says that nobody signed the answer", async () => {
    newest = async () => ({ kind: "found", version: "1.0.0", path: RELEASE, sha256: SHA, lengthBytes: 10 });
    const { status, headers, body } = await ask("/api/v1/updates?component=agent&channel=beta&current=0.9.0");
    expect({ status, type: headers["content-type"], cache: headers["cache-control"] }).toEqual({ status: 200, type: "application/json", cache: "no-store" });
    expect(JSON.parse(body)).toEqual({
      component: "agent",
      channel: "beta",
      current: "0.9.0",
      isSigned: false,
      note: expect.stringContaining("Nobody signed this answer"),
      newest: { kind: "found", version: "1.0.0", path: RELEASE, sha256: SHA, lengthBytes: 10 },
    });
  });
  it("is about stable where no channel is named", async () => {
    expect(await ask("/api/v1/updates?component=agent")).toMatchObject({ status: 200 });
    expect(asked).toEqual([{ component: "agent", channel: "stable", current: null }]);
  });
  it.each([
    ["no component", ""],
    ["a component that is no name", "component=../agent"],
    ["a channel that is no name", "component=agent&channel=a%2fb"],
    ["a version that is none", "component=agent&current=newest"],
    ["a version without end", `component=agent&current=1.0.0-${"a".repeat(200)}`],
    ["a component twice", "component=agent&component=other"],
    ["what it does not know", "component=agent&__proto__=1"],
  ])("is refused with %s", async (_, query) => {
    expect(await ask(`/api/v1/updates?${query}`)).toMatchObject({ status: 400, headers: { "content-type": "application/problem+json" } });
    expect(asked).toEqual([]);
  });
  it("is not answered where the metadata say nothing that counts, and no path is told", async () => {
    newest = () => Promise.reject(new InstarError("DATA_DAMAGED", `${repository} is damaged`));
    const { status, body } = await ask("/api/v1/updates?component=agent");
    expect({ status, code: JSON.parse(body).code, tells: body.includes(repository) }).toEqual({ status: 503, code: "DATA_DAMAGED", tells: false });
  });
  it("is answered with 500 where something else is wrong, which the log is told", async () => {
    newest = () => Promise.reject(new Error(`no ${repository}`));
    const { status, body } = await ask("/api/v1/updates?component=agent");
    expect({ status, tells: body.includes(repository) }).toEqual({ status: 500, tells: false });
    expect(said).toEqual([expect.stringContaining(repository)]);
  });
});

describe("the server", () => {
  it("says 503 where too many ask at once, and serves again when they are gone", async () => {
    const { promise, resolve } = Promise.withResolvers<NewestAnswer>();
    newest = () => promise;
    const narrow = await open({ atOnce: 1 });
    try {
      const first = ask("/api/v1/updates?component=agent", {}, "GET", narrow.port);
      while (asked.length === 0) await new Promise((turn) => setImmediate(turn));
      expect(await ask("/metadata/timestamp.json", {}, "GET", narrow.port)).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
      resolve({ kind: "none", because: "", yanked: null });
      expect(await first).toMatchObject({ status: 200 });
      expect(await ask("/metadata/timestamp.json", {}, "GET", narrow.port)).toMatchObject({ status: 200 });
    } finally {
      await narrow.close();
    }
  });
  it("does not share its port: PORT_IN_USE", async () => {
    await expect(open({ port: face.port })).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });
  it("does not listen where this machine is not: PLATFORM_FAILED", async () => {
    await expect(open({ host: "192.0.2.1" })).rejects.toMatchObject({ code: "PLATFORM_FAILED" });
  });
});
