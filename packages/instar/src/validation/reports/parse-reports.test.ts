import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findClaim } from "./find-claim.ts";
import { parseBehaveReport } from "./parse-behave-report.ts";
import { parseJestReport } from "./parse-jest-report.ts";
import { parseJunit } from "./parse-junit.ts";
import { parseMochaReport } from "./parse-mocha-report.ts";
import { parseNodeReports } from "./parse-node-report.ts";
import { parseUnittestReports } from "./parse-unittest-report.ts";
import { createTapReader } from "./tap-reader.ts";
import { countTests, type ParsedReport } from "./test-report.ts";

const sample = (name: string) => readFileSync(join(import.meta.dirname, "samples", name), "utf8");
const parseTap = (text: string): ParsedReport => {
  const reader = createTapReader();
  for (const line of text.split("\n")) reader.push(line);
  return reader.end();
};
const summary = (parsed: ParsedReport) => {
  if (parsed.kind === "broken") return parsed.because;
  const { total, passed, failed, skipped } = countTests(parsed.report.tests);
  const failing = parsed.report.tests.filter(({ outcome }) => outcome === "failed").map(({ name, isGroup }) => (isGroup ? `(${name})` : name));
  return { counts: [total, passed, failed, skipped], failing };
};

describe("reports that real runners have written", () => {
  for (const [name, parsed, counts, failing] of [
    ["vitest's", parseJestReport(sample("vitest.json")), [5, 1, 1, 3], ['sums adds <wrongly> & "so"', "(/tree/b.test.js)", "(/tree/c.test.js)"]],
    ["jest's", parseJestReport(sample("jest.json")), [4, 1, 1, 2], ["sums adds wrongly", "(/tree/b.test.js)"]],
    ["mocha's", parseMochaReport(sample("mocha.json")), [4, 1, 1, 2], ["sums adds wrongly", '(hooked "before all" hook for "never runs")']],
    ["behave's", parseBehaveReport(sample("behave.json")), [5, 3, 2, 0], ["sums: adds wrongly", "sums: many -- @1.2"]],
    ["pytest's", parseJunit(sample("pytest.xml")), [7, 3, 2, 2], ["test_a test_wrong", "test_a test_error"]],
    ["pytest's about a file that cannot be loaded", parseJunit(sample("pytest-not-loaded.xml")), [1, 0, 1, 0], ["test_b"]],
    ["node's own JUnit", parseJunit(sample("node-junit.xml")), [8, 4, 2, 2], ["test fails <&>&quot;", "suite inner two", "(test d.test.js)"]],
    ["tape's", parseTap(sample("tape.tap")), [4, 1, 1, 2], ["is three"]],
  ] as const)
    it(`are read: ${name}`, () => expect(summary(parsed)).toEqual({ counts, failing }));

  it("tell the file of each test", () => {
    const parsed = parseJunit(sample("pytest.xml"));
    expect(parsed.kind === "report" && new Set(parsed.report.tests.map(({ file }) => file))).toEqual(new Set(["test_a.py"]));
  });

  it("are not read when they were cut off, wherever", () => {
    const whole = sample("pytest.xml").trimEnd();
    for (let at = 0; at < whole.length - 1; at += 7) expect(parseJunit(whole.slice(0, at)).kind).toBe("broken");
    const json = sample("vitest.json").trimEnd();
    for (let at = 0; at < json.length - 1; at += 97) expect(parseJestReport(json.slice(0, at)).kind).toBe("broken");
    expect(summary(parseTap("TAP version 13\nok 1 a\nok 2 b\n"))).toBe("it has no plan: it was cut off");
    expect(summary(parseTap("TAP version 13\n1..3\nok 1 a\nok 2 b\n"))).toBe("its plan says 3, and 2 came");
  });
});

describe("reports of node:test and unittest, one a process", () => {
  const event = { passed: true, name: "adds", file: "/tree/a.test.js", type: "test", skip: false, todo: false, failure: null };
  const node = (events: readonly object[], more: object = {}) =>
    JSON.stringify({ format: "instar node report 1", isNested: false, ended: true, coverage: null, events, ...more });

  it("are put together, and what a test started itself is left out", () => {
    const texts = [node([event]), node([{ ...event, name: "subtracts" }]), node([{ ...event, passed: false }], { isNested: true })];
    expect(summary(parseNodeReports(texts))).toEqual({ counts: [2, 2, 0, 0], failing: [] });
    expect(parseNodeReports([node([], { isNested: true })]).kind).toBe("broken");
  });

  it("count no file as a test, and a file that failed as a failure", () => {
    const file = { ...event, name: "a.test.js" };
    expect(summary(parseNodeReports([node([file])]))).toEqual({ counts: [0, 0, 0, 0], failing: [] });
    expect(summary(parseNodeReports([node([{ ...file, passed: false }])]))).toEqual({ counts: [0, 0, 0, 0], failing: ["(a.test.js)"] });
    expect(summary(parseNodeReports([node([{ ...event, name: "suite", type: "suite", passed: false, failure: "hookFailed" }])]))).toEqual({
      counts: [0, 0, 0, 0],
      failing: ["(suite)"],
    });
  });

  it("add up the lines that are covered", () => {
    const parsed = parseNodeReports([node([event], { coverage: { total: 10, covered: 9 } }), node([event], { coverage: { total: 30, covered: 11 } })]);
    expect(parsed.kind === "report" && parsed.report.coverage).toBe(50);
  });

  it("are refused in any other shape", () => {
    for (const text of [
      "",
      "null",
      "[]",
      node([event], { format: "instar node report 2" }),
      node([event], { ended: false }),
      node([{ ...event, passed: "yes" }]),
      node([event], { coverage: { total: 3, covered: 4 } }),
      node([event], { coverage: { total: 3, covered: -1 } }),
    ]) {
      expect(parseNodeReports([text]).kind).toBe("broken");
      expect(parseUnittestReports([text]).kind).toBe("broken");
    }
  });
});

describe("hostile reports", () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;">]><testsuites><testcase name="&lol2;"/></testsuites>`;

  it("that declare entities are not read, and entities mean nothing", () => {
    expect(summary(parseJunit(bomb))).toBe("it declares what its own document type is, which is not read");
    const undeclared = parseJunit(`<testsuites><testcase name="&lol2;&amp;&#65;&#x41;"/></testsuites>`);
    expect(undeclared.kind === "report" && undeclared.report.tests[0]?.name).toBe("&lol2;&AA");
  });

  it("that are nested too deeply, or badly, are not read", () => {
    expect(summary(parseJunit("<a>".repeat(100)))).toBe("its elements are nested more than 64 deep");
    expect(summary(parseJunit("<testsuites><testcase></testsuites></testcase>"))).toBe('the element "testsuites" is closed where it is not open');
    expect(summary(parseJunit("<html><body/></html>"))).toBe("it is XML and no report of JUnit's kind");
    expect(summary(parseJestReport("[".repeat(1_000_000)))).toBe("it is not what Jest and Vitest write");
    expect(summary(parseBehaveReport(`${"[".repeat(200_000)}${"]".repeat(200_000)}`))).toBe("it is not what behave writes");
  });

  it("take a time that grows with their length alone", () => {
    for (const text of [
      `<testsuite ${"a".repeat(2_000_000)}`,
      `<testsuite ${" ".repeat(2_000_000)}>`,
      `<testsuite a="${"&".repeat(2_000_000)}"/>`,
      `<testsuite ${'a="b" '.repeat(300_000)}=>`,
      `<!--${"-".repeat(2_000_000)}`,
      `${"<![CDATA[".repeat(200_000)}`,
      `<testsuite a='${"<".repeat(2_000_000)}`,
    ])
      parseJunit(text);
    for (const line of [`ok ${" ".repeat(2_000_000)}`, `ok 1 ${"# skip ".repeat(300_000)}`, `${" ".repeat(2_000_000)}ok`]) parseTap(line);
    findClaim("1".repeat(2_000_000));
  });

  it("cannot hide a failure behind a suite's numbers, and suites' failures cannot be left out", () => {
    expect(summary(parseJunit(`<testsuite failures="0" tests="9"><testcase name="a"><failure/></testcase></testsuite>`))).toEqual({
      counts: [1, 0, 1, 0],
      failing: ["a"],
    });
    expect(summary(parseJunit(`<testsuite name="s" failures="1" tests="9"><testcase name="a"/></testsuite>`))).toEqual({
      counts: [1, 1, 0, 0],
      failing: ["(s)"],
    });
  });

  it("show no control characters to whoever reads their names", () => {
    const parsed = parseTap("1..1\nnot ok 1 \u001b[2J\u202egone\n");
    expect(parsed.kind === "report" && parsed.report.tests[0]?.name).toBe("[2J gone");
  });

  it("whatever stands in them, are a value", () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.stringMatching(/^[<>/&;"'= a!?[\]-]{0,60}$/)), (text) => {
        for (const parse of [parseJunit, parseJestReport, parseMochaReport, parseBehaveReport, parseTap])
          expect(["report", "broken"]).toContain(parse(text).kind);
      }),
    ));
});

describe("TAP", () => {
  it("counts what is indented, and its sum only where it failed", () =>
    expect(summary(parseTap("# Subtest: a\n    ok 1 - one\n    not ok 2 - two\n    1..2\nnot ok 1 - a\nok 2 - b # SKIP\n1..2\n"))).toEqual({
      counts: [3, 1, 1, 1],
      failing: ["two", "(a)"],
    }));
  it("knows that nothing was planned", () => expect(summary(parseTap("TAP version 13\n1..0 # SKIP\n"))).toEqual({ counts: [0, 0, 0, 0], failing: [] }));
  it("fails where it bails out", () => expect(summary(parseTap("1..1\nok 1 a\nBail out! no more\n"))).toMatchObject({ failing: ["(Bail out! no more)"] }));
  it("may come several times", () =>
    expect(summary(parseTap("TAP version 13\nok 1 a\n1..1\nTAP version 13\nok 1 b\n1..1\n"))).toMatchObject({ counts: [2, 2, 0, 0] }));
});

describe("a line that claims", () => {
  for (const line of [
    "ok 1 - adds",
    "1..12",
    "Tests: 3 passed, 3 total",
    "Ran 12 tests in 0.1s",
    "12 passing (3ms)",
    "\u001b[32m12 passed\u001b[0m",
    "# pass 4",
    "test result: ok. 5 passed; 0 failed",
  ])
    it(`is ${JSON.stringify(line)}`, () => expect(findClaim(line)).toBeDefined());
  for (const line of ["compiling 12 files", "ok", "listening on 8080", "done in 3 s", "passed", "version 1.2.3"])
    it(`is not ${JSON.stringify(line)}`, () => expect(findClaim(line)).toBeUndefined());
});
