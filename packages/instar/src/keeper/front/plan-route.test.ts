import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planRoute, unitOf } from "./plan-route.ts";

describe("which of two releases a caller meets", () => {
  const part = fc.integer({ min: 0, max: 1_000 }).map((thousandths) => thousandths / 1_000); // Evenly spread, unlike fc.double.

  test("is always the same, and a larger part never gives anybody back", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), part, part, (release, unit, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const before = planRoute({ release, of: less }, unit);
        expect(planRoute({ release, of: less }, unit)).toBe(before);
        if (before === "share") expect(planRoute({ release, of: more }, unit)).toBe("share");
      }),
    );
  });

  test("nobody meets a part of nothing, and everybody the whole", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (release, unit) => {
        expect(planRoute({ release, of: 0 }, unit)).toBe("main");
        expect(planRoute({ release, of: 1 }, unit)).toBe("share");
        expect(planRoute({ release, of: Number.NaN }, unit)).toBe("main");
      }),
    );
  });

  test.each([0.01, 0.1, 0.5])("about %d of many callers do, others for each release", (of) => {
    const callers = Array.from({ length: 20_000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
    const chosen = (release: string) => callers.filter((unit) => planRoute({ release, of }, unit) === "share");
    // Fixed input: five standard deviations around what is expected, so that the hash is judged and not the dice.
    expect(Math.abs(chosen("a").length / callers.length - of)).toBeLessThan(5 * Math.sqrt((of * (1 - of)) / callers.length));
    const both = new Set(chosen("a"));
    expect(Math.abs(chosen("b").filter((unit) => both.has(unit)).length / callers.length - of * of)).toBeLessThan(0.02);
  });

  test("can be computed again by anybody: murmur3 of `<release>:<unit>` in UTF-8, as a part of 2^32", () => {
    // Computed by another implementation: 0x591e9cae. It may never change, or callers would move.
    const border = 0x591e9cae / 2 ** 32;
    expect(planRoute({ release: "release-1", of: border }, "käse")).toBe("main");
    expect(planRoute({ release: "release-1", of: border + 2 ** -32 }, "käse")).toBe("share");
  });
});

describe("whose request it is", () => {
  const address = "192.0.2.1";

  test.each([
    ["the cookie", { cookie: "sid=a1; lang=de" }, { cookie: "sid" }, "a1"],
    ["the first of two cookies", { cookie: "sid=a1; sid=b2" }, { cookie: "sid" }, "a1"],
    ["a cookie that contains =", { cookie: "x=1;sid=a=b==" }, { cookie: "sid" }, "a=b=="],
    ["no cookie whose name only begins so", { cookie: "sid2=x; xsid=y; SID=z; sid" }, { cookie: "sid" }, address],
    ["no empty cookie", { cookie: "sid=" }, { cookie: "sid" }, address],
    ["the address without cookies", {}, { cookie: "sid" }, address],
    ["the header, whatever its case", { "x-user": "u7" }, { header: "X-User" }, "u7"],
    ["the address without the header", { "x-other": "u7" }, { header: "X-User" }, address],
    ["no empty header", { "x-user": "" }, { header: "x-user" }, address],
    ["UTF-8 as it came over the wire", { "x-user": "k\u00c3\u00a4se" }, { header: "x-user" }, "käse"],
    ["the address", { cookie: "sid=a1" }, "address", address],
  ] as const)("%s", (_, headers, stickBy, unit) => {
    expect(unitOf(headers, stickBy, address)).toBe(unit);
  });
});
