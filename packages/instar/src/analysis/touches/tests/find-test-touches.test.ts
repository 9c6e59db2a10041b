import { describe, expect, test } from "vitest";
import type { Edit } from "../../edit.ts";
import { added, changed, deleted, type Expectation, expectTouches, FACTS, renamed, unread } from "../describe-edits.testing.ts";
import { findTouches } from "../find-touches.ts";

const VITEST = 'import { describe, expect, test, vi } from "vitest";\n';
const js = (body: string) => `${VITEST}${body}\n`;
const inTest = (body: string, call = "test") => js(`describe("adds", () => {\n${call}("two numbers", () => {\n${body}\n});\n});`);
const program = (before: string, after: string) => changed("src/add.test.ts", inTest(before), inTest(after));
const python = (before: string, after: string) => changed("tests/test_add.py", before, after);
const STRICT = "expect(add(1, 2)).toEqual(3);";

describe("tests of JavaScript and TypeScript", () => {
  test.each<[string, Edit, Expectation[]]>([
    ["a skip is seen", changed("a.test.ts", inTest(STRICT), inTest(STRICT, "test.skip")), ["tests! skipped by test.skip"]],
    ["xit is a skip", changed("a.test.ts", inTest(STRICT, "it"), inTest(STRICT, "xit")), ["tests! is skipped by xit"]],
    [
      "a suite that is skipped is seen",
      changed("a.test.ts", inTest(STRICT), inTest(STRICT).replace("describe(", "describe.skip(")),
      ["tests! skipped by describe.skip"],
    ],
    ["a skip on a condition is a skip", changed("a.test.ts", inTest(STRICT), inTest(STRICT, "test.skipIf(slow)")), ["tests! skipped by test.skipIf"]],
    [
      "a test that becomes a todo is skipped",
      changed("a.test.ts", inTest(STRICT), js('describe("adds", () => { test.todo("two numbers"); });')),
      ["tests! skipped by test.todo", "tests! asserts less"],
    ],
    ["a test that is expected to fail is skipped", changed("a.test.ts", inTest(STRICT), inTest(STRICT, "test.fails")), ["tests! skipped by test.fails"]],
    [
      "a skipped suite that is put around a test is seen",
      changed("a.test.ts", js(`test("a", () => { ${STRICT} });`), js(`describe.skip("later", () => { test("a", () => { ${STRICT} }); });`)),
      ['tests! later › a" is skipped by describe.skip'],
    ],
    [
      "a test that is only there on a condition is skipped",
      changed("a.test.ts", js(`test("a", () => { ${STRICT} });`), js(`if (process.env.FULL) test("a", () => { ${STRICT} });`)),
      ['tests! a is skipped by "a condition"'],
    ],
    [
      "skip as an option of node:test is seen",
      changed(
        "a.test.js",
        'import test from "node:test";\ntest("x", () => { assert.equal(a, 1); });',
        'import test from "node:test";\ntest("x", { skip: true }, () => { assert.equal(a, 1); });',
      ),
      ["tests! skipped by"],
    ],
    [
      "skip: false is no skip",
      changed(
        "a.test.js",
        'import test from "node:test";\ntest("x", () => { assert.equal(a, 1); });',
        'import test from "node:test";\ntest("x", { skip: false }, () => { assert.equal(a, 1); });',
      ),
      ["-!tests"],
    ],
    ["t.skip() inside a test is seen", program(STRICT, `t.skip();\n${STRICT}`), ["tests! skipped by t.skip"]],
    ["this.skip() inside a test is seen", program(STRICT, `this.skip();\n${STRICT}`), ["tests! skipped by this.skip"]],
    ["only runs one test and skips every other", changed("a.test.ts", inTest(STRICT), inTest(STRICT, "test.only")), ["tests! .only skips every other test"]],
    ["fit is an only", changed("a.test.ts", inTest(STRICT, "it"), inTest(STRICT, "fit")), ["tests! .only skips"]],
    ["an only that is taken away weakens nothing", changed("a.test.ts", inTest(STRICT, "test.only"), inTest(STRICT)), ["-!tests", "tests a test"]],
    ["a skip that is taken away weakens nothing", changed("a.test.ts", inTest(STRICT, "test.skip"), inTest(STRICT)), ["-!tests"]],
    ["a comment that says describe.skip is not a skip", changed("a.test.ts", inTest(STRICT), `// describe.skip("x")\n${inTest(STRICT)}`), ["-!tests"]],
    ["a string that says it.only is not an only", program(STRICT, `${STRICT}\nlog("it.only('x', () => {})");`), ["-!tests"]],
    [
      "a skip added in a renamed file is seen",
      renamed("old.test.ts", "new.test.ts", inTest(STRICT), inTest(STRICT, "test.skip")),
      ["tests! skipped by test.skip"],
    ],
    [
      "a test that is renamed to a name nothing runs is seen",
      renamed("src/add.test.ts", "src/add.old.ts", inTest(STRICT)),
      ["tests! by its new name nothing runs it"],
    ],
    [
      "a test that is moved to another test folder is only touched",
      renamed("test/a.test.ts", "tests/unit/a.test.ts", inTest(STRICT)),
      ["tests a test", "-!tests"],
    ],
    ["an assertion that is gone is missed", program(`${STRICT}\nexpect(add(2, 2)).toBe(4);`, STRICT), ["tests! asserts less: 1 instead of 2"]],
    ["an assertion that becomes a comment is missed", program(STRICT, `// ${STRICT}`), ["tests! asserts less: 0 instead of 1"]],
    ["an assertion more weakens nothing", program(STRICT, `${STRICT}\nexpect(add(2, 2)).toBe(4);`), ["-!tests"]],
    ["a tolerant matcher in place of a strict one is seen", program(STRICT, "expect(add(1, 2)).toBeDefined();"), ["tests! asks for less than before"]],
    ["expect.anything() in place of a value is seen", program(STRICT, "expect(add(1, 2)).toEqual(expect.anything());"), ["tests! asks for less"]],
    ["a negation in place of a value is seen", program(STRICT, "expect(add(1, 2)).not.toBe(7);"), ["tests! asks for less"]],
    ["an error that may now be any error is seen", program('expect(f).toThrow("no room");', "expect(f).toThrow();"), ["tests! asks for less"]],
    ["a strict matcher in place of a tolerant one weakens nothing", program("expect(add(1, 2)).toBeDefined();", STRICT), ["-!tests", "tests what"]],
    ["another expected value is a change and no weakening", program(STRICT, "expect(add(1, 2)).toEqual(4);"), ["-!tests", "tests expects is changed"]],
    ["expect(true).toBe(true) cannot fail", program(STRICT, "expect(true).toBe(true);"), ["tests! cannot fail"]],
    ["an assertion of a thing against itself cannot fail", program(STRICT, "expect(sum).toBe(sum);"), ["tests! cannot fail"]],
    ["assert(x || true) cannot fail", program("assert(add(1, 2) === 3);", "assert(add(1, 2) === 3 || true);"), ["tests! cannot fail"]],
    ["assert.ok(true) cannot fail", program("assert.strictEqual(add(1, 2), 3);", "assert.ok(true);"), ["tests! cannot fail"]],
    ["a catch that swallows the failure is seen", program(STRICT, `try { ${STRICT} } catch {}`), ["tests! fails unheard"]],
    ["a catch that throws on swallows nothing", program(STRICT, `try { ${STRICT} } catch (e) { throw new Error("x", { cause: e }); }`), ["-!tests"]],
    [
      "a promise whose failure is caught is seen",
      program("expect(f()).rejects.toThrow(E);", "expect(f()).rejects.toThrow(E).catch(() => {});"),
      ["tests! fails unheard"],
    ],
    ["a return before the assertion is seen", program(STRICT, `return;\n${STRICT}`), ["tests! never reached"]],
    ["a return of the assertion itself is fine", program(STRICT, `return ${STRICT}`), ["-!tests"]],
    ["an assertion that now depends on a condition is seen", program(STRICT, `if (process.env.CI) { ${STRICT} }`), ["tests! only on a condition"]],
    ["process.exit(0) in a test is seen", program(STRICT, `process.exit(0);\n${STRICT}`), ["tests! ends the process as a success"]],
    ["process.exit(1) in a test fails it and is fine", program(STRICT, `if (broken) process.exit(1);\n${STRICT}`), ["-!tests"]],
    [
      "a test case that is deleted is named",
      changed("a.test.ts", js(`test("a", () => { ${STRICT} });\ntest("b", () => { expect(x).toBe(1); });`), js(`test("a", () => { ${STRICT} });`)),
      ["tests! the test b is deleted"],
    ],
    [
      "a test case with another title and the same assertions is not deleted",
      changed("a.test.ts", js(`test("a", () => { ${STRICT} });`), js(`test("adds", () => { ${STRICT} });`)),
      ["-!tests"],
    ],
    [
      "one deleted behind a new one is named",
      changed("a.test.ts", js(`test("a", () => { ${STRICT} });`), js('test("easy", () => { expect(y).toBe(2); });')),
      ["tests! the test a is deleted"],
    ],
    [
      "a new test that cannot fail is seen",
      changed("a.test.ts", js(`test("a", () => { ${STRICT} });`), js(`test("a", () => { ${STRICT} });\ntest("b", () => { expect(1).toBe(1); });`)),
      ["tests! the new test b holds an assertion that cannot fail"],
    ],
    [
      "retries are seen",
      changed("a.test.ts", inTest(STRICT), inTest(STRICT).replace("() => {\nexpect", "{ retry: 3 }, () => {\nexpect")),
      ["tests! retry is raised from its default to 3"],
    ],
    [
      "a longer timeout is seen",
      changed("a.test.ts", `jest.setTimeout(100);\n${inTest(STRICT)}`, `jest.setTimeout(90000);\n${inTest(STRICT)}`),
      ["tests! setTimeout is raised from 100 to 90000"],
    ],
    [
      "a shorter timeout weakens nothing",
      changed("a.test.ts", `jest.setTimeout(900);\n${inTest(STRICT)}`, `jest.setTimeout(100);\n${inTest(STRICT)}`),
      ["-!tests"],
    ],
    [
      "a double for a module is noted",
      changed("a.test.ts", inTest(STRICT), `${VITEST}vi.mock("./add.ts");\n${inTest(STRICT)}`),
      ["tests a double stands in for ./add.ts", "-!tests"],
    ],
    ["a test is known by its content where its name says nothing", changed("checks/sums.js", inTest(STRICT), inTest(STRICT, "test.skip")), ["tests! skipped"]],
    ["an empty file in place of tests is seen", changed("a.test.ts", inTest(STRICT), "export {};"), ["tests! no test is left", "tests! is deleted"]],
    ["a deleted test file weakens", deleted("src/a.test.ts", inTest(STRICT)), ["tests! is deleted"]],
    ["a deleted snapshot weakens", deleted("src/__snapshots__/a.test.ts.snap", "exports[`a 1`] = `1`;"), ["tests! is deleted"]],
    [
      "a changed snapshot is a change of what is expected",
      changed("src/__snapshots__/a.snap", "1", "2"),
      ["tests what its tests expect is changed", "-!tests"],
    ],
    [
      "a shared helper that asserts less is seen",
      changed(
        "test/helper.js",
        "export function same(a, b) { assert.equal(a, b); assert.equal(a.id, b.id); }",
        "export function same(a, b) { assert.equal(a, b); }",
      ),
      ["tests! what tests share asserts less"],
    ],
    [
      "a test that no longer parses is compared by its lines, and it is said",
      changed("a.test.ts", inTest(STRICT), `${inTest(STRICT, "test.skip")}\n)))`),
      ["tests it could not be parsed", "tests! a test is skipped (it could not be parsed"],
    ],
    ["a test that was not read is not harmless", unread("tests/big.test.js"), ["tests! could not be read"]],
    ["a picture among the fixtures that was not read weakens nothing", unread("tests/fixtures/face.png"), ["tests could not be read", "-!tests"]],
    [
      "chai's way of asserting is understood",
      program("expect(sum).to.equal(3);\nexpect(done).to.be.true;", "expect(sum).to.equal(3);"),
      ["tests! asserts less: 1 instead of 2"],
    ],
    [
      "ava's way of asserting is understood",
      changed(
        "a.test.js",
        'import test from "ava";\ntest("x", (t) => { t.is(a(), 1); t.deepEqual(b(), []); });',
        'import test from "ava";\ntest("x", (t) => { t.is(a(), 1); });',
      ),
      ["tests! asserts less"],
    ],
    [
      "a table of tests is a test",
      changed("a.test.ts", js(`test.each([1, 2])("n %i", (n) => { expect(f(n)).toBe(n + 1); });`), js(`test.each([1, 2])("n %i", (n) => { f(n); });`)),
      ["tests! asserts less"],
    ],
    [
      "a pattern's own test() is no test",
      changed("src/match.ts", "export const a = (s: string) => /x/.test(s);", "export const a = (s: string) => /y/.test(s);"),
      [],
    ],
    [
      "code with an assertion is no test",
      changed("src/a.ts", 'import assert from "node:assert";\nassert.ok(a);\nassert.ok(b);', 'import assert from "node:assert";\nassert.ok(a);'),
      ["-tests"],
    ],
    [
      "a table of tests with fewer rows is seen",
      changed(
        "a.test.ts",
        js('test.each([1, 2, 3])("n %i", (n) => { expect(f(n)).toBe(n); });'),
        js('test.each([1])("n %i", (n) => { expect(f(n)).toBe(n); });'),
      ),
      ["tests! smaller table"],
    ],
    [
      "an exit code that is set to success is seen",
      changed("test/setup.js", "export {};", 'process.on("exit", () => { process.exitCode = 0; });'),
      ["tests! ends the process as a success"],
    ],
    [
      "an assertion that is replaced by something of one's own is seen",
      changed("test/setup.js", "export {};", "assert.equal = () => {};"),
      ["tests! assert.equal takes the place of what judges"],
    ],
    [
      "matchers of one's own are seen",
      changed("test/setup.ts", js(""), js("expect.extend({ toBe: () => ({ pass: true }) });")),
      ["tests! expect.extend takes the place"],
    ],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

const PY = "import pytest\n\ndef test_add():\n    assert add(1, 2) == 3\n    assert add(2, 2) == 4\n";

describe("tests of Python and of others", () => {
  test.each<[string, Edit, Expectation[]]>([
    ["a mark that skips is seen", python(PY, PY.replace("def test", "@pytest.mark.skip\ndef test")), ["tests! skipped by"]],
    [
      "a mark that skips on a condition is seen",
      python(PY, PY.replace("def test", '@pytest.mark.skipif(True, reason="slow")\ndef test')),
      ["tests! skipped by"],
    ],
    ["xfail is seen", python(PY, PY.replace("def test", "@pytest.mark.xfail\ndef test")), ["tests! skipped by"]],
    [
      "a skip of unittest is seen",
      python(
        "import unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(), 1)\n",
        'import unittest\nclass A(unittest.TestCase):\n    @unittest.skip("no")\n    def test_a(self):\n        self.assertEqual(f(), 1)\n',
      ),
      ["tests! skipped by"],
    ],
    ["pytest.skip() in a test is seen", python(PY, PY.replace("    assert add(1", "    pytest.skip()\n    assert add(1")), ["tests! skipped by pytest.skip"]],
    [
      "a mark over the whole file is seen",
      python(PY, PY.replace("pytest\n", "pytest\npytestmark = pytest.mark.skip\n")),
      ["tests! test_add is skipped by pytestmark"],
    ],
    ["an assertion that is gone is missed", python(PY, PY.replace("    assert add(2, 2) == 4\n", "")), ["tests! asserts less: 1 instead of 2"]],
    ["assert x or True cannot fail", python(PY, PY.replace("== 4", "== 4 or True")), ["tests! cannot fail"]],
    ["assert True cannot fail", python(PY, PY.replace("assert add(2, 2) == 4", "assert True")), ["tests! cannot fail"]],
    [
      "an assertion whose failure is passed over is seen",
      python(PY, PY.replace("    assert add(2, 2) == 4\n", "    try:\n        assert add(2, 2) == 4\n    except AssertionError:\n        pass\n")),
      ["tests! fails unheard"],
    ],
    ["a return before the assertions is seen", python(PY, PY.replace("    assert add(1", "    return\n    assert add(1")), ["tests! never reached"]],
    ["a test function that is deleted is named", python(`${PY}\ndef test_sub():\n    assert sub(2, 1) == 1\n`, PY), ["tests! the test test_sub is deleted"]],
    ["a test function whose name no longer begins with test is gone", python(PY, PY.replace("def test_add", "def no_test_add")), ["tests! is deleted"]],
    ["a weaker comparison is seen", python(PY, PY.replace("assert add(2, 2) == 4", "assert add(2, 2) is not None")), ["tests! asks for less"]],
    ["a docstring that speaks of a skip is no skip", python(PY, PY.replace("():\n", '():\n    """@pytest.mark.skip"""\n')), ["-!tests"]],
    [
      "a skip in Go is seen",
      changed("add_test.go", 'func TestAdd(t *testing.T) {\n\tt.Fatal("x")\n}', 'func TestAdd(t *testing.T) {\n\tt.Skip("later")\n\tt.Fatal("x")\n}'),
      ["tests! a test is skipped"],
    ],
    [
      "a comment about a skip in Go is none",
      changed("add_test.go", "func TestAdd(t *testing.T) {\n}", "func TestAdd(t *testing.T) {\n// t.Skip()\n}"),
      ["-!tests"],
    ],
    [
      "a test that is gone in Go is seen",
      changed("add_test.go", "func TestAdd(t *testing.T) {\n}\nfunc TestSub(t *testing.T) {\n}", "func TestAdd(t *testing.T) {\n}"),
      ["tests! a test is deleted"],
    ],
    [
      "an ignored test in Rust is seen",
      changed("tests/a.rs", "#[test]\nfn a() { assert_eq!(1, f()); }", "#[test]\n#[ignore]\nfn a() { assert_eq!(1, f()); }"),
      ["tests! a test is skipped"],
    ],
    [
      "a disabled test in Java is seen",
      changed("src/test/java/ATest.java", "@Test\nvoid a() {}", "@Disabled\n@Test\nvoid a() {}"),
      ["tests! a test is skipped"],
    ],
    [
      "a scenario that is gone is seen",
      changed("features/sign.feature", "Scenario: one\nThen x\nScenario: two\nThen y", "Scenario: one\nThen x"),
      ["tests! a test is deleted"],
    ],
    ["a new test file is a touch that weakens nothing", added("tests/test_new.py", PY), ["tests a test", "-!tests"]],
    [
      "Python that does not parse is compared by its lines",
      python(PY, `${PY.replace("def test", "@pytest.mark.skip\ndef test")}\n)) def (`),
      ["tests! a test is skipped (it could not be parsed"],
    ],
    [
      "a hook that rewrites what pytest reports is seen",
      changed("conftest.py", "import pytest\n", 'import pytest\ndef pytest_runtest_makereport(item, call):\n    return "passed"\n'),
      ["tests! pytest_runtest_makereport takes the place"],
    ],
    [
      "a table with fewer rows is seen",
      python(
        "import pytest\n@pytest.mark.parametrize('a', [1, 2, 3])\ndef test_a(a):\n    assert f(a) == a\n",
        "import pytest\n@pytest.mark.parametrize('a', [1])\ndef test_a(a):\n    assert f(a) == a\n",
      ),
      ["tests! smaller table"],
    ],
  ])("%s", (_, edit, expected) => expectTouches(edit, expected));
});

test("weakening touches come first, each with its line", () => {
  const touches = findTouches([added("Dockerfile", "FROM node"), changed("a.test.ts", inTest(STRICT), inTest(STRICT, "test.skip"))], FACTS);
  expect(touches.map(({ weakens }) => weakens)).toEqual([true, false, false]);
  expect(touches[0]).toEqual({
    kind: "tests",
    path: "a.test.ts",
    line: 3,
    by: "content",
    weakens: true,
    because: '"adds › two numbers" is skipped by test.skip',
  });
});
