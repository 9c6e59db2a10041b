import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withStageRoom } from "./stage-room.testing.ts";

const NODE_TEST = `import test from "node:test"; import assert from "node:assert"; import fs from "node:fs"; import path from "node:path"; import { spawn, spawnSync } from "node:child_process";\n`;
const passing = `${NODE_TEST}test("adds", () => assert.equal(1 + 1, 2));\n`;
const failing = `${NODE_TEST}test("adds wrongly", () => assert.equal(1 + 1, 3));\n`;
/** Where the reporter writes, told by what every process of the job gets. */
const REPORTS = `const reports = path.join(path.dirname(new URL(/file:[^ ]+/.exec(process.env.NODE_OPTIONS)[0]).pathname.replaceAll("%20", " ")), "reports");`;
const command = "node --test";

describe("tests do not pass that", () => {
  it("never end", () =>
    withStageRoom({ "a.test.mjs": `${NODE_TEST}test("waits", () => new Promise((r) => setInterval(() => {}, 1e6)));` }, async ({ test }) => {
      const result = await test({ command }, { withinMs: 1_500 });
      expect(result).toMatchObject({ verdict: "fail", because: "it did not end within 2 s and was ended with everything it had started", counts: null });
    }));

  it("print without an end", () =>
    withStageRoom({ "a.test.mjs": `${NODE_TEST}const text = "x".repeat(1e6) + "\\n"; while (true) fs.writeSync(1, text);` }, async ({ test }) => {
      expect(await test({ command: "node a.test.mjs" }, { withinMs: 1_500 })).toMatchObject({ verdict: "fail", counts: null });
    }));

  it("wait for input: there is none, and it ends", () =>
    withStageRoom({ "a.sh": "read answer || exit 7" }, async ({ test }) => {
      expect(await test({ command: ["sh", "a.sh"] })).toMatchObject({ verdict: "fail", because: "it exited with 7" });
    }));

  it("only print that they passed", () =>
    withStageRoom({ "tests.mjs": `console.log("TAP version 13\\nok 1 - adds\\n1..1\\n# tests 1\\n# pass 1\\n# fail 0");` }, async ({ test }) => {
      const result = await test({ command: "node tests.mjs" });
      expect(result.verdict).toBe("inconclusive");
      expect(result.because).toContain(`prints "ok 1 - adds", which no report confirms`);
      expect(await test({ command: "sh -c 'echo 12 tests passed'" })).toMatchObject({ verdict: "inconclusive" });
    }));

  it("print that they passed and leave before they have", () =>
    withStageRoom({ "a.test.mjs": `${NODE_TEST}test("adds", () => { console.log("# tests 1\\n# pass 1"); process.exit(0); });` }, async ({ test }) => {
      expect((await test({ command })).verdict).toBe("nodata");
      expect((await test({ command: "node --test --test-isolation=none" })).verdict).toBe("nodata");
    }));

  it("are none", () =>
    withStageRoom({ "a.test.mjs": "console.log('all is well');" }, async ({ test }) => {
      expect(await test({ command })).toMatchObject({ verdict: "nodata", because: "no test ran: that is not a pass", counts: { total: 0 } });
    }));

  it("are all skipped", () =>
    withStageRoom({ "a.test.mjs": `${NODE_TEST}test.skip("one", () => {}); test.todo("two");` }, async ({ test }) => {
      expect(await test({ command })).toMatchObject({
        verdict: "nodata",
        because: "all 2 tests were skipped: that is not a pass",
        counts: { total: 2, skipped: 2 },
      });
    }));

  it("exit with 0 over failures", () =>
    withStageRoom({ "a.test.mjs": failing }, async ({ test, jobs }) => {
      const result = await test({ command: "node --test || true" });
      expect(result).toMatchObject({
        verdict: "fail",
        because: 'it ended with status 0, but its report says that 1 of 1 test failed: "adds wrongly"',
        failing: ["adds wrongly"],
      });
      expect(jobs).toHaveLength(1);
    }));

  it("exit with 1 over passes", () =>
    withStageRoom({ "a.test.mjs": passing }, async ({ test, jobs }) => {
      const result = await test({ command: "node --test && exit 1" });
      expect(result).toMatchObject({ verdict: "fail", counts: { total: 1, passed: 1 } });
      expect(result.because).toMatch(/^it exited with 1, and its report names no failure among 1 test/);
      expect(jobs).toHaveLength(1);
    }));

  it("leave no report", () =>
    withStageRoom({ "a.test.mjs": passing }, async ({ test }) => {
      const result = await test({ command: "NODE_OPTIONS= node --test" });
      expect(result.verdict).toBe("inconclusive");
      expect(await test({ command: "true", runner: "pytest" })).toMatchObject({
        verdict: "error",
        because: "it ended with status 0, but its own report (pytest) is missing: it left none",
      });
    }));

  it("are to be read by a runner whose report cannot be had", () =>
    withStageRoom({}, async ({ test }) => {
      expect(await test({ command: "true", runner: "jest" })).toMatchObject({
        verdict: "error",
        because:
          "it ended with status 0, but its own report (jest) is missing: jest is asked for its report by arguments, and none reach it through this command",
      });
      expect(await test({ command: "true", runner: "junit" })).toMatchObject({
        verdict: "error",
        because: "it ended with status 0, but its own report (junit) is missing: runner: junit needs the name of its report (report: …)",
      });
      expect(await test({ command: "true", runner: "tap" })).toMatchObject({ verdict: "error", because: expect.stringContaining("there is no TAP in it") });
    }));

  it("leave a report that was cut off", () =>
    withStageRoom(
      { "a.test.mjs": `${NODE_TEST}${REPORTS} test("adds", () => { fs.writeFileSync(path.join(reports, "node-1.json.part"), "{"); });` },
      async ({ test }) => {
        expect(await test({ command })).toMatchObject({
          verdict: "error",
          because: "it ended with status 0, but its own report (node) cannot be read: it was cut off while it was written",
        });
      },
    ));

  it("write beside the report of their runner", () =>
    withStageRoom(
      { "a.test.mjs": `${NODE_TEST}${REPORTS} test("adds", () => { fs.writeFileSync(path.join(reports, "better.json"), "{}"); });` },
      async ({ test }) => {
        const { verdict, because } = await test({ command });
        expect([verdict, because]).toEqual([
          "error",
          `it ended with status 0, but its own report (node) cannot be read: something else wrote "better.json" beside it`,
        ]);
      },
    ));

  it("write a second report that says they passed: the first one still stands", () =>
    withStageRoom(
      {
        "a.test.mjs": `${NODE_TEST}${REPORTS} test("adds wrongly", () => { fs.writeFileSync(path.join(reports, "node-1.json"), JSON.stringify({ format: "instar node report 1", isNested: false, ended: true, coverage: null, events: [] })); assert.ok(false); });`,
      },
      async ({ test }) => {
        expect(await test({ command })).toMatchObject({ verdict: "fail", failing: ["adds wrongly"] });
      },
    ));

  it("left their report yesterday", () =>
    withStageRoom({ "report.xml": `<testsuite><testcase name="adds"/></testsuite>` }, async ({ test, tree }) => {
      const result = await test({ command: "true", report: "report.xml" });
      expect(result).toMatchObject({ verdict: "error", because: "it ended with status 0, but its own report (junit) is missing: it left none" });
      expect(existsSync(join(tree, "report.xml"))).toBe(false);
    }));

  for (const [what, write, because] of [
    ["of a gigabyte", "truncate -s 1G report.xml", "it has 1073741824 bytes, and 67108864 are read at most"],
    [
      "that would grow without an end",
      `echo '<!DOCTYPE a [<!ENTITY b "bb">]><testsuite><testcase name="&b;"/></testsuite>' > report.xml`,
      "it declares what its own document type is, which is not read",
    ],
    ["that is a pipe", "mkfifo report.xml", "it is no file"],
    ["that is a link", "ln -s /etc/hostname report.xml", "it is a link"],
    ["that is cut off", `printf '<testsuite><testcase name="adds"/>' > report.xml`, 'the element "testsuite" is never closed: it was cut off'],
    ["that is empty", ": > report.xml", "there is no TAP in it"],
  ] as const)
    it(`leave a report ${what}`, () =>
      withStageRoom({}, async ({ test }) => {
        expect(await test({ command: write, report: "report.xml" })).toMatchObject({
          verdict: "error",
          because: `it ended with status 0, but its own report (junit) cannot be read: ${because}`,
        });
      }));

  it("put a link in the way of their report: nothing behind it is removed or read", () =>
    withStageRoom({}, async ({ test, tree, scratch }) => {
      const outside = join(scratch, "outside");
      mkdirSync(outside);
      writeFileSync(join(outside, "report.xml"), `<testsuite><testcase name="adds"/></testsuite>`);
      symlinkSync(outside, join(tree, "out"));
      const result = await test({ command: "true", report: "out/report.xml" });
      expect(result).toMatchObject({ verdict: "error" });
      expect(result.because).toContain("its place was taken before the run, and could not be cleared");
      expect(existsSync(join(outside, "report.xml"))).toBe(true);
    }));
});

describe("several processes that write reports", () => {
  it("are added up where the command starts them one after the other", () =>
    withStageRoom({ "a.test.mjs": passing, "b.test.mjs": failing }, async ({ test }) => {
      expect(await test({ command: "node --test a.test.mjs; node --test b.test.mjs", retries: 0 })).toMatchObject({
        verdict: "fail",
        counts: { total: 2, passed: 1, failed: 1 },
      });
    }));

  it("are left out where a test started them, whatever they say", () =>
    withStageRoom(
      {
        "a.test.mjs": `${NODE_TEST}test("fails where it should", () => { const { NODE_TEST_CONTEXT, ...env } = process.env; assert.equal(spawnSync(process.execPath, ["--test", "inner/fails.mjs"], { env }).status, 1); });`,
        "inner/fails.mjs": failing,
      },
      async ({ test }) => {
        expect(await test({ command: "node --test a.test.mjs" })).toMatchObject({ verdict: "pass", counts: { total: 1, passed: 1 } });
      },
    ));
});

describe("a test that fails", () => {
  const flaky = `${NODE_TEST}test("sometimes", () => { const seen = fs.existsSync("seen"); fs.writeFileSync("seen", ""); assert.ok(seen); });\n`;

  it("once and then passes is flaky, and said to be", () =>
    withStageRoom({ "a.test.mjs": flaky, "b.test.mjs": passing }, async ({ test }) => {
      const result = await test({ command });
      expect(result).toMatchObject({ verdict: "pass", flaky: ["sometimes"], failing: [], counts: { total: 2, passed: 1, failed: 1 } });
      expect(result.because).toBe('a test is flaky: "sometimes" failed and, run again, passed; 1 of 2 tests passed at once');
    }));

  it("once is refused where flaky tests are", () =>
    withStageRoom({ "a.test.mjs": flaky }, async ({ test }) => {
      const result = await test({ command, flaky: "refused" });
      expect(result).toMatchObject({ verdict: "fail", flaky: ["sometimes"] });
      expect(result.because).toContain("flaky tests are refused");
    }));

  it("once fails where nothing is run again", () =>
    withStageRoom({ "a.test.mjs": flaky }, async ({ test, jobs }) => {
      expect(await test({ command, retries: 0 })).toMatchObject({ verdict: "fail", flaky: [], failing: ["sometimes"] });
      expect(jobs).toHaveLength(1);
    }));

  it("every time is a failure, however often it is run", () =>
    withStageRoom({ "a.test.mjs": failing, "b.test.mjs": flaky }, async ({ test, jobs }) => {
      const result = await test({ command, retries: 3 });
      expect(result).toMatchObject({ verdict: "fail", failing: ["adds wrongly"], flaky: ["sometimes"] });
      expect(jobs).toHaveLength(4);
    }));

  it("and is gone when it is run again has not passed", () =>
    withStageRoom(
      {
        "a.test.mjs": `${NODE_TEST}if (!fs.existsSync("seen")) { fs.writeFileSync("seen", ""); test("gone", () => assert.ok(false)); } test("adds", () => {});`,
      },
      async ({ test }) => {
        expect(await test({ command })).toMatchObject({ verdict: "fail", failing: ["gone"], flaky: [] });
      },
    ));
});

describe("what tests leave", () => {
  it("is ended with them, and told", () =>
    withStageRoom(
      { "a.test.mjs": `${NODE_TEST}test("starts", () => { spawn("sleep", ["86399"], { detached: true, stdio: "ignore" }).unref(); });` },
      async ({ test }) => {
        expect(await test({ command })).toMatchObject({ verdict: "fail", because: expect.stringContaining("left 1 process behind, which was ended") });
        const reported = await test({ command, leftBehind: "reported" });
        expect(reported.verdict).toBe("pass");
        expect(reported.because).toMatch(/; 1 process that it left behind was ended$/);
        expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toMatch(/^sleep 86399$/m);
      },
    ));
});
