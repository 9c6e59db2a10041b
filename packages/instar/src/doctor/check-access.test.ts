import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, transact } from "../database/open-database.ts";
import { type NewToken, TokenStore } from "../governance/access/token-store.ts";
import { newId } from "../update/new-id.ts";
import { checkAccess } from "./check-access.ts";

let root: string;
let database: ReturnType<typeof openDatabase>;
let tokens: TokenStore;
const data = () => join(root, "data");
const agent = () => join(root, "agent");
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "instar-access-"));
  mkdirSync(data(), { mode: 0o700 });
  mkdirSync(join(agent(), "deep"), { recursive: true });
  database = openDatabase(join(data(), "instar.db"));
  writeFileSync(join(data(), "daemon.json"), "{}", { mode: 0o600 });
  tokens = new TokenStore({ database, clock: new SimulatedClock(), newId });
});
afterEach(() => {
  database.close();
  rmSync(root, { recursive: true });
});
const create = (parts: Partial<NewToken> = {}) =>
  transact(database, () => tokens.create({ name: newId(), role: "admin", scope: null, expiresAt: "2030-01-01T00:00:00.000Z", createdBy: "ada", ...parts }));
const check = (readable = [join(agent(), ".env"), agent()]) =>
  checkAccess({ door: { role: "operator", because: "it can be read" }, folder: data(), tokens, readable });
const failing = async () => (await check()).filter(({ verdict }) => verdict === "fail");

describe("the doctor looks at who could come in who should not:", () => {
  it("all is well where nothing lies about", async () => {
    create();
    const checks = await check();
    expect(checks.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(checks[0]).toMatchObject({ area: "access", what: "door", because: expect.stringContaining("operator: it can be read") });
  });

  it.each([
    ["the data folder", ""],
    ["the door", "daemon.json"],
    ["the database", "instar.db"],
  ])("%s that others may open", async (_, name) => {
    chmodSync(join(data(), name), 0o755);
    expect(await failing()).toMatchObject([{ what: join(data(), name), advice: `chmod go= ${join(data(), name)}` }]);
  });

  it.each(["admin", "approver", "operator"] as const)("a living token of role %s in what the agent can read", async (role) => {
    const { token, secret } = create({ role });
    writeFileSync(join(agent(), ".env"), `A=1\nINSTAR_TOKEN=${secret}\n`);
    const found = await failing();
    expect(found).toMatchObject([{ what: join(agent(), ".env"), advice: expect.stringContaining(`instar token revoke ${token.id}`) }]);
    expect(JSON.stringify(found)).not.toContain(secret.slice(-43));
    transact(database, () => tokens.revoke(token.id));
    expect(await failing()).toEqual([]);
    expect(await check()).toContainEqual(expect.objectContaining({ because: expect.stringContaining("does not count (revoked)") }));
  });

  it("through a link, and between bytes that are no text", async () => {
    const { secret } = create();
    writeFileSync(join(root, "elsewhere"), Buffer.concat([Buffer.from([0, 255, 254]), Buffer.from(` ${secret} `), Buffer.from([0, 200])]));
    symlinkSync(join(root, "elsewhere"), join(agent(), "link"));
    expect(await failing()).toHaveLength(1);
  });

  it("an agent's own token may lie there", async () => {
    writeFileSync(join(agent(), "token"), create({ role: "agent" }).secret);
    writeFileSync(join(agent(), "looks"), create({ role: "viewer" }).secret);
    expect(await failing()).toEqual([]);
  });

  it("does not wait for a pipe, read for ever, or fall over what it may not open", async () => {
    execFileSync("mkfifo", [join(agent(), "pipe")]);
    symlinkSync("/dev/zero", join(agent(), "zero"));
    symlinkSync(join(agent(), "loop"), join(agent(), "loop"));
    writeFileSync(join(agent(), "closed"), "x", { mode: 0 });
    writeFileSync(join(agent(), "large"), Buffer.alloc(3_000_000, "x"));
    expect((await check()).filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  });

  it("says of how many files it does not know", async () => {
    for (let index = 0; index < 320; index += 1) writeFileSync(join(agent(), `f${index}`), "");
    expect(await check()).toContainEqual(expect.objectContaining({ verdict: "inconclusive", because: "21 files were not looked into for tokens" }));
  });

  it("names tokens that administer for ever", async () => {
    const { token } = create({ name: "root", expiresAt: null });
    create({ role: "viewer", expiresAt: null });
    expect(await check()).toContainEqual(
      expect.objectContaining({ verdict: "inconclusive", because: `1 tokens may approve or administer; these never end: root (${token.id})` }),
    );
  });
});
