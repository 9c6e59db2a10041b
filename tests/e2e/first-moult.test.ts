import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OutputOf, UpdateView } from "@instar/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestInstance, until } from "./test-instance.ts";

describe("a real agent under Instar", () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.create();
    await instance.start();
  });
  afterAll(() => instance.end());

  it("serves the first version through the front", async () => expect(await instance.served()).toEqual({ status: 200, version: "1.0.0" }));

  it("takes a patch by itself, and loses no acknowledged write", async () => {
    const before = await instance.write("before");
    instance.publish("1.0.1");
    expect(await instance.ended("1.0.1")).toMatchObject({ outcome: "committed" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.1" });
    expect(await instance.write("after")).toBe(before + 1);
  });

  it("refuses a version whose tests fail, and the old one never stopped", async () => {
    const agent = instance.pids().agent;
    instance.publish("1.0.2", { "test/answer.test.js": (text) => text.replace("/^hello/", "/^bonjour/") });
    expect(await instance.ended("1.0.2")).toMatchObject({ outcome: "refused", code: "VALIDATION_FAILED" });
    expect(instance.pids().agent).toBe(agent);
    instance.publish("1.0.3", { "test/answer.test.js": (text) => text.replace("/^bonjour/", "/^hello/") });
    expect(await instance.ended("1.0.3")).toMatchObject({ outcome: "committed" });
  });

  it("puts the old version back when the new one does not become ready", async () => {
    instance.publish("1.0.4", { "server.js": (text) => text.replace("server.listen(", "process.exit(3); server.listen(") });
    const update = await instance.ended("1.0.4");
    expect(update).toMatchObject({ outcome: "rolled-back", code: "UNHEALTHY" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.3" });
    expect(instance.json<{ releases: { version: string }[] }>("history").releases.map((release) => release.version)).not.toContain("1.0.4");
  });

  it("does not try by itself what misbehaved, and says so", async () => {
    expect(instance.json<{ because: string; decision: string }>("update", "check")).toMatchObject({
      decision: "dismiss",
      because: expect.stringContaining("was tried and rolled-back"),
    });
  });

  it("refuses a release in quarantine by its digest, whatever commit it is made of, unless a person insists", async () => {
    const commit = instance.commit("the same files in another commit");
    // It is found, since the commit is new, and refused once its digest is known.
    const found = await until("the new commit was tried", async () =>
      (await instance.updatesNow()).find((update) => update.commit === commit && update.outcome !== null),
    );
    expect(found).toMatchObject({ outcome: "refused", code: "QUARANTINED" });
    expect(instance.json<UpdateView>("update", "apply", commit, "--quarantined")).toMatchObject({ outcome: "rolled-back", code: "UNHEALTHY" });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.3" });
  });

  it("holds a minor step for a person, who may start it", async () => {
    instance.publish("1.1.0", { "server.js": (text) => text.replace("process.exit(3); ", "") });
    await until("the minor step is seen", async () => ((await instance.statusNow())?.available?.version === "1.1.0" ? true : undefined));
    expect(instance.status()).toMatchObject({ available: { decision: "hold", because: expect.stringContaining("instar update apply") } });
    const applied = instance.cli("update", "apply");
    expect(applied).toMatchObject({ status: 0 });
    expect(await instance.served()).toEqual({ status: 200, version: "1.1.0" });
  });

  it("goes back by hand, and the state stays", async () => {
    const number = await instance.write("kept");
    expect(instance.cli("rollback")).toMatchObject({ status: 0 });
    expect(await instance.served()).toEqual({ status: 200, version: "1.0.3" });
    expect(await instance.write("more")).toBe(number + 1);
  });

  it("keeps a version record of each release", () => {
    const { releases } = instance.json<{ releases: Record<string, unknown>[] }>("history");
    expect(releases.find((release) => release.version === "1.0.3")).toMatchObject({
      author: "Test <test@example.invalid>",
      changes: expect.arrayContaining(["1.0.3"]),
      updateType: "patch",
      running: true,
      committed: true,
    });
  });

  it("has a ledger that verifies, here and where no Instar is", () => {
    const { key, signed, length } = instance.json<OutputOf<"audit.verify">>("audit", "verify");
    expect(signed).toBe(length);
    const { entries } = instance.json<OutputOf<"audit.list">>("audit", "list", "--event", "UPDATE_COMPLETED");
    const index = String(entries[0]?.index);
    const elsewhere = join(instance.agent, "..", "elsewhere");
    const exported = instance.json<OutputOf<"audit.export">>("audit", "export", elsewhere);
    expect(exported).toMatchObject({ size: length, shown: length, withheld: 0, key });
    const verify = (...args: string[]) => spawnSync(process.execPath, [join(elsewhere, "verify.mjs"), ...args], { encoding: "utf8" });
    expect(verify("--key", String(key))).toMatchObject({ status: 0 });
    for (const part of ["receipt", "entry"]) writeFileSync(join(elsewhere, part), instance.cli("audit", "prove", index, "--part", part).stdout);
    expect(verify("proof", join(elsewhere, "receipt"), join(elsewhere, "entry"), "--key", String(key))).toMatchObject({ status: 0 });
    const entry = readFileSync(join(elsewhere, "entry"), "utf8");
    writeFileSync(join(elsewhere, "entry"), entry.replace('"success":true', '"success":false'));
    expect(verify("proof", join(elsewhere, "receipt"), join(elsewhere, "entry"), "--key", String(key))).toMatchObject({ status: 1 });
    expect(instance.cli("audit", "export", elsewhere)).toMatchObject({ status: 7, stderr: expect.stringContaining("is there already") });
  });

  it("sums its updates up from the ledger", () => {
    const { report } = instance.json<OutputOf<"audit.report">>("audit", "report", "updates");
    expect(report.sections.map(({ section }) => section)).toEqual(["updates"]);
    expect(instance.cli("audit", "report", "--format", "html").stdout).toMatch(/^<!doctype html>/i);
    expect(instance.cli("audit", "report", "failures").stdout).toContain("FAIL");
  });
});
