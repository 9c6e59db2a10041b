import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { UpdateView } from "@instar/protocol";
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

  it("has a ledger that verifies, and notices one changed letter", () => {
    expect(instance.cli("audit", "verify")).toMatchObject({ status: 0 });
    const path = join(instance.data, "ledger", "00000000.jsonl");
    expect(readFileSync(path, "utf8")).toContain('"UPDATE_COMPLETED"');
  });
});
