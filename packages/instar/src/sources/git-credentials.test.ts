import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGitSource } from "./git-source.ts";
import { makeRepository } from "./make-repository.testing.ts";

const TOKEN = "ghp_thisIsTheSecretToken";
const folder = mkdtempSync(join(tmpdir(), "instar-credentials-"));
const heard: { port: number; authorization: string | undefined }[] = [];
const servers: Server[] = [];
let commit: string;

/** A private repository over HTTP as git's oldest protocol has it: files. `answer` may send elsewhere first. */
async function serve(isLetIn: (authorization: string | undefined) => boolean, redirect?: string): Promise<number> {
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    heard.push({ port: (server.address() as AddressInfo).port, authorization });
    const path = join(folder, "upstream", ".git", normalize((request.url ?? "").split("?")[0] ?? "").replace(/^\/agent\.git/, ""));
    if (redirect !== undefined) response.writeHead(302, { location: `${redirect}${request.url}` }).end();
    else if (!isLetIn(authorization)) response.writeHead(401, { "www-authenticate": "Basic" }).end();
    else if (existsSync(path) && !path.endsWith("/")) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(() => {
  const upstream = makeRepository(join(folder, "upstream"));
  commit = upstream.commit("one", { "a.txt": "a" });
  upstream.git("update-server-info");
});
afterAll(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const isOwner = (authorization: string | undefined) => authorization === `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;
let mirrors = 0;
const sourceOf = (remote: string, more: Partial<Parameters<typeof createGitSource>[0]> = {}) =>
  createGitSource({ remote, branch: "main", mirrorFolder: join(folder, `mirror-${++mirrors}`), path: process.env.PATH ?? "", home: folder, ...more });
const tokenFor = (port: number, token = TOKEN) => ({ token: { origin: `http://127.0.0.1:${port}`, user: "x-access-token", read: () => token } });

describe("a private remote by HTTPS", () => {
  it("is read with the token, and not without", async () => {
    const port = await serve(isOwner);
    const remote = `http://127.0.0.1:${port}/agent.git`;
    expect(await sourceOf(remote, tokenFor(port)).look()).toMatchObject({ commit });
    await expect(sourceOf(remote).look()).rejects.toMatchObject({ code: "SOURCE_GONE" });
  });

  it("never echoes a token that is refused", async () => {
    const port = await serve(isOwner);
    const wrong = "ghp_thisOneIsWrong";
    const error: unknown = await sourceOf(`http://127.0.0.1:${port}/agent.git`, tokenFor(port, wrong))
      .look()
      .catch((reason: unknown) => reason);
    const words = JSON.stringify(error, Object.getOwnPropertyNames(error as object)) + String((error as Error).cause);
    expect(words).toContain("SOURCE_GONE");
    for (const secret of [wrong, Buffer.from(`x-access-token:${wrong}`).toString("base64")]) expect(words).not.toContain(secret);
  });

  it("does not give the token to where it is sent on to", async () => {
    const elsewhere = await serve(() => true);
    const port = await serve(isOwner, `http://127.0.0.1:${elsewhere}`);
    heard.length = 0;
    await sourceOf(`http://127.0.0.1:${port}/agent.git`, tokenFor(port))
      .look()
      .catch(() => undefined);
    expect(heard.filter((each) => each.port === port && each.authorization !== undefined).length).toBeGreaterThan(0);
    expect(heard.filter((each) => each.port === elsewhere && each.authorization !== undefined)).toEqual([]);
  });
});

describe("a private remote by SSH", () => {
  it("is asked with the key that is named, whatever is in its path, and asks nobody anything", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "ssh"), `#!/bin/sh\nfor each in "$@"; do echo "$each" >> ${join(folder, "ssh-asked")}; done\nexit 255\n`);
    chmodSync(join(bin, "ssh"), 0o755);
    const key = join(folder, "it's a key");
    await expect(sourceOf("ssh://git@127.0.0.1/agent.git", { sshKey: key, path: `${bin}:${process.env.PATH}` }).look()).rejects.toMatchObject({
      code: "SOURCE_GONE",
    });
    const asked = readFileSync(join(folder, "ssh-asked"), "utf8").split("\n");
    expect(asked).toEqual(expect.arrayContaining(["BatchMode=yes", "IdentitiesOnly=yes", "-i", key]));
  });
});
