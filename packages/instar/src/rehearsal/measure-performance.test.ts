import { SimulatedClock } from "@instar/testkit";
import { describe, expect, it } from "vitest";
import { type SettingsFile, settingsSchema } from "../settings/settings.ts";
import { createSeededRandom } from "../statistics/seeded-random.ts";
import { planRequests } from "./plan-requests.ts";
import { rehearse } from "./rehearse.ts";
import { type Script, SimulatedAgent } from "./simulated-agent.testing.ts";

async function measure(
  scripts: { old?: Script | null; new?: Script },
  rehearsal: SettingsFile["rehearsal"] = {},
  health: SettingsFile["health"] = { http: { path: "/health" } },
) {
  const clock = new SimulatedClock();
  const old = scripts.old === null ? undefined : new SimulatedAgent(clock, scripts.old);
  const its = new SimulatedAgent(clock, { version: "1.1.0", ...scripts.new });
  const settings = settingsSchema.parse({
    version: 1,
    name: "demo",
    source: { git: "." },
    agent: { start: ["true"] },
    health,
    rehearsal: { compareAnswers: "off", stays: "0s", ...rehearsal },
  });
  const said: string[] = [];
  const findings = await rehearse({ old, new: its, settings, clock, seed: 3, onProgress: (say) => said.push(say) });
  return { old, its, said, of: (what: string) => findings.find((finding) => finding.what === what) };
}

/** Times that look like real ones: most near `ms`, some far above. The same seed gives the same times. */
const around = (ms: number, seed: number): (() => number) => {
  const random = createSeededRandom(seed);
  return () => ms * (0.9 + 0.1 * random() + (random() < 0.1 ? 0.1 * random() : 0));
};

describe("latency", () => {
  it("passes the very same program", async () => {
    const { of } = await measure({ old: { tookMs: around(20, 1) }, new: { tookMs: around(20, 2) } });
    expect(of("latency")).toMatchObject({ verdict: "pass", limit: 1.2, unit: "ms" });
    expect(of("latency")?.because).toMatch(
      /^its 95th percentile is at most 1\.\d+ times the old version's \(\d+(\.\d+)? ms against \d+(\.\d+)? ms, \d+ requests each; 1\.2 is allowed\)$/,
    );
  });
  it("fails one that is twice as slow, in words, and stops asking", async () => {
    const { of, its } = await measure({ old: { tookMs: around(20, 1) }, new: { tookMs: around(40, 2) } });
    const latency = of("latency");
    expect(latency?.verdict).toBe("fail");
    expect(latency?.bound ?? 0).toBeGreaterThan(1.2);
    expect(latency?.because).toMatch(/^its 95th percentile is at least 1\.\d+ times the old version's \(.* 1\.2 is allowed\)$/);
    expect(its.asked.length).toBeLessThan(250);
    expect(of("memory")).toMatchObject({ verdict: "nodata", because: "not measured: it is slower, beyond doubt" });
  });
  it("measures to the end where nothing is refused for it", async () => {
    const { of, its } = await measure({ old: { tookMs: around(20, 1) }, new: { tookMs: around(40, 2) } }, { performance: "reported" });
    expect(of("latency")?.verdict).toBe("fail");
    expect(of("memory")?.verdict).toBe("pass");
    expect(its.asked.length).toBe(400);
  });
  it("is in doubt where the samples do not tell, and says how many would", async () => {
    const random = createSeededRandom(9);
    const wild = () => 20 - 30 * Math.log(random());
    const { of } = await measure({ old: { tookMs: wild }, new: { tookMs: wild } });
    expect(of("latency")?.verdict).toBe("inconclusive");
    expect(of("latency")?.because).toMatch(/about \d+ requests each would tell|no number of them would tell soon/);
  });
  it("does not refuse a difference of two milliseconds, however large its ratio", async () => {
    const { of } = await measure({ old: { tookMs: () => 1 }, new: { tookMs: () => 2.5 } });
    expect(of("latency")).toMatchObject({ verdict: "pass" });
    expect(of("latency")?.because).toContain("a difference of 2 ms is passed over");
  });
  it("claims nothing from too few requests", async () => {
    const { of } = await measure({}, { samples: 60 });
    expect(of("latency")).toMatchObject({ verdict: "insufficient" });
    expect(of("latency")?.because).toMatch(/are too few to say anything .* it takes 105$/);
  });
  it("passes the warm-up over", async () => {
    const cold = (count: number) => (count <= 20 ? 2_000 : 20);
    expect((await measure({ old: { tookMs: () => 20 }, new: { tookMs: cold } })).of("latency")).toMatchObject({ verdict: "pass" });
  });
  it("sees an agent that is quick only about its health", async () => {
    const slow: Script = { answer: (question) => (question.path === "/health" ? "ok" : "done") };
    const bySort = (ms: number): Script => ({ ...slow, tookMs: () => ms });
    const { of } = await measure({ old: bySort(20), new: bySort(60) }, { requests: [{ path: "/work" }] });
    expect(of("latency")).toMatchObject({ verdict: "fail" });
  });
});

describe("errors", () => {
  it("fail a version that answers its health page and nothing else, soon", async () => {
    const { of, its } = await measure(
      { new: { answer: (question) => (question.path === "/health" ? "ok" : 500) } },
      { requests: [{ path: "/work", weight: 3 }, { path: "/more" }] },
    );
    expect(of("errors")).toMatchObject({ verdict: "fail", old: 0, limit: 2 });
    expect(its.asked.length).toBeLessThan(60);
    // Quick failures are no speed.
    expect(of("latency")?.verdict).toBe("nodata");
  });
  it("fail a version that stays silent", async () =>
    expect((await measure({ new: { answer: () => "silent" } })).of("errors")).toMatchObject({ verdict: "fail" }));
  it("pass where none failed", async () => {
    const { of } = await measure({});
    expect(of("errors")).toMatchObject({ verdict: "pass", old: 0, new: 0 });
  });
  it("are in doubt where a few failed: it may be bad luck", async () =>
    expect((await measure({ new: { answer: (_, count) => (count % 60 === 0 ? 500 : "ok") } })).of("errors")).toMatchObject({ verdict: "inconclusive" }));
  it("are not held against the new version where the old one fails the same requests", async () => {
    const broken: Script = { answer: (question) => (question.path === "/broken" ? 500 : "ok") };
    const { of } = await measure({ old: broken, new: broken }, { requests: [{ path: "/broken" }, { path: "/work" }] });
    expect(of("errors")?.verdict).not.toBe("fail");
  });
});

describe("what it takes from the machine", () => {
  const MIB = 1_048_576;
  for (const [name, old, its, verdict] of [
    ["passes the same memory", 100, 105, "pass"],
    ["fails twice the memory", 100, 200, "fail"],
    ["passes twice the memory of next to nothing", 10, 24, "pass"],
    ["passes just what is allowed", 100, 130, "pass"],
  ] as const)
    it(name, async () => {
      const resident = (mib: number): Script => ({ residentBytes: () => mib * MIB });
      expect((await measure({ old: resident(old), new: resident(its) })).of("memory")).toMatchObject({ verdict, old, new: its, samples: 12, unit: "MiB" });
    });
  it("has no data where the system tells nothing", async () => {
    const clock = new SimulatedClock();
    const its = Object.assign(new SimulatedAgent(clock), { readUsage: async () => undefined });
    const settings = settingsSchema.parse({ version: 1, name: "demo", source: { git: "." }, agent: { start: ["true"] }, health: { http: { path: "/" } } });
    const findings = await rehearse({ old: new SimulatedAgent(clock), new: its, settings, clock });
    for (const what of ["memory", "cpu"]) expect(findings.find((one) => one.what === what)).toMatchObject({ verdict: "nodata" });
  });
  it("fails three times the processor time for a request, and passes half a millisecond over", async () => {
    const takes = (ms: number): Script => ({ cpuMsPerRequest: () => ms });
    expect((await measure({ old: takes(2), new: takes(6) })).of("cpu")).toMatchObject({ verdict: "fail", limit: 1.25 });
    expect((await measure({ old: takes(0.1), new: takes(0.5) })).of("cpu")).toMatchObject({ verdict: "pass" });
  });
  it("fails an event loop that stands still, and passes five milliseconds over", async () => {
    const stands = (ms: number): Script => ({ loopMs: () => ms });
    expect((await measure({ old: stands(4), new: stands(80) })).of("event loop")).toMatchObject({ verdict: "fail" });
    expect((await measure({ old: stands(1), new: stands(5) })).of("event loop")).toMatchObject({ verdict: "pass" });
  });
  it("has no data about the event loop of what does not run on Node", async () =>
    expect((await measure({ new: { loopMs: () => undefined } })).of("event loop")).toMatchObject({ verdict: "nodata" }));
});

describe("throughput", () => {
  it("passes the same", async () => {
    const { of } = await measure({ old: { tookMs: around(20, 1) }, new: { tookMs: around(20, 2) } });
    expect(of("throughput")).toMatchObject({ verdict: "pass", limit: 0.8 });
  });
  it("fails half as many requests a second", async () => {
    const { of } = await measure({ old: { tookMs: around(20, 1) }, new: { tookMs: around(40, 2) } }, { performance: "reported" });
    expect(of("throughput")?.verdict).toBe("fail");
    expect(of("throughput")?.because).toMatch(
      /^it answers at most 0\.\d+ times as many requests a second as the old version \(\d+ a second against \d+, 12 rounds/,
    );
  });
});

describe("several requests at once", () => {
  it("fail a version that answers only one at a time", async () => {
    let under = 0;
    const clock = new SimulatedClock();
    const its = new SimulatedAgent(clock);
    const ask = its.ask.bind(its);
    const alone = Object.assign(its, {
      ask: async (question: Parameters<typeof ask>[0]) => {
        under += 1;
        const isAlone = under === 1;
        await new Promise(setImmediate);
        const answer = await ask(question);
        const wasAlone = under === 1;
        under -= 1;
        return isAlone && wasAlone ? answer : { kind: "silent" as const, because: "busy", tookMs: 1 };
      },
    });
    const settings = settingsSchema.parse({ version: 1, name: "demo", source: { git: "." }, agent: { start: ["true"] }, health: { http: { path: "/" } } });
    const findings = await rehearse({ old: new SimulatedAgent(clock), new: alone, settings, clock });
    expect(findings.find(({ what }) => what === "throughput")?.verdict).toBe("fail");
    expect(findings.find(({ what }) => what === "errors")?.verdict).toBe("pass");
  });
});

describe("measuring", () => {
  it("asks each version at most so many requests, the same ones, by turns", async () => {
    const { old, its } = await measure({}, { samples: 200, requests: [{ path: "/a", weight: 9 }, { path: "/b" }] });
    expect(its.asked.length).toBe(200);
    expect(its.asked.map(({ path }) => path)).toEqual(old?.asked.map(({ path }) => path));
    const share = its.asked.filter(({ path }) => path === "/a").length / 200;
    expect(share).toBeGreaterThan(0.8);
  });
  it("lets neither version come first more often", () => {
    const { blocks } = planRequests([{ path: "/", method: "GET", headers: {}, timeoutMs: 1, weight: 1 }], 400, 1);
    const first = blocks.flat().map(({ isOldFirst }) => isOldFirst);
    for (let at = 0; at + 4 <= first.length; at += 4) expect(Math.abs(first.slice(0, at + 4).filter(Boolean).length - (at + 4) / 2)).toBeLessThanOrEqual(2);
    expect(new Set(first).size).toBe(2);
  });
  it("says what it is at", async () => expect((await measure({})).said).toContain("compared 23 of 272 requests"));
  it("claims nothing of what was measured in part: when it ended was no accident", async () => {
    const { of } = await measure({ new: { answer: (_, count) => (count > 200 ? 500 : "ok"), cpuMsPerRequest: () => 30 } });
    expect(of("errors")?.verdict).toBe("fail");
    expect(of("cpu")).toMatchObject({ verdict: "insufficient" });
    expect(of("cpu")?.because).toMatch(/^only \d+ of 12 blocks of requests were measured: it fails more requests, beyond doubt$/);
  });
  it("claims nothing when the time is over before enough was asked", async () => {
    const { of } = await measure({ old: { tookMs: () => 1_000 }, new: { tookMs: () => 1_000 } }, { within: "60s" });
    for (const what of ["errors", "latency", "throughput", "memory"]) expect(["insufficient", "nodata"]).toContain(of(what)?.verdict);
    expect(of("latency")?.because).toContain("the 60 s of rehearsal.within were over");
  });
  it("ends when the new version does, and blames it for no time", async () => {
    const { of, its } = await measure({ new: { diesAt: 40 } });
    expect(of("alive")).toMatchObject({ verdict: "fail" });
    expect(its.asked.length).toBeLessThan(60);
  });
  it("says that there is nothing to ask, or nothing to compare with", async () => {
    expect((await measure({}, {}, {})).of("performance")).toMatchObject({ verdict: "nodata" });
    expect((await measure({ old: null })).of("performance")).toMatchObject({ verdict: "nodata" });
  });
});
