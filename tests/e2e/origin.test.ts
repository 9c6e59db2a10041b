import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLedgerFiles } from "../../packages/instar/src/ledger/read-ledger-files.testing.ts";
import { TestInstance, until } from "./test-instance.ts";

describe("an instance that takes what is signed and nothing else", () => {
  let instance: TestInstance;
  const sign = (isOn: boolean) => instance.git(instance.work, "config", "commit.gpgsign", String(isOn));
  const signers = () => join(instance.agent, "allowed-signers");
  beforeAll(async () => {
    instance = await TestInstance.create();
    const key = join(instance.folder, "anna");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
    for (const [name, value] of Object.entries({ "gpg.format": "ssh", "user.signingkey": key })) instance.git(instance.work, "config", name, value);
    writeFileSync(signers(), `anna@example.org ${readFileSync(`${key}.pub`, "utf8")}`);
    instance.writeSettings(
      `source: { git: ${instance.remote}, branch: main, checkEvery: 500ms, accept: [ssh], signers: { ssh: ./allowed-signers } }\nupdates: { automatic: patch }`,
    );
    sign(true);
    instance.commit("1.0.0, signed");
    await instance.start();
  });
  afterAll(() => instance.end());

  it("says who vouches for what it took", () => {
    const [first] = instance.updates();
    expect(first).toMatchObject({
      versionTo: "1.0.0",
      outcome: "committed",
      origin: { kind: "ssh", by: expect.stringMatching(/^anna@example\.org \(ED25519 SHA256:/) },
    });
    expect(instance.cli("update", "show", first?.id ?? "").stdout).toContain("origin: ssh: the commit");
  });

  it("dismisses what nobody signed, unbuilt, and says why", async () => {
    sign(false);
    instance.publish("1.0.2");
    const because = await until("it was dismissed", async () => {
      const { stdout } = instance.cli("source", "list");
      return stdout.includes("dismiss") ? stdout : undefined;
    });
    expect(because).toMatch(/1\.0\.2 \(\w+\) is not taken: source\.accept wants ssh, and the commit \w+ is not signed/);
    expect(instance.updates().map(({ versionTo }) => versionTo)).toEqual(["1.0.0"]);
    expect(await instance.served()).toMatchObject({ version: "1.0.0" });
  });

  it("takes it from a person who names it, once it was approved, and says that nobody vouches for it", async () => {
    const admin = instance.json<{ secret: string }>("token", "create", "root", "--role", "admin").secret;
    expect(instance.cliAs(admin, "update", "apply", "main", "--no-wait").status).toBe(0);
    await until("it waits", async () => ((await instance.updatesNow())[0]?.state === "approving" ? true : undefined));
    expect(instance.cli("update", "explain", instance.updates()[0]?.id ?? "").stdout).toContain("somebody-vouches-for-it");
    expect(instance.cliAs(admin, "update", "approve").status).toBe(0);
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "committed", origin: { kind: "none" } });
    const started = readLedgerFiles(join(instance.data, "ledger")).filter(({ event }) => event === "UPDATE_STARTED");
    expect(started.map(({ details }) => (details?.origin as { kind: string } | undefined)?.kind)).toEqual(["ssh", "none"]);
  });

  it("goes on by itself where the next one is signed; a doctor sees who else could write the list", async () => {
    sign(true);
    instance.publish("1.0.3");
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "committed", origin: { kind: "ssh" } });
    expect(instance.cli("doctor").stdout).toMatch(/source\.signers\.ssh/);
    chmodSync(signers(), 0o666);
    expect(instance.cli("doctor").stdout).toMatch(/others than the owner of \S+allowed-signers may write to it/);
  });
});
