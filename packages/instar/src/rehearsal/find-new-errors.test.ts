import { describe, expect, it } from "vitest";
import { normaliseLine } from "../platform/normalise-text.ts";
import { readErrorKinds } from "../platform/read-error-kinds.ts";
import { settingsSchema } from "../settings/settings.ts";
import { findNewErrors } from "./find-new-errors.ts";

const { rehearsal: standard } = settingsSchema.parse({ version: 1, name: "demo", source: { git: "." }, agent: { start: ["true"] } });
const find = (old: string | undefined | "unread", its: string | undefined, patterns = {}) => findNewErrors(old, its, { ...standard, ...patterns });

describe("two lines of one kind", () => {
  for (const [one, other] of [
    ["2026-11-28T10:00:00.123Z ERROR no answer", "2026-11-29T23:59:59.999+01:00 ERROR no answer"],
    ["[28/Nov/2026:10:00:00 +0000] ERROR x", "[29/Nov/2026:10:00:01 +0000] ERROR x"],
    ["Nov 28 10:00:00 host ERROR x", "Nov  9 11:01:02 host ERROR x"],
    ["ERROR job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 failed", "ERROR job 9b2504e0-4f89-11d3-9a0c-0305e82c3302 failed"],
    ["ERROR at 0x7ffd10 in 1f0c9a3be7", "ERROR at 0x8aa in 77aa1b2c3d"],
    ["ERROR listen EADDRINUSE 127.0.0.1:8001", "ERROR listen EADDRINUSE 127.0.0.1:9001"],
    ["ERROR took 300 ms", "ERROR took 1.5s"],
    ["ERROR cannot read /tmp/a/state/jobs.json", "ERROR cannot read /srv/b/jobs.json"],
    ["ERROR 3 of 7 failed", "ERROR 12 of 900 failed"],
    ["\u001b[31mERROR\u001b[0m x", "ERROR  x"],
  ] as const)
    it(one, () => expect(normaliseLine(one)).toBe(normaliseLine(other)));
});

describe("two lines of different kinds", () => {
  for (const [one, other] of [
    ["ERROR cannot read /tmp/a/jobs.json", "ERROR cannot read /tmp/a/plugins.json"],
    ["ERROR plugin2 failed", "ERROR plugin3 failed"],
    ["ERROR cannot connect", "ERROR cannot listen"],
    ["TypeError: x is not a function", "RangeError: x is not a function"],
  ] as const)
    it(`${one} ≠ ${other}`, () => expect(normaliseLine(one)).not.toBe(normaliseLine(other)));
});

describe("errors in the log", () => {
  it("pass where there are none", () => expect(find("ready\n", "ready\n")).toMatchObject({ verdict: "pass", because: "its log has no error lines" }));
  it("pass where the old version writes them too, at another time", () =>
    expect(find("10:00:01 ERROR no mail\n", "11:00:02 ERROR no mail\n11:00:03 ERROR no mail\n")).toMatchObject({ verdict: "pass", old: 1, new: 1 }));
  it("fail a version that writes new ones, and quote them with counts", () => {
    const { verdict, because } = find(
      "10:00:01 ERROR no mail\n",
      "11:00:02 ERROR no mail\n11:00:03 TypeError: x is undefined\n11:00:09 TypeError: x is undefined\n",
    );
    expect(verdict).toBe("fail");
    expect(because).toBe('it writes one kind of error lines: "11:00:03 TypeError: x is undefined" (2 times); the old version does not');
  });
  it("are passed over where the operator says so", () => expect(find("", "ERROR harmless\n", { ignoreLog: ["harmless"] })).toMatchObject({ verdict: "pass" }));
  it("have no data where a log could not be read", () => {
    expect(find("", undefined)).toMatchObject({ verdict: "nodata" });
    expect(find("unread", "ERROR x\n")).toMatchObject({ verdict: "nodata" });
  });
  it("are in doubt without an old version, and where its log was cut", () => {
    expect(find(undefined, "ERROR x\n")).toMatchObject({ verdict: "inconclusive" });
    expect(find("x".repeat(1_048_576), "ERROR x\n")).toMatchObject({ verdict: "inconclusive" });
  });
  it("are in doubt where the new version wrote so much that they may have been pushed out", () =>
    expect(find("", "fine\n".repeat(209_000))).toMatchObject({ verdict: "inconclusive" }));
  it("stay short, however many there are and however long their lines", () => {
    const letters = (index: number) => [...String(index)].map((digit) => String.fromCharCode(97 + Number(digit))).join("");
    const { because } = find("", Array.from({ length: 3_000 }, (_, index) => `ERROR ${letters(index)} ${"x".repeat(200)}`).join("\n"));
    expect(because).toMatch(/3000 kinds of error lines/);
    expect(because.length).toBeLessThan(1_200);
  });
  it("are an error where a pattern does not come to an end on the log", () =>
    expect(find("", `${"a".repeat(60)}!\n`, { logErrors: "^(a+)+$" })).toMatchObject({ verdict: "error" }));
  it("are known by the standard pattern in what Node, Python, Go and Rust write", () => {
    const lines = [
      "    at main (x.js:1:1)",
      "Traceback (most recent call last):",
      "ValueError: bad",
      "panic: runtime error",
      "level=info msg=fine",
      "(node:7) UnhandledPromiseRejectionWarning: boom",
      "java.lang.NullPointerException: x",
    ];
    expect([...(readErrorKinds(lines.join("\n"), standard)?.values() ?? [])].map(({ sample }) => sample)).toEqual([
      "Traceback (most recent call last):",
      "ValueError: bad",
      "panic: runtime error",
      "(node:7) UnhandledPromiseRejectionWarning: boom",
      "java.lang.NullPointerException: x",
    ]);
  });
});
