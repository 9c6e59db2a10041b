import { SimulatedClock } from "@instar/testkit";
import { describe, expect, it } from "vitest";
import { type SettingsFile, settingsSchema } from "../settings/settings.ts";
import { rehearse } from "./rehearse.ts";
import { type Script, type ScriptedAnswer, SimulatedAgent } from "./simulated-agent.testing.ts";

async function compare(old: Script | null, its: Script, rehearsal: SettingsFile["rehearsal"] = {}, health: SettingsFile["health"] = {}) {
  const clock = new SimulatedClock();
  const settings = settingsSchema.parse({
    version: 1,
    name: "demo",
    source: { git: "." },
    agent: { start: ["true"] },
    health,
    rehearsal: { performance: "off", stays: "0s", requests: [{ path: "/state" }], ...rehearsal },
  });
  const findings = await rehearse({ old: old === null ? undefined : new SimulatedAgent(clock, old), new: new SimulatedAgent(clock, its), settings, clock });
  const found = findings.find(({ what }) => what === "answers");
  if (found === undefined) throw new Error("no finding");
  return found;
}
const says = (...answers: readonly ScriptedAnswer[]): Script => ({ answer: (_, count) => answers[(count - 1) % answers.length] ?? "silent" });
const json = (value: unknown) => JSON.stringify(value);

describe("answers of old and new", () => {
  for (const [name, old, its, verdict, because] of [
    ["pass where they are equal", says("{}"), says("{ }"), "pass", "the answer is alike"],
    ["pass in another order of keys", says('{"a":1,"b":2}'), says('{"b":2,"a":1}'), "pass", ""],
    ["fail on another value, and say where", says(json({ a: { "x/y": 1 } })), says(json({ a: { "x/y": 2 } })), "fail", "GET /state: /a/x~1y was 1, is 2"],
    ["fail on another type", says('{"a":1}'), says('{"a":"1"}'), "fail", '/a was 1, is "1"'],
    ["fail on what is missing", says('{"a":1,"b":2}'), says('{"a":1}'), "fail", "/b was 2, is missing"],
    ["fail on what is new", says('{"a":1}'), says('{"a":1,"b":[1]}'), "fail", "/b is new: a list of 1"],
    ["fail on a list of another length", says("[1,2]"), says("[1]"), "fail", "the answer had 2 entries, has 1"],
    ["fail on another status, whatever the body", says({ status: 200, body: "{}" }), says({ status: 201, body: "{}" }), "fail", "the status was 200, is 201"],
    ["fail on silence", says("{}"), says("silent"), "fail", "was answered with 200, is not answered"],
    ["fail on a page where JSON was", says("{}"), says("<html>"), "fail", "the answer was JSON and is not JSON"],
    ["fail on other text", says("one\ntwo"), says("one\nthree"), "fail", 'line 2 was "two", is "three"'],
    [
      "fail where it now redirects elsewhere",
      says({ status: 302, headers: { location: "/a" } }),
      says({ status: 302, headers: { location: "/b" } }),
      "fail",
      'location was "/a"',
    ],
    [
      "fail on another kind of content",
      says({ headers: { "content-type": "application/json" }, body: "{}" }),
      says({ headers: { "content-type": "text/html" }, body: "{}" }),
      "fail",
      "content-type was",
    ],
    ["fail on JSON that is 100,000 deep", says("[]"), says("[".repeat(100_000)), "fail", "nested deeper"],
    [
      "pass over what the old version does not say twice alike",
      says('{"n":1,"a":1}', '{"n":2,"a":1}'),
      says('{"n":7,"a":1}'),
      "pass",
      "1 places that two answers of the old version do not have alike either",
    ],
    ["still see what is no noise beside it", says('{"n":1,"a":1}', '{"n":2,"a":1}'), says('{"n":7,"a":9}'), "fail", "/a was 1, is 9"],
    [
      "know noise in one entry of a list for noise in each",
      says(json([{ n: 1 }, { n: 5 }]), json([{ n: 2 }, { n: 5 }])),
      says(json([{ n: 1 }, { n: 6 }])),
      "pass",
      "",
    ],
    ["know a list that grows for noise", says("[1]", "[1,2]"), says("[1,2,3]"), "pass", ""],
    [
      "pass over times, ids and places of a copy",
      says(json({ at: "2026-11-28T10:00:00Z", id: "3f2504e0-4f89-11d3-9a0c-0305e82c3301", in: "/tmp/a1/state" })),
      says(json({ at: "2026-11-28T10:00:07Z", id: "9b2504e0-4f89-11d3-9a0c-0305e82c3301", in: "/tmp/b2/state" })),
      "pass",
      "",
    ],
    ["pass over moments as numbers", says('{"startedAt":1796000000000}'), says('{"startedAt":1796000007000}'), "pass", ""],
    ["have no data where the old version is silent", says("silent"), says("{}"), "nodata", "the old version answered none of them twice"],
    [
      "are compared with either status that the old version gives",
      says({ status: 200, body: "{}" }, { status: 503, body: "{}" }),
      says({ status: 503, body: "{}" }),
      "pass",
      "",
    ],
    ["have no data without an old version", null, says("{}"), "nodata", "no old version"],
  ] as const)
    it(name, async () => {
      const finding = await compare(old, its);
      expect(finding.because).toContain(because);
      expect(finding.verdict).toBe(verdict);
    });

  it("may differ where the operator says so, and below it", async () => {
    const [old, its] = [says(json({ a: { b: 1 }, list: [{ c: 1, d: 1 }] })), says(json({ a: { b: 2 }, list: [{ c: 2, d: 1 }] }))];
    expect(await compare(old, its, { ignore: ["/a", "/list/*/c"] })).toMatchObject({ verdict: "pass" });
    expect(await compare(old, its, { ignore: ["/a"] })).toMatchObject({ verdict: "fail" });
  });
  it("may differ in the version", async () =>
    expect(await compare(says('{"version":"1"}'), says('{"version":"2"}'), {}, { version: { path: "/state", at: "/version" } })).toMatchObject({
      verdict: "pass",
    }));
  it("show ten differences of a thousand", async () => {
    const wide = (value: number) => says(json(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key${index}`, value]))));
    const { because } = await compare(wide(1), wide(2));
    expect(because).toContain("and 990 more differences");
    expect(because.length).toBeLessThan(1_000);
  });
  it("are too few where the time was over", async () => {
    const slow: Script = { answer: () => "{}", tookMs: () => 1_000 };
    expect(await compare(slow, slow, { within: "8s", requests: ["/a", "/b", "/c"].map((path) => ({ path })) })).toMatchObject({
      verdict: "insufficient",
      samples: 2,
    });
  });
  it("are not compared where that is off", async () => {
    await expect(compare(says("{}"), says("{}"), { compareAnswers: "off" })).rejects.toThrow("no finding");
  });
});
