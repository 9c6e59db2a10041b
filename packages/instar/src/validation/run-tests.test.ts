import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPython, withStageRoom } from "./stage-room.testing.ts";

const python = findPython();
const pytest = findPython("pytest");
const NODE_TEST = `import test from "node:test"; import assert from "node:assert";\n`;
const passing = `${NODE_TEST}test("adds", () => assert.equal(1 + 1, 2));\n`;
const failing = `${NODE_TEST}test("adds wrongly", () => assert.equal(1 + 1, 3));\n`;

/** Fails the first time, and leaves a trace of it in its tree. */
const flaky = `${NODE_TEST}import fs from "node:fs"; test("sometimes", () => { const seen = fs.existsSync("seen"); fs.writeFileSync("seen", ""); assert.ok(seen); });\n`;

describe("node:test", () => {
  it("is read by a report of its own, through npm's scripts", () =>
    withStageRoom(
      { "package.json": `{"scripts":{"test":"npm run unit","unit":"node --test"}}`, "a.test.mjs": passing, "b.test.mjs": passing },
      async ({ test, lines }) => {
        const result = await test({ command: "npm test" });
        expect(result).toMatchObject({ verdict: "pass", runner: "node", counts: { total: 2, passed: 2, failed: 0, skipped: 0 }, failing: [], flaky: [] });
        expect(lines.join("\n")).toContain("adds");
      },
    ));

  it("fails by the names of the tests that failed, after it ran them again", () =>
    withStageRoom({ "a.test.mjs": passing, "b.test.mjs": failing }, async ({ test, jobs }) => {
      const result = await test({ command: ["node", "--test"] });
      expect(result).toMatchObject({ verdict: "fail", counts: { total: 2, failed: 1 }, failing: ["adds wrongly"], flaky: [] });
      expect(result.because).toBe('1 of 2 tests failed: "adds wrongly"; run again, 1 still failed');
      expect(jobs).toHaveLength(2);
      expect(jobs[1]?.argv.at(-1)).toMatch(/b\.test\.mjs$/);
    }));
});

describe("Vitest", () => {
  const vitest = ["node", join(import.meta.dirname, "../../../../node_modules/vitest/vitest.mjs"), "run", "--globals"];

  it("is read by its own report, and runs only the file again in which a test failed", () =>
    withStageRoom(
      {
        "a.test.js": `it("adds", () => expect(1 + 1).toBe(2)); it.skip("comes later", () => {});`,
        "b.test.js": `it("sometimes", async () => { const fs = await import("node:fs"); const seen = fs.existsSync("seen"); fs.writeFileSync("seen", ""); expect(seen).toBe(true); });`,
      },
      async ({ test, jobs }) => {
        const result = await test({ command: vitest });
        expect(result).toMatchObject({
          verdict: "pass",
          runner: "vitest",
          counts: { total: 3, passed: 1, failed: 1, skipped: 1 },
          flaky: ["sometimes"],
          failing: [],
        });
        expect(jobs[1]?.argv.at(-1)).toMatch(/b\.test\.js$/);
      },
    ));

  it("says that a file could not be loaded", () =>
    withStageRoom({ "a.test.js": `it("adds", () => {});`, "b.test.js": `throw new Error("gone");` }, async ({ test }) => {
      const result = await test({ command: vitest, retries: 0 });
      expect(result).toMatchObject({ verdict: "fail", counts: { total: 1, passed: 1 } });
      expect(result.because).toMatch(/^1 file or hook failed: "b\.test\.js"$/);
    }));
});

describe("TAP and JUnit", () => {
  it("are read where the operator says so: TAP on the output", () =>
    withStageRoom({ "tests.sh": "echo TAP version 13; echo ok 1 adds; echo not ok 2 subtracts; echo 1..2" }, async ({ test }) => {
      expect(await test({ command: ["sh", "tests.sh"], runner: "tap" })).toMatchObject({
        verdict: "fail",
        runner: "tap",
        counts: { total: 2, failed: 1 },
        failing: ["subtracts"],
      });
    }));

  it("are read where the operator says so: JUnit in a file", () =>
    withStageRoom({ Makefile: `test:\n\tmkdir -p out && echo '<testsuite><testcase name="adds"/></testsuite>' > out/report.xml\n` }, async ({ test }) => {
      expect(
        await test({ command: "mkdir -p out; echo '<testsuite><testcase name=\"adds\"/></testsuite>' > out/report.xml", report: "out/report.xml" }),
      ).toMatchObject({
        verdict: "pass",
        runner: "junit",
        counts: { total: 1, passed: 1 },
      });
    }));
});

describe("coverage", () => {
  const files = {
    "lib.mjs": "export const one = () => 1;\nexport const two = () => {\n  return 2;\n};\n",
    "a.test.mjs": `${NODE_TEST}import { one } from "./lib.mjs"; test("one", () => assert.equal(one(), 1));\n`,
  };

  it("is asked of a runner that can measure it, and a percent too few fails", () =>
    withStageRoom(files, async ({ test }) => {
      const enough = await test({ command: "node --test", coverage: 50 });
      expect(enough).toMatchObject({ verdict: "pass" });
      expect(enough.coverage).toBeGreaterThan(50);
      const few = await test({ command: "node --test", coverage: 99 });
      expect(few).toMatchObject({ verdict: "fail", coverage: enough.coverage });
      expect(few.because).toMatch(/% of lines are covered \(its report\), and 99 % must be$/);
    }));

  it("that is wanted and was not measured is no pass", () =>
    withStageRoom({ ...files, "package.json": `{"scripts":{"test":"node --test"}}` }, async ({ test }) => {
      const result = await test({ command: "npm test", coverage: 1 });
      expect(result).toMatchObject({ verdict: "nodata", coverage: null, counts: { passed: 1 } });
      expect(result.because).toContain("1 % of lines must be covered, and that was not measured");
    }));

  it("that somebody committed is not this run's", () =>
    withStageRoom(
      { ...files, "coverage/lcov.info": "SF:lib.mjs\nLF:100\nLH:100\nend_of_record\n", "package.json": `{"scripts":{"test":"node --test"}}` },
      async ({ test }) => {
        expect(await test({ command: "npm test", coverage: 1 })).toMatchObject({ verdict: "nodata", coverage: null });
      },
    ));

  it("is read from what the run leaves in its tree", () =>
    withStageRoom(
      { ...files, "package.json": `{"scripts":{"test":"node --test && mkdir -p coverage && printf 'SF:a\\\\nLF:10\\\\nLH:9\\\\n' > coverage/lcov.info"}}` },
      async ({ test }) => {
        expect(await test({ command: "npm test", coverage: 90 })).toMatchObject({ verdict: "pass", coverage: 90 });
      },
    ));
});

describe("tests that the change reaches", () => {
  const files = { "a.test.mjs": passing, "b.test.mjs": failing, "c.test.mjs": passing };

  it("run first, and their failure ends the stage", () =>
    withStageRoom(files, async ({ test, jobs }) => {
      const result = await test({ command: "node --test" }, { first: ["b.test.mjs", "gone.test.mjs"] });
      expect(jobs.map(({ title }) => title)).toEqual(["unit_tests, 1 file", "unit_tests, 1 file"]);
      expect(result).toMatchObject({ verdict: "fail", counts: { total: 1, failed: 1 }, failing: ["adds wrongly"] });
      expect(result.because).toMatch(/^of the tests that the change reaches, run first: 1 of 1 test failed/);
    }));

  it("are followed by all of them where they pass", () =>
    withStageRoom({ "a.test.mjs": passing, "c.test.mjs": passing }, async ({ test, jobs }) => {
      expect(await test({ command: "node --test" }, { first: ["a.test.mjs"] })).toMatchObject({ verdict: "pass", counts: { total: 2 } });
      expect(jobs.map(({ title }) => title)).toEqual(["unit_tests, 1 file", "unit_tests"]);
    }));

  it("are followed by all of them where one was flaky, which is not forgotten", () =>
    withStageRoom({ "a.test.mjs": flaky, "b.test.mjs": passing }, async ({ test, jobs }) => {
      expect(await test({ command: "node --test" }, { first: ["a.test.mjs"] })).toMatchObject({
        verdict: "pass",
        counts: { total: 2, passed: 2 },
        flaky: ["sometimes"],
      });
      expect(jobs.map(({ title }) => title)).toEqual(["unit_tests, 1 file", "unit_tests, 1 file", "unit_tests"]);
    }));

  it("take the place of those that the command names", () =>
    withStageRoom(files, async ({ test, jobs }) => {
      const result = await test({ command: "node --test ./*.test.mjs", retries: 0 }, { first: ["a.test.mjs"] });
      expect(result).toMatchObject({ verdict: "fail", counts: { total: 3 } });
      expect(jobs.map(({ argv }) => argv.at(-1))).toEqual(["node --test a.test.mjs", "node --test ./*.test.mjs"]);
    }));

  it("are among all of them where the runner cannot be told which to run", () =>
    withStageRoom({ ...files, "package.json": `{"scripts":{"test":"node --test *.test.mjs"}}` }, async ({ test, jobs }) => {
      expect(await test({ command: "npm test", retries: 0 }, { first: ["a.test.mjs"] })).toMatchObject({ verdict: "fail", counts: { total: 3 } });
      expect(jobs).toHaveLength(1);
    }));
});

describe.skipIf(pytest === undefined)("pytest, where it is installed,", () => {
  it("is read by its JUnit report", () =>
    withStageRoom({ "test_a.py": "import pytest\ndef test_adds(): assert 1 + 1 == 2\n@pytest.mark.skip\ndef test_later(): pass\n" }, async ({ test }) => {
      const result = await test({ command: `${pytest} -m pytest -q` });
      expect(result).toMatchObject({ verdict: "pass", runner: "pytest", counts: { total: 2, passed: 1, failed: 0, skipped: 1 } });
    }));

  it("runs only the file again in which a test failed", () =>
    withStageRoom(
      {
        "test_a.py": "def test_adds(): pass\n",
        "test_b.py": "import os\ndef test_sometimes():\n    seen = os.path.exists('seen')\n    open('seen', 'w').close()\n    assert seen\n",
      },
      async ({ test, jobs }) => {
        const result = await test({ command: `${pytest} -m pytest -q` });
        expect(result).toMatchObject({ verdict: "pass", counts: { total: 2, failed: 1 }, failing: [], flaky: ["test_b test_sometimes"] });
        expect(jobs[1]?.argv.at(-1)).toContain("test_b.py");
        expect(result.because).toContain("flaky");
      },
    ));
});

describe.skipIf(python === undefined)("unittest", () => {
  it("is run by a runner that leaves a report", () =>
    withStageRoom(
      {
        "test_a.py":
          "import unittest\nclass Sums(unittest.TestCase):\n    def test_adds(self): self.assertEqual(2, 1 + 1)\n    @unittest.skip('later')\n    def test_later(self): pass\n    def test_wrong(self): self.assertEqual(3, 1 + 1)\n",
      },
      async ({ test, jobs }) => {
        const result = await test({ command: [String(python), "-m", "unittest", "-v"] });
        expect(result).toMatchObject({
          verdict: "fail",
          runner: "unittest",
          counts: { total: 3, passed: 1, failed: 1, skipped: 1 },
          failing: ["test_a.Sums.test_wrong"],
        });
        expect(jobs[1]?.argv.at(-1)).toMatch(/test_a\.py$/);
      },
    ));
});
