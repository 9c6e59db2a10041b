import { SimulatedClock } from "@instar/testkit";
import { describe, expect, it } from "vitest";
import { type SettingsFile, settingsSchema } from "../settings/settings.ts";
import { rehearse } from "./rehearse.ts";
import { type Script, SimulatedAgent } from "./simulated-agent.testing.ts";

const settingsOf = (rehearsal: SettingsFile["rehearsal"], health: SettingsFile["health"] = {}) =>
  settingsSchema.parse({
    version: 1,
    name: "demo",
    source: { git: "." },
    agent: { start: ["true"] },
    health,
    rehearsal: { performance: "off", compareAnswers: "off", stays: "0s", ...rehearsal },
  });

async function find(what: string, rehearsal: SettingsFile["rehearsal"], scripts: { old?: Script | null; new?: Script }, health: SettingsFile["health"] = {}) {
  const clock = new SimulatedClock();
  const old = scripts.old === null ? undefined : new SimulatedAgent(clock, { version: "1.0.0", ...scripts.old });
  const its = new SimulatedAgent(clock, { version: "1.1.0", ...scripts.new });
  const findings = await rehearse({ old, new: its, settings: settingsOf(rehearsal, health), clock });
  const found = findings.find((finding) => finding.what === what);
  if (found === undefined) throw new Error(`no finding ${what} among ${findings.map((finding) => finding.what)}`);
  return found;
}

describe("which version runs", () => {
  const health = { version: { path: "/version", at: "/version" } };
  const names = (version: string): Script => ({ answer: () => JSON.stringify({ version }) });
  for (const [name, old, its, verdict] of [
    ["passes where both say what they are", names("1.0.0"), names("1.1.0"), "pass"],
    ["fails where the new one says that it is the old one", names("1.0.0"), names("1.0.0"), "fail"],
    ["fails on a page with 200", names("1.0.0"), { answer: () => "<!doctype html>" }, "fail"],
    ["fails on silence where the old one answers", names("1.0.0"), { answer: () => "silent" }, "fail"],
    ["is in doubt where neither names its own: the question is wrong, not the change", names("dev"), names("dev"), "inconclusive"],
    ["has no data where nobody answers", { answer: () => "silent" }, { answer: () => "silent" }, "nodata"],
  ] as const)
    it(name, async () => expect(await find("version", {}, { old, new: its }, health)).toMatchObject({ verdict }));

  it("fails a first version that names another: nothing excuses it", async () =>
    expect(await find("version", {}, { old: null, new: names("0.9.0") }, health)).toMatchObject({ verdict: "fail", old: null, new: "0.9.0" }));
});

describe("a probe", () => {
  const rehearsal = { probes: [{ name: "status", path: "/status", json: { "/ready": true } }] };
  const ready: Script = { answer: () => '{"ready":true}' };
  const wrong: Script = { answer: () => '{"ready":false}' };
  it("passes on what was asked for", async () =>
    expect(await find("probe status", rehearsal, { old: ready, new: ready })).toMatchObject({ verdict: "pass", old: 200, new: 200 }));
  it("fails on 200 with the wrong body", async () => {
    const { verdict, because } = await find("probe status", rehearsal, { old: ready, new: wrong });
    expect(verdict).toBe("fail");
    expect(because).toBe("GET /status answered 200, but /ready is false, not true; the old version passes: GET /status answered 200");
  });
  it("is in doubt where the old version fails it too, and says so", async () => {
    const { verdict, because } = await find("probe status", rehearsal, { old: wrong, new: wrong });
    expect(verdict).toBe("inconclusive");
    expect(because).toContain("the old version does no better");
  });
  it("passes what the old version could not do yet", async () =>
    expect(await find("probe status", rehearsal, { old: wrong, new: ready })).toMatchObject({ verdict: "pass" }));
  it("asks with the method, headers and body of the settings", async () => {
    const clock = new SimulatedClock();
    const its = new SimulatedAgent(clock);
    const probes = [{ path: "/jobs", method: "POST", headers: { "content-type": "application/json" }, body: "{}" }];
    await rehearse({ old: undefined, new: its, settings: settingsOf({ probes }), clock });
    expect(its.asked).toEqual([{ ...probes[0], timeoutMs: 5_000 }]);
  });
});

describe("a command", () => {
  const rehearsal = { commands: [{ name: "self-test", run: ["agent", "--check", "{state}"] }] };
  const exits = (status: number): Script => ({ run: () => ({ kind: "exited", status, output: "one\ntwo\n" }) });
  const failing: Script = { run: () => ({ kind: "failed", because: "no such program" }) };
  for (const [name, old, its, verdict] of [
    ["passes with 0", exits(0), exits(0), "pass"],
    ["fails with 1 where the old version has 0", exits(0), exits(1), "fail"],
    ["is in doubt where both fail", exits(1), exits(1), "inconclusive"],
    ["fails where it cannot be run beside the new version alone", exits(0), failing, "fail"],
    ["is an error where it can be run beside neither", failing, failing, "error"],
  ] as const)
    it(name, async () => expect(await find("command self-test", rehearsal, { old, new: its })).toMatchObject({ verdict }));
  it("is given as it stands in instar.yaml: each version fills in its own port and state", async () => {
    const clock = new SimulatedClock();
    const its = new SimulatedAgent(clock);
    await rehearse({ old: undefined, new: its, settings: settingsOf(rehearsal), clock });
    expect(its.ran).toEqual([["agent", "--check", "{state}"]]);
  });
});

describe("configured things", () => {
  const rehearsal = { things: [{ name: "plugins", path: "/plugins", at: "/plugins", key: "id" }] };
  const has = (...ids: string[]): Script => ({ answer: () => JSON.stringify({ plugins: ids.map((id) => ({ id })) }) });
  for (const [name, old, its, verdict, because] of [
    ["fails a version that drops a plugin, and names it", has("mail", "cron"), has("mail"), "fail", 'of the old version\'s 2 plugins one is missing: "cron"'],
    ["passes the same in another order", has("mail", "cron"), has("cron", "mail"), "pass", "all 2 plugins are there"],
    ["passes more of them", has("mail"), has("mail", "chat"), "pass", 'all 1 plugins are there, and 1 more: "chat"'],
    ["fails where one was swapped for another: the number says nothing", has("mail"), has("chat"), "fail", '"mail"'],
    ["has no data where the old version could not be asked", { answer: () => 404 }, has("mail"), "nodata", "the old version could not be asked"],
    ["has no data where neither could", { answer: () => 404 }, { answer: () => 404 }, "nodata", "the old version could not be asked"],
    ["fails where only the new version could not be asked", has("mail"), { answer: () => 404 }, "fail", "the new version could not be asked"],
    ["fails where the new version's list stands elsewhere", has("mail"), { answer: () => '{"list":[]}' }, "fail", "there is no list"],
    [
      "fails where an entry has no name: it could be the missing one",
      has("mail"),
      { answer: () => '{"plugins":[{"id":"mail"},{}]}' },
      "fail",
      "entry 1 at /plugins has no id",
    ],
    ["has no data without an old version", null, has("mail"), "nodata", "no old version to compare with"],
  ] as const)
    it(name, async () => {
      const finding = await find("things plugins", rehearsal, { old, new: its });
      expect(finding.verdict).toBe(verdict);
      expect(finding.because).toContain(because);
    });

  it("fails a version in which a job is missing, as a program tells it", async () => {
    const jobs = { things: [{ name: "jobs", run: ["agent", "jobs", "--json"], at: "" }] };
    const lists = (output: string): Script => ({ run: () => ({ kind: "exited", status: 0, output }) });
    const finding = await find("things jobs", jobs, { old: lists('(node:7) Warning: experimental\n{"nightly":{},"hourly":{}}'), new: lists('{"hourly":{}}') });
    expect(finding).toMatchObject({ verdict: "fail", old: 2, new: 1 });
    expect(finding.because).toContain('"nightly"');
  });

  it("names ten of a thousand that are missing", async () => {
    const { because } = await find("things plugins", rehearsal, { old: has(...Array.from({ length: 1_000 }, (_, index) => `plugin-${index}`)), new: has() });
    expect(because).toContain("1000 are missing");
    expect(because).toContain("and 990 others");
    expect(because.length).toBeLessThan(500);
  });
});

describe("a rehearsal", () => {
  it("fails a version that answers everything and then ends", async () =>
    expect(await find("alive", { probes: [{ path: "/" }, { path: "/" }] }, { new: { diesAt: 2 } })).toMatchObject({
      verdict: "fail",
      because: "its process ended during the rehearsal",
    }));

  it("does not claim what it had no time for", async () => {
    const slow: Script = { tookMs: () => 4_000 };
    const probes = ["/a", "/b", "/c"].map((path) => ({ path }));
    const finding = await find("probe GET /c", { within: "10s", probes }, { old: slow, new: slow });
    expect(finding).toMatchObject({ verdict: "nodata", because: "not asked: the 10 s of rehearsal.within were over" });
  });

  it("does not take an old version that was not asked in time for one that fails as well", async () => {
    const rehearsal = { within: "4s", probes: [{ path: "/" }] };
    expect(await find("probe GET /", rehearsal, { old: { answer: () => 500 }, new: { answer: () => 500, tookMs: () => 4_500 } })).toMatchObject({
      verdict: "fail",
    });
  });

  it("ends at once when it is stopped, and passes nothing of what is left", async () => {
    const clock = new SimulatedClock();
    const stop = new AbortController();
    stop.abort();
    const its = new SimulatedAgent(clock);
    const findings = await rehearse({ old: undefined, new: its, settings: settingsOf({ probes: [{ path: "/" }] }), clock, signal: stop.signal });
    expect(findings[0]).toMatchObject({ verdict: "nodata", because: "not asked: the rehearsal was stopped" });
    expect(its.asked).toEqual([]);
  });

  it("outlives an adapter that throws everywhere", async () => {
    const clock = new SimulatedClock();
    const broken = () => {
      throw new Error("boom");
    };
    const its = { version: "1.1.0", ask: broken, run: broken, isAlive: broken, readUsage: broken, readEventLoop: broken, readLog: broken };
    const settings = settingsOf({ probes: [{ path: "/" }], commands: [{ name: "check", run: "true" }] }, { version: { path: "/", at: "" } });
    const findings = await rehearse({ old: undefined, new: its, settings, clock });
    expect(findings.filter(({ verdict }) => verdict === "pass")).toEqual([]);
  });

  it("outlives an adapter that never answers", async () => {
    const clock = new SimulatedClock();
    const never = new Promise<never>(() => undefined);
    const its = Object.assign(new SimulatedAgent(clock), { ask: () => never });
    const rehearsing = rehearse({ old: undefined, new: its, settings: settingsOf({ probes: [{ path: "/" }] }), clock });
    while (clock.sleepers === 0) await new Promise(setImmediate);
    clock.advance(6_000);
    expect((await rehearsing)[0]).toMatchObject({ verdict: "nodata" });
  });
});
