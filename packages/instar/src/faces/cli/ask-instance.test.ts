import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError, OPERATIONS, type Operation, renderProblem } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readProcessIdentity } from "../../platform/process-identity.ts";
import type { ReadSettings } from "../../settings/read-settings.ts";
import { type AnswersFromDisk, type Asking, askInstance } from "./ask-instance.ts";

const operationOf = (name: string) => (OPERATIONS as readonly Operation[]).find((operation) => operation.name === name) as Operation;
const READ = { settings: { name: "demo" } } as ReadSettings;
const FORBIDDEN = new InstarError("FORBIDDEN", "the role operator may not");
let folder: string;
let server: Server;
let shown: (string | undefined)[];
let prompts: number;
let made: unknown[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "instar-ask-"));
  [shown, prompts, made] = [[], 0, []];
  // A daemon whose own door may not, and which lets a person's token do it.
  server = createServer((asked, response) => {
    const token = asked.headers.authorization?.replace("Bearer ", "");
    shown.push(token);
    if (token === "good") response.writeHead(200).end('{"done":true}');
    else response.writeHead(403, { "content-type": "application/problem+json" }).end(JSON.stringify(renderProblem(FORBIDDEN)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const self = await readProcessIdentity(process.pid);
  writeFileSync(join(folder, "daemon.json"), JSON.stringify({ ...self, port: (server.address() as AddressInfo).port, token: "door" }));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});
const ask = (name: string, parts: Partial<Asking> & { typed?: string; hasAdmin?: boolean } = {}, input: Record<string, unknown> = {}) => {
  const disk: AnswersFromDisk = {
    openForReading: () => Promise.reject(new Error("a daemon runs")),
    answerOffline: () => Promise.reject(new Error("a daemon runs")),
    createFirstToken: async (_, __, asked) => {
      if (parts.hasAdmin === true) throw new InstarError("FORBIDDEN", "a token of role admin lives");
      made.push(asked);
      return { secret: "first" };
    },
  };
  const askForToken = async () => {
    prompts += 1;
    return parts.typed;
  };
  return askInstance(disk, { read: READ, folder, token: parts.token, askForToken }, operationOf(name), input);
};

describe("what the door alone may not do", () => {
  it("is asked a person's token for, and tried once more", async () => {
    expect(await ask("token.list", { typed: "good" })).toEqual({ done: true });
    expect(shown).toEqual(["door", "good"]);
  });
  it("is tried once more, not again and again", async () => {
    await expect(ask("token.list", { typed: "bad" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect({ shown, prompts }).toEqual({ shown: ["door", "bad"], prompts: 1 });
  });
  it("is refused where nobody is there to ask, and where a token was given that may not", async () => {
    await expect(ask("token.list")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(ask("token.list", { token: "bad", typed: "good" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(prompts).toBe(1);
    expect(shown).toEqual(["door", "bad"]);
  });
  it("is no reason to ask where a token would not help", async () => {
    await expect(ask("update.resume", { typed: "good" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(prompts).toBe(0);
  });
  it("but the first token is made in the database, by whoever owns it, with the same input", async () => {
    expect(await ask("token.create", {}, { name: "root", role: "admin" })).toEqual({ secret: "first" });
    expect(made).toEqual([{ name: "root", role: "admin", expires: "90d" }]);
    await expect(ask("token.create", {}, { name: "not a name", role: "admin" })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
  it("and once an admin lives, only an admin's token makes more", async () => {
    await expect(ask("token.create", { hasAdmin: true }, { name: "a", role: "admin" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await ask("token.create", { hasAdmin: true, typed: "good" }, { name: "a", role: "admin" })).toEqual({ done: true });
    expect(made).toEqual([]);
  });
});
