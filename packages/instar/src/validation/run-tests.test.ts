import { describe, expect, it } from "vitest";
import { findPython, withStageRoom } from "./stage-room.testing.ts";

const python = findPython();
const pytest = findPython("pytest");
const NODE_TEST = `import test from "node:test"; import assert from "node:assert";\n`;
const passing = `${NODE_TEST}test("adds", () => assert.equal(1 + 1, 2));\n`;
const failing = `${NODE_TEST}test("adds wrongly", () => assert.equal(1 + 1, 3));\n`;

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
