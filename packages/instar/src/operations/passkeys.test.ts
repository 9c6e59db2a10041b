// Passkeys over HTTP, with a daemon, a journal, a ledger and a file of passkeys that are real, and an authenticator that does what the test says.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ApprovalView, type AssertionResponse, OPERATIONS, type OperationName, type OutputOf, type Problem, type Role, routeOf } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DaemonBench, ended, type RunningDaemon, step } from "../daemon/daemon-bench.testing.ts";
import type { Instance } from "../daemon/instance.ts";
import { Daemon } from "../daemon/run-daemon.ts";
import { transact } from "../database/open-database.ts";
import { type HttpFace, serveHttp } from "../faces/http/serve-http.ts";
import { TokenStore } from "../governance/access/token-store.ts";
import { challengeOf, parseStatement } from "../governance/passkeys/approval-statement.ts";
import { whyNotSigned } from "../governance/passkeys/judge-approval-word.ts";
import { parsePasskeys } from "../governance/passkeys/parse-passkeys.ts";
import { CHALLENGE_MS } from "../governance/passkeys/pending-challenges.ts";
import { readPasskeysOf } from "../governance/passkeys/read-passkeys.ts";
import { type Ceremony, SoftwareAuthenticator } from "../governance/passkeys/software-authenticator.testing.ts";
import { HARMLESS_UPDATE, PLAIN_CONTEXT } from "../governance/policy/harmless-update.ts";
import { openPolicies } from "../governance/policy/open-policies.ts";
import { readLedgerFiles } from "../ledger/read-ledger-files.testing.ts";
import { readProcessIdentity } from "../platform/process-identity.ts";
import { decideUpdate } from "../update/decided/decide-update.ts";
import { keepPolicies } from "../update/decided/keep-policies.ts";
import { newId } from "../update/new-id.ts";
import type { StepRooms } from "../update/step-rooms.ts";
import { approveStep } from "../update/steps/approve.ts";
import { openEntrance } from "./open-entrance.ts";

const RELEASE = `sha256:${"1".repeat(64)}`;
const WANTED = `@id("with-a-passkey") @because("it is signed") @passkey("required")\npermit (principal, action == Instar::Action::"proceedWithApproval", resource);\n`;

let bench: DaemonBench;
let running: RunningDaemon;
let instance: Instance;
let face: HttpFace;
let clock: SimulatedClock;
let tokens: TokenStore;
let origin: string;
let policy: string;

beforeEach(async () => {
  bench = new DaemonBench();
  policy = join(bench.folder, "policy");
  mkdirSync(policy);
  writeFileSync(join(policy, "own.cedar"), WANTED);
  clock = new SimulatedClock({ wallMs: bench.clock.wallMs() });
  let rooms: StepRooms | undefined;
  const real = () => rooms as StepRooms;
  const opened = bench.open([
    step("stage", async () => ({ kind: "done", gives: { release: "r", digest: RELEASE } })),
    step("decide", async () => {
      const set = await real().readPolicies();
      const facts = { ...HARMLESS_UPDATE, impactLevel: "high" as const };
      const question = { version: "1.0.0", facts, impactBecause: "it says so", gates: "3 tests passed", rehearsal: "off", context: PLAIN_CONTEXT, model: null };
      const record = decideUpdate({ ...question, policies: keepPolicies(real(), set) }, set);
      return { kind: "done", gives: { decided: JSON.parse(JSON.stringify(record)) } };
    }),
    step("approve", (context) => approveStep(real()).apply(context)),
  ]);
  rooms = {
    ...opened.rooms,
    readPolicies: () => openPolicies(opened.settings, bench.folder),
    readPasskeysOf: (approvals) => readPasskeysOf(approvals, { folder: policy, facts: opened.facts }),
    revokedAmong: (ids) => tokens.revokedAmong(ids),
  };
  tokens = new TokenStore({ database: opened.database, clock, newId });
  running = bench.run({ ...opened, rooms });
  instance = { ...opened, rooms: { ...rooms, clock: clock as typeof bench.clock } };
  const versions = { instar: "0", node: "0" };
  face = await serveHttp(openEntrance({ instance, daemon: running.daemon, versions, operator: "owner", doorToken: "0".repeat(64), say: () => undefined }));
  origin = `http://localhost:${face.port}`;
  const self = await readProcessIdentity(process.pid);
  writeFileSync(join(bench.data, "daemon.json"), JSON.stringify({ pid: process.pid, startedAt: self?.startedAt, port: face.port, token: "t" }));
});
afterEach(async () => {
  await face.close();
  await bench.close();
});

const tokenOf = (name: string, role: Role = "approver", scope: readonly string[] | null = null) =>
  transact(instance.database, () => tokens.create({ name, role, scope, expiresAt: null, createdBy: "test" })).secret;

async function ask<Name extends OperationName>(token: string, name: Name, input: unknown = {}): Promise<OutputOf<Name> & Partial<Problem>> {
  const operation = OPERATIONS.find((each) => each.name === name) as (typeof OPERATIONS)[number];
  const { method, path } = routeOf(operation);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(`http://127.0.0.1:${face.port}${path}`, { method, headers, ...(method === "POST" ? { body: JSON.stringify(input) } : {}) });
  return (await answer.json()) as OutputOf<Name> & Partial<Problem>;
}
const waiting = () =>
  expect.poll(async () => (await ask(tokenOf(newId(), "viewer"), "approval.list")).approvals[0]?.state, { timeout: 60_000, interval: 50 }).toBe("waiting");
const approvalNow = async (): Promise<ApprovalView> => (await ask(tokenOf(newId(), "viewer"), "approval.list")).approvals[0] as ApprovalView;

/** Makes a passkey as the console does, and pins it as the operator does. */
async function enrol(token: string, by = new SoftwareAuthenticator()): Promise<SoftwareAuthenticator> {
  const options = await ask(token, "passkey.begin", { origin });
  const { line } = await ask(token, "passkey.add", { label: "laptop", response: by.make(options, { origin }) });
  pin(line);
  return by;
}
const pin = (line: string) => writeFileSync(join(policy, "passkeys"), `${line}\n`, { flag: "a" });

async function sign(token: string, by: SoftwareAuthenticator, ceremony: Partial<Ceremony> = {}): Promise<AssertionResponse> {
  const { options } = await ask(token, "passkey.challenge", { origin, because: "read it" });
  return by.sign(options, { origin, ...ceremony });
}
const ledger = () => readLedgerFiles(join(bench.data, "ledger"));
const drained = async () => {
  await instance.ledger.drain();
  return ledger();
};

describe("where a policy wants a passkey", () => {
  it("a token alone does not approve, however strong, and says where it can be done", async () => {
    await waiting();
    expect(await approvalNow()).toMatchObject({ passkey: true, because: expect.stringMatching(/1 person must approve it with a passkey\. Open the console/) });
    for (const role of ["approver", "admin"] as const)
      expect(await ask(tokenOf(`${role}-1`, role), "update.approve")).toMatchObject({
        code: "PASSKEY_WANTED",
        advice: expect.stringContaining("instar console"),
      });
    expect((await approvalNow()).answers).toEqual([]);
    expect((await ask(tokenOf("root", "admin"), "passkey.list")).wantedBy).toEqual(["with-a-passkey"]);
  });

  it("a passkey that the operator pinned approves, and its word stands on the ledger, whole", async () => {
    await waiting();
    const ada = tokenOf("ada");
    const by = await enrol(ada);
    const asked = await ask(ada, "passkey.challenge", { origin, because: "read it", digest: RELEASE });
    expect(challengeOf(asked.text)).toBe(asked.options.challenge);
    expect(parseStatement(asked.text)).toMatchObject({ by: "ada", release: RELEASE, origin, instance: "demo" });
    const approved = await ask(ada, "passkey.approve", { response: by.sign(asked.options, { origin }) });
    expect(approved).toMatchObject({ passkey: true, answers: [{ by: "ada", because: "read it", counts: true, passkey: by.id }] });
    // Its next look is due within two seconds of its own time, and its nap goes by the clock that stands.
    await expect.poll(() => (bench.slow.advance(5_000), instance.journal.unfinished()), { timeout: 60_000, interval: 50 }).toEqual([]);
    const journal = await ended(instance, "1.0.0");
    expect(journal.at(-1)).toMatchObject({ outcome: "committed" });
    const entry = (await drained()).find(({ event }) => event === "UPDATE_APPROVED");
    const pinned = parsePasskeys(readFileSync(join(policy, "passkeys"), "utf8")).passkeys;
    const details = entry?.details as unknown as Parameters<typeof whyNotSigned>[0];
    expect(whyNotSigned(details, { update: entry?.update ?? "", passkeys: pinned })).toBeUndefined();
    const decisions = (await ask(ada, "approval.list")).approvals;
    expect(decisions[0]).toMatchObject({ state: "approved", answers: [{ counts: true }] });
    expect((await ask(ada, "passkey.list")).passkeys).toMatchObject([{ person: "ada", state: "living", lastUsedAt: expect.any(String) }]);
  });

  it("what was made counts only once it is pinned: no token pins it", async () => {
    await waiting();
    const root = tokenOf("root", "admin");
    const by = new SoftwareAuthenticator();
    const options = await ask(root, "passkey.begin", { origin });
    const made = await ask(root, "passkey.add", { label: "thief", response: by.make(options, { origin }) });
    expect(made).toMatchObject({ file: join(policy, "passkeys"), fingerprint: expect.stringMatching(/^[0-9a-f-]{24}$/) });
    expect(await ask(root, "passkey.list")).toMatchObject({ passkeys: [] });
    expect(await ask(root, "passkey.challenge", { origin })).toMatchObject({
      code: "PASSKEY_WANTED",
      detail: expect.stringContaining("no passkey here that counts"),
    });
    expect((await drained()).find(({ event }) => event === "PASSKEY_OFFERED")).toMatchObject({ actor: { id: "root" }, details: { line: made.line } });
    pin(made.line);
    expect((await ask(root, "passkey.challenge", { origin })).options.allowCredentials).toEqual([{ id: by.id, type: "public-key" }]);
  });

  it.each<[string, Partial<Ceremony>, string]>([
    ["at the agent's port", { origin: "http://localhost:8080" }, "signed at http://localhost:8080"],
    ["for another host", { host: "example.org" }, "another host"],
    ["without user verification", { isVerified: false }, "did not ask who was there"],
  ])("is not approved by what was signed %s", async (_, ceremony, because) => {
    await waiting();
    const ada = tokenOf("ada");
    const by = await enrol(ada);
    expect(await ask(ada, "passkey.approve", { response: await sign(ada, by, ceremony) })).toMatchObject({
      code: "PASSKEY_REFUSED",
      detail: expect.stringContaining(because),
    });
    expect((await approvalNow()).answers).toEqual([]);
  });

  it("each challenge is answered once, in time, and by whom it was given to", async () => {
    await waiting();
    const [ada, bob] = [tokenOf("ada"), tokenOf("bob")];
    const by = await enrol(ada);
    await enrol(bob);
    const stolen = await sign(ada, by);
    expect(await ask(bob, "passkey.approve", { response: stolen })).toMatchObject({
      code: "PASSKEY_REFUSED",
      detail: expect.stringContaining("nobody was asked"),
    });
    const spoilt = { ...stolen, response: { ...stolen.response, signature: Buffer.from("no").toString("base64url") } };
    expect(await ask(ada, "passkey.approve", { response: spoilt })).toMatchObject({
      code: "PASSKEY_REFUSED",
      detail: expect.stringContaining("not of that key"),
    });
    expect(await ask(ada, "passkey.approve", { response: stolen })).toMatchObject({
      code: "PASSKEY_REFUSED",
      detail: expect.stringContaining("nobody was asked"),
    });
    const late = await sign(ada, by);
    clock.advance(CHALLENGE_MS);
    expect(await ask(ada, "passkey.approve", { response: late })).toMatchObject({ code: "PASSKEY_REFUSED" });
    const inTime = await sign(ada, by);
    clock.advance(CHALLENGE_MS - 1_000);
    expect(await ask(ada, "passkey.approve", { response: inTime })).toMatchObject({ answers: [{ counts: true }] });
    expect(await ask(ada, "passkey.approve", { response: inTime })).toMatchObject({ code: "PASSKEY_REFUSED" });
  });

  it("is not approved by somebody else's passkey, nor by one whose line is gone, nor by a revoked one, nor by a copy that counts backwards", async () => {
    await waiting();
    const [ada, bob, root] = [tokenOf("ada"), tokenOf("bob"), tokenOf("root", "admin")];
    const byAda = await enrol(ada);
    const byBob = await enrol(bob);
    expect(await ask(ada, "passkey.approve", { response: await sign(ada, byBob) })).toMatchObject({ detail: expect.stringContaining("none of ada's") });
    transact(instance.database, () => instance.facts.write(`passkey:${byAda.id}`, { counter: 9, lastUsedAt: null, revokedAt: null, revokedBy: null }));
    expect(await ask(ada, "passkey.approve", { response: await sign(ada, byAda) })).toMatchObject({ detail: expect.stringContaining("counts backwards") });
    byAda.counter = 9;
    const before = await sign(ada, byAda);
    expect(await ask(bob, "passkey.revoke", { passkey: byAda.id })).toMatchObject({ code: "FORBIDDEN" });
    expect(await ask(root, "passkey.revoke", { passkey: byAda.id.slice(0, 10) })).toMatchObject({
      state: "revoked",
      because: expect.stringContaining("root revoked it"),
    });
    expect(await ask(ada, "passkey.approve", { response: before })).toMatchObject({ detail: expect.stringContaining("no longer") });
    expect((await drained()).find(({ event }) => event === "PASSKEY_REVOKED")).toMatchObject({ actor: { id: "root" }, details: { id: byAda.id } });
    const last = await sign(bob, byBob);
    rmSync(join(policy, "passkeys"));
    expect(await ask(bob, "passkey.approve", { response: last })).toMatchObject({ detail: expect.stringContaining("no longer") });
    expect((await approvalNow()).answers).toEqual([]);
  });

  it("an approval that was counted is void when its passkey is taken away while others are waited for", async () => {
    writeFileSync(join(policy, "own.cedar"), WANTED.replace("@passkey", '@approvals("2") @passkey'));
    await waiting();
    const [ada, root] = [tokenOf("ada"), tokenOf("root", "admin")];
    const by = await enrol(ada);
    expect(await ask(ada, "passkey.approve", { response: await sign(ada, by) })).toMatchObject({ quorum: 2, answers: [{ counts: true }] });
    await ask(root, "passkey.revoke", { passkey: by.id });
    expect((await approvalNow()).answers).toMatchObject([{ counts: false, voidBecause: "the passkey that signed it is none of ada's, or no longer" }]);
  });

  it("rules that changed between the question and the signature void it", async () => {
    await waiting();
    const ada = tokenOf("ada");
    const by = await enrol(ada);
    const response = await sign(ada, by);
    writeFileSync(join(policy, "own.cedar"), `${WANTED}// another word\n`);
    expect(await ask(ada, "passkey.approve", { response })).toMatchObject({
      code: "PASSKEY_REFUSED",
      detail: expect.stringContaining("another set of policies"),
    });
  });

  it("a daemon that began anew has asked nobody", async () => {
    await waiting();
    const ada = tokenOf("ada");
    const response = await sign(ada, await enrol(ada));
    const versions = { instar: "0", node: "0" };
    const daemon = new Daemon(instance, () => undefined);
    const next = await serveHttp(openEntrance({ instance, daemon, versions, operator: "owner", doorToken: null, say: () => undefined }));
    const answer = await fetch(`http://127.0.0.1:${next.port}/v1/passkey/approve`, {
      method: "POST",
      headers: { authorization: `Bearer ${ada}` },
      body: JSON.stringify({ response }),
    });
    await next.close();
    expect(await answer.json()).toMatchObject({ code: "PASSKEY_REFUSED" });
  });
});

describe("who may not", () => {
  it("an agent, an operator, a viewer; a token that is limited to other things; an author", async () => {
    await waiting();
    for (const role of ["agent", "operator", "viewer"] as const)
      for (const [name, input] of [
        ["passkey.begin", { origin }],
        ["passkey.challenge", { origin }],
        ["passkey.revoke", { passkey: "x".repeat(20) }],
      ] as const)
        expect([role, name, (await ask(tokenOf(newId(), role), name, input)).code]).toEqual([role, name, "FORBIDDEN"]);
    const limited = tokenOf("lim", "approver", ["passkey.*"]);
    expect(await ask(limited, "passkey.challenge", { origin })).toMatchObject({
      code: "FORBIDDEN",
      detail: expect.stringContaining("update.approve is not among"),
    });
  });

  it("a page that is not the console", async () => {
    const ada = tokenOf("ada");
    for (const other of ["http://localhost:1", `http://127.0.0.1:${face.port}`, `https://localhost:${face.port}`, "https://example.org", "null"])
      expect(await ask(ada, "passkey.begin", { origin: other })).toMatchObject({
        code: "FORBIDDEN",
        detail: expect.stringContaining("is not where the console is"),
      });
  });

  it("a passkey that was made for another page, or for a question that nobody asked", async () => {
    const ada = tokenOf("ada");
    const by = new SoftwareAuthenticator();
    const options = await ask(ada, "passkey.begin", { origin });
    const elsewhere = by.make(options, { origin: "http://localhost:8080" });
    expect(await ask(ada, "passkey.add", { label: "x", response: elsewhere })).toMatchObject({ code: "PASSKEY_REFUSED" });
    expect(await ask(ada, "passkey.add", { label: "x", response: by.make(options, { origin }) })).toMatchObject({
      detail: expect.stringContaining("nobody was asked"),
    });
    const asked = await ask(ada, "passkey.begin", { origin });
    expect(await ask(ada, "passkey.add", { label: "two\nlines", response: by.make(asked, { origin }) })).toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("where no policy wants one", () => {
  it("a token approves as ever, and what a passkey signed counts too", async () => {
    writeFileSync(join(policy, "own.cedar"), WANTED.replace('@passkey("required")', '@approvals("2")'));
    await waiting();
    const [ada, bob] = [tokenOf("ada"), tokenOf("bob")];
    expect(await ask(ada, "update.approve")).toMatchObject({ passkey: false, answers: [{ by: "ada", counts: true, passkey: null }] });
    const by = await enrol(bob);
    expect(await ask(bob, "passkey.approve", { response: await sign(bob, by) })).toMatchObject({ answers: [{ counts: true }, { by: "bob", passkey: by.id }] });
  });
  it("what is written for `required` and is something else is a mistake, which denies", async () => {
    writeFileSync(join(policy, "own.cedar"), WANTED.replace("required", "no"));
    const ada = tokenOf("ada");
    expect((await ask(tokenOf("v", "viewer"), "policy.check")).problems).toMatchObject([{ message: '@passkey("no") is not @passkey("required")' }]);
    expect(await ask(ada, "passkey.begin", { origin })).toMatchObject({ code: "FORBIDDEN" });
  });
});
