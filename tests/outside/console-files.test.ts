// What of the built console is served, under which headers, and what nobody gets by it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { InstarError } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planConsolePath } from "../../packages/instar/src/faces/console/plan-console-path.ts";
import { type HttpFace, serveHttp } from "../../packages/instar/src/faces/http/serve-http.ts";
import { buildConsole, CONSOLE_DIST } from "../../scripts/build-console.ts";
import { ROOT } from "../../scripts/read-project.ts";
import { askFace } from "./ask-face.ts";
import { createFakeEntrance } from "./fake-entrance.ts";
import { createFakeImplementations } from "./fake-implementations.ts";

const refuse = (): never => {
  throw new InstarError("UNAUTHORIZED", "nobody is let in here");
};
const console = { login: async () => refuse(), admit: async () => refuse(), view: refuse, logout: refuse };
const PAGE = '<!doctype html><title>Instar</title><script type="module" src="/console/assets/main-a1.js"></script>';

let root: string;
let face: HttpFace;
let isBuilt = true;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "instar-console-"));
  const built = join(root, "built");
  mkdirSync(join(built, "assets"), { recursive: true });
  writeFileSync(join(root, "secret.txt"), "the key");
  writeFileSync(join(built, "index.html"), PAGE);
  writeFileSync(join(built, ".hidden.txt"), "the key");
  writeFileSync(join(built, "icon.svg"), "<svg/>");
  writeFileSync(join(built, "odd.exe"), "the key");
  writeFileSync(join(built, "assets", "main-a1.js"), "let a = 1;");
  writeFileSync(join(built, "assets", "main-a1.js.br"), brotliCompressSync("let a = 1;"));
  symlinkSync(join(root, "secret.txt"), join(built, "link.txt"));
  symlinkSync(root, join(built, "out"));
  const entrance = { ...createFakeEntrance(createFakeImplementations().implementations), console };
  face = await serveHttp(entrance, { version: "1", dataFolder: null, findConsole: () => (isBuilt ? built : null) });
});
afterAll(async () => {
  await face.close();
  rmSync(root, { recursive: true });
});

/** Byte for byte as written: a client would tidy the path up. */
function askRaw(path: string, { method = "GET", headers = "" } = {}): Promise<{ status: number; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host: "127.0.0.1", port: face.port }, () =>
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: localhost:${face.port}\r\nConnection: close\r\n${headers}\r\n`, "latin1"),
    );
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      const [head = "", ...body] = text.split("\r\n\r\n");
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head: head.toLowerCase(), body: body.join("\r\n\r\n") });
    });
  });
}

describe("the page", () => {
  it.each(["/console", "/console/", "/console/index.html", "/console/updates", "/console/updates/abc-123?tab=diff", "/console/%E2%82%AC"])(
    "answers %s, to anybody, and is kept by nobody",
    async (path) => {
      const { status, head, body } = await askRaw(path);
      expect(status).toBe(200);
      expect(body).toContain(PAGE);
      expect(head).toContain("cache-control: no-store");
      expect(head).toContain("content-type: text/html");
    },
  );
  it("brings no code but its own, stands in no frame, and tells nobody where it was", async () => {
    const { head } = await askRaw("/console/");
    const policy = /content-security-policy: (.*)/.exec(head)?.[1] ?? "";
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    for (const header of [
      "x-content-type-options: nosniff",
      "referrer-policy: no-referrer",
      "cross-origin-opener-policy: same-origin",
      "cross-origin-resource-policy: same-origin",
    ])
      expect(head).toContain(header);
    expect(head).not.toContain("access-control-");
  });
  it("is what the bare address leads to", async () => {
    const { status, head } = await askRaw("/");
    expect({ status, leads: /location: (.*)/.exec(head)?.[1]?.trim() }).toEqual({ status: 302, leads: "/console/" });
  });
  it("has a head of its own", async () => {
    const { status, body } = await askRaw("/console/", { method: "HEAD" });
    expect({ status, body }).toEqual({ status: 200, body: "" });
  });
  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("is not to be had by %s without papers", async (method) => {
    const { status } = await askRaw("/console/", { method, headers: "Content-Length: 0\r\n" });
    expect(status).toBe(401);
  });
  it("says how to build it where that was not done", async () => {
    isBuilt = false;
    const { status, body, head } = await askRaw("/console/updates");
    isBuilt = true;
    expect(status).toBe(404);
    expect(body).toContain("node scripts/build-console.ts");
    expect(head).toContain("content-type: text/plain");
  });
});

describe("a file of the build", () => {
  it("whose name has its digest in it is kept for ever, packed where that is understood", async () => {
    const plain = await askRaw("/console/assets/main-a1.js");
    expect(plain).toMatchObject({ status: 200, body: "let a = 1;" });
    expect(plain.head).toContain("cache-control: public, max-age=31536000, immutable");
    expect(plain.head).toContain("content-type: text/javascript");
    const packed = await askRaw("/console/assets/main-a1.js", { headers: "Accept-Encoding: gzip, br\r\n" });
    expect(packed.head).toContain("content-encoding: br");
    expect((await askRaw("/console/assets/main-a1.js", { headers: "Accept-Encoding: br;q=0\r\n" })).head).not.toContain("content-encoding");
    const etag = /etag: (.*)/.exec(plain.head)?.[1] ?? "";
    expect(await askRaw("/console/assets/main-a1.js", { headers: `If-None-Match: ${etag}\r\n` })).toMatchObject({ status: 304, body: "" });
  });
  it("that is not there is not the page", async () => expect((await askRaw("/console/assets/gone-b2.js")).status).toBe(404));
});

describe("nothing else of this machine is to be had:", () => {
  it.each([
    "/console/../secret.txt",
    "/console/../../secret.txt",
    "/console/%2e%2e/secret.txt",
    "/console/%2E%2E%2Fsecret.txt",
    "/console/..%2fsecret.txt",
    "/console/%252e%252e/secret.txt",
    "/console/..%252fsecret.txt",
    "/console/..\\secret.txt",
    "/console/..%5csecret.txt",
    "/console/assets/../../secret.txt",
    "/console/assets/%2e%2e/%2e%2e/secret.txt",
    "/console/.hidden.txt",
    "/console/%2ehidden.txt",
    "/console/link.txt",
    "/console/out/secret.txt",
    "/console/odd.exe",
    "/console/secret.txt%00.js",
    "/console/%00",
    "/console/%ff.txt",
    "/console/%",
    "/console//etc/passwd.txt",
    "/console/C:/secret.txt",
    "//console/../secret.txt",
    "/console/assets",
  ])("%s", async (path) => {
    const { body, head } = await askRaw(path);
    expect(body).not.toContain("the key");
    expect(body).not.toContain("root:");
    expect(head).not.toMatch(/^http\/1\.1 500/);
  });
});

it("the same port is listened on by no other address that localhost may mean", async () => {
  const answer = await fetch(`http://[::1]:${face.port}/console/`).catch(() => undefined);
  // Where this machine has no IPv6 nobody can.
  if (answer !== undefined) expect(await answer.text()).toContain(PAGE);
});

it("what the protocol answers is kept by no cache and shown by no page of elsewhere", async () => {
  const answer = await fetch(`http://127.0.0.1:${face.port}/v1/status`);
  for (const [name, value] of [
    ["cache-control", "no-store"],
    ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
    ["x-content-type-options", "nosniff"],
    ["cross-origin-resource-policy", "same-origin"],
  ] as const)
    expect(answer.headers.get(name)).toBe(value);
  expect((await askFace(face.port, { method: "GET", path: "/v1/status" })).status).toBe(200);
});

describe("the console as it is built", () => {
  let page: string;
  beforeAll(async () => {
    await buildConsole(() => undefined);
    page = readFileSync(join(CONSOLE_DIST, "index.html"), "utf8");
  });
  it("has nothing inline that the policy would stop, and nothing from elsewhere", () => {
    for (const [, attributes = "", inside = ""] of page.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)) {
      expect(attributes).toMatch(/ src="\/console\//);
      expect(inside).toBe("");
    }
    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|data:|<base|<form|<iframe/i);
    for (const [, address = ""] of page.matchAll(/(?:src|href)="([^"]*)"/g)) expect(address).toMatch(/^\/console\/[\w./-]+$/);
  });
  it("is made for people, whatever built it: every part can be read, none is a developer's, and none names this machine", () => {
    for (const name of readdirSync(join(CONSOLE_DIST, "assets")).filter((each) => each.endsWith(".js"))) {
      const text = readFileSync(join(CONSOLE_DIST, "assets", name), "utf8");
      const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--check"], { input: text, encoding: "utf8" });
      expect(status, `${name}: ${stderr.slice(-200)}`).toBe(0);
      expect(text, name).not.toMatch(/jsxDEV|react-dom-client\.development/);
      expect(text.includes(ROOT), name).toBe(false);
    }
  });
  it("names only files that are there and are served", () => {
    const named = [...page.matchAll(/(?:src|href)="\/console\/([^"]*)"/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(1);
    for (const name of [...named, ...readdirSync(join(CONSOLE_DIST, "assets")).map((each) => `assets/${each}`)]) {
      expect(existsSync(join(CONSOLE_DIST, name)), name).toBe(true);
      if (!name.endsWith(".br")) expect(planConsolePath(`/console/${name}`), name).toMatchObject({ kind: "file" });
    }
  });
});
