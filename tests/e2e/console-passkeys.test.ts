// Passkeys in a real Chromium with its virtual authenticator, at a real instance: made in the console, pinned by the operator, signing an approval; and what a
// process that has read every file can do without one. The order matters: each story leaves what the next begins with.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OutputOf } from "@instar/protocol";
import type { CDPSession } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser, type TestWindow } from "./browser.ts";
import { TestInstance, until } from "./test-instance.ts";

const WANTED = `@id("high-ones-are-signed") @because("what is of high impact is signed by a passkey") @passkey("required")
permit (principal, action == Instar::Action::"proceedWithApproval", resource) when { resource.impactRank >= 2 };
`;
const high = (text: string) => ({ "auth.js": `export const ${text} = 1;\n` });
/** A touch screen's device with a finger on it. */
const DEVICE = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

/** What a page of anybody's can do in the browser of somebody who presses. */
const SIGN_ELSEWHERE = `async (options) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const allowCredentials = options.allowCredentials.map(({ id }) => ({ id: bytes(id), type: "public-key" }));
  const publicKey = { challenge: bytes(options.challenge), rpId: options.rpId, userVerification: "required", allowCredentials };
  const { id, response } = await navigator.credentials.get({ publicKey });
  const [clientDataJSON, authenticatorData, signature] = [response.clientDataJSON, response.authenticatorData, response.signature].map(text);
  return { id, rawId: id, type: "public-key", response: { clientDataJSON, authenticatorData, signature } };
}`;

describe("passkeys in the console:", () => {
  let instance: TestInstance;
  let browser: TestBrowser;
  let window: TestWindow;
  let cdp: CDPSession;
  let authenticatorId: string;
  let root: string;
  let ada: string;
  const file = () => join(instance.agent, "policy", "passkeys");
  const tokenOf = (name: string, role: string, by?: string) =>
    instance.jsonAs<{ secret: string }>(by, "token", "create", name, "--role", role, "--expires", "1d").secret;
  const waiting = (version: string) =>
    until(`${version} waits for approval`, async () => {
      const { approvals } = await instance.ask<OutputOf<"approval.list">>("GET", "/v1/approval/list");
      return approvals.find((each) => each.versionTo === version && each.state === "waiting");
    });
  const page = () => window.page;
  /** Opens the dialog of an update that waits, says why, and lets the device be asked. */
  const approveInConsole = async (update: string, comment: string) => {
    await window.go(`/updates/${update}`);
    await page().getByRole("button", { name: "Approve…" }).click();
    const dialog = page().getByRole("dialog");
    await dialog.getByLabel(/^Comment/).fill(comment);
    await dialog.getByRole("button", { name: "Approve with your passkey" }).click();
    return dialog;
  };

  beforeAll(async () => {
    instance = await TestInstance.create({ settings: "backup: { config: [instar.yaml, policy] }" });
    mkdirSync(join(instance.agent, "policy"));
    writeFileSync(join(instance.agent, "policy", "own.cedar"), WANTED);
    await instance.start();
    root = tokenOf("root", "admin");
    ada = tokenOf("ada", "approver", root);
    browser = await TestBrowser.start();
    window = await browser.open();
    cdp = await page().context().newCDPSession(page());
    await cdp.send("WebAuthn.enable");
    ({ authenticatorId } = (await cdp.send("WebAuthn.addVirtualAuthenticator", { options: DEVICE as never })) as { authenticatorId: string });
    await window.signInAs(instance, ada);
  });
  afterAll(async () => {
    await browser?.end();
    instance?.end();
  });

  it("an update that a policy wants signed is not approved by a token, and says where it is", async () => {
    instance.publish("1.0.1", high("one"));
    const view = await waiting("1.0.1");
    expect(view).toMatchObject({ passkey: true, because: expect.stringContaining("with a passkey. Open the console") });
    for (const token of [ada, root])
      expect(instance.cliAs(token, "update", "approve")).toMatchObject({ status: 4, stderr: expect.stringMatching(/PASSKEY_WANTED[\s\S]*instar console/) });
    expect(instance.cli("passkey", "list").stdout).toContain("a passkey is wanted by high-ones-are-signed");
  });

  it("a passkey is made on the device, and counts when its line stands in the operator's file, not before", async () => {
    await window.go("/people");
    await page().getByLabel("Name of this device").fill("Ada's phone");
    await page().getByRole("button", { name: "Make a passkey on this device" }).click();
    const line = (await page().getByRole("region", { name: "The line for that file" }).innerText()).trim();
    expect(line).toMatch(/^ada localhost [\w-]+ [\w+/]+=* Ada's phone$/);
    const { update } = await waiting("1.0.1");
    const refused = await approveInConsole(update, "too early");
    await refused.getByText("ada has no passkey here that counts").waitFor();
    const offered = instance.ledger().find(({ event }) => event === "PASSKEY_OFFERED");
    expect(offered).toMatchObject({ actor: { id: "ada" }, details: { line } });
    appendFileSync(file(), `${line}\n`);
    const { passkeys } = instance.json<OutputOf<"passkey.list">>("passkey", "list");
    expect(passkeys).toMatchObject([{ person: "ada", label: "Ada's phone", state: "living", fingerprint: offered?.details?.fingerprint }]);
  });

  it("a device on which nobody can say who they are signs nothing", async () => {
    await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    const { update } = await waiting("1.0.1");
    const dialog = await approveInConsole(update, "not me");
    await dialog.getByText(/nothing was signed/).waitFor();
    await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    expect((await waiting("1.0.1")).answers).toEqual([]);
  });

  it("a page of the agent's own, with a stolen token, gets no signature that counts, though the person presses", async () => {
    const { update } = await waiting("1.0.1");
    const { port } = JSON.parse(readFileSync(join(instance.data, "daemon.json"), "utf8")) as { port: number };
    const origin = `http://localhost:${port}`;
    const elsewhere = `http://localhost:${instance.port}`;
    expect(await instance.askAs(ada, "POST", "/v1/passkey/challenge", { update, origin: elsewhere })).toMatchObject({
      status: 403,
      body: { code: "FORBIDDEN" },
    });
    const { body } = await instance.askAs(ada, "POST", "/v1/passkey/challenge", { update, origin });
    await page().goto(elsewhere);
    const signed = await page().evaluate(`(${SIGN_ELSEWHERE})(${JSON.stringify((body as unknown as OutputOf<"passkey.challenge">).options)})`);
    expect(await instance.askAs(ada, "POST", "/v1/passkey/approve", { response: signed })).toMatchObject({
      status: 403,
      body: { code: "PASSKEY_REFUSED", detail: expect.stringContaining(`signed at ${elsewhere} and not at ${origin}`) },
    });
    expect((await waiting("1.0.1")).answers).toEqual([]);
    await page().goto(`${origin}/console/`);
  });

  it("who has every token can neither pin a passkey nor take the wanting back", async () => {
    const plan = (path: string, content: string) => JSON.stringify({ because: "x", edits: [{ write: path, content }] });
    for (const [path, content] of [
      ["policy/passkeys", "eve"],
      ["policy/own.cedar", ""],
      ["instar.yaml", readFileSync(join(instance.agent, "instar.yaml"), "utf8")],
    ] as const)
      expect([path, await instance.askAs(root, "POST", "/v1/edit/plan", { plan: plan(path, content) })]).toMatchObject([
        path,
        { body: { verdict: "fail", because: expect.stringContaining("approvals want a passkey here") } },
      ]);
    const { id } = instance
      .jsonAs<OutputOf<"backup.list">>(root, "backup", "list")
      .backups.find(({ components }) => components.some(({ component }) => component === "config")) ?? {
      id: instance.jsonAs<{ backup: { id: string } }>(root, "backup", "create").backup.id,
    };
    expect(instance.cliAs(root, "backup", "restore", id, "--component", "config", "--overwrite-config")).toMatchObject({
      stderr: expect.stringContaining("approvals want a passkey here"),
    });
  });

  it("signed in the console it goes on, and the signature stands on the ledger for whoever verifies it elsewhere", async () => {
    const { update } = await waiting("1.0.1");
    await approveInConsole(update, "read the whole diff");
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "committed" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
    const [approved] = instance.ledger().filter(({ event }) => event === "UPDATE_APPROVED");
    expect(approved).toMatchObject({ actor: { id: "ada" }, update, details: { because: "read the whole diff", passkey: { host: "localhost" } } });
    const list = instance.json<OutputOf<"approval.list">>("approval", "list").approvals;
    expect(list.find((each) => each.update === update)).toMatchObject({
      state: "approved",
      answers: [{ by: "ada", counts: true, passkey: expect.any(String) }],
    });
    expect(instance.json<OutputOf<"update.explain">>("update", "explain", update).decisions.map(({ recomputed }) => recomputed.verdict)).toEqual([
      "yes",
      "yes",
    ]);
    expect(window.complaints).toEqual([]);
    const to = join(instance.folder, "export");
    const { key } = instance.json<OutputOf<"audit.export">>("audit", "export", to);
    expect(spawnSync(process.execPath, [join(to, "verify.mjs"), "--key", key, "--passkeys", file()], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^VERIFIED[\s\S]*1 approvals that passkeys signed/),
    });
    writeFileSync(join(instance.folder, "others"), "# nobody\n");
    expect(
      spawnSync(process.execPath, [join(to, "verify.mjs"), "--key", key, "--passkeys", join(instance.folder, "others")], { encoding: "utf8" }),
    ).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("a passkey that the given list does not have for ada"),
    });
  });

  it("a passkey that was revoked signs nothing any more, though its line stands there", async () => {
    const [{ fingerprint } = { fingerprint: "" }] = instance.json<OutputOf<"passkey.list">>("passkey", "list").passkeys;
    expect(instance.cliAs(root, "passkey", "revoke", fingerprint)).toMatchObject({ status: 0, stdout: expect.stringContaining("revoked: root revoked it") });
    instance.publish("1.0.2", high("two"));
    const { update } = await waiting("1.0.2");
    const dialog = await approveInConsole(update, "with a lost phone");
    await dialog.getByText("ada has no passkey here that counts").waitFor();
    expect((await waiting("1.0.2")).answers).toEqual([]);
  });
});
