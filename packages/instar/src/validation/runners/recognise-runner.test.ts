import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command } from "../../settings/settings.ts";
import { planFileArguments, planFileSelection } from "./can-select-files.ts";
import { appendToCommand, replaceInCommand } from "./edit-command.ts";
import { recogniseRunner } from "./recognise-runner.ts";
import { NO_FACTS, type RunnerFacts } from "./runner-facts.ts";
import { quoteForShell, splitShell } from "./split-shell.ts";

type Row<Expected> = readonly [command: Command, expected: Expected, scripts?: Readonly<Record<string, string>>];

const facts = (scripts: Readonly<Record<string, string>> = {}, more: Partial<RunnerFacts> = {}): RunnerFacts => ({ ...NO_FACTS, scripts, ...more });
const recognise = (command: Command, scripts: Readonly<Record<string, string>> = {}, more: Partial<RunnerFacts> = {}) => {
  const found = recogniseRunner(command, facts(scripts, more));
  return found.kind === "known" ? `${found.runner}${found.isCertain ? "" : "?"}` : found.because;
};

describe("a runner is known", () => {
  for (const [command, runner, scripts] of [
    ["node --test", "node"],
    [["node", "--import", "tsx", "--test", "src/**/*.test.ts"], "node"],
    ["/usr/local/bin/node --test test/", "node"],
    ["NODE_ENV=test node --test", "node"],
    ["npx tsx --test", "node"],
    ["c8 --reporter=lcov node --test", "node"],
    ["node test.js", "node?"],
    ["npx vitest run", "vitest"],
    ["vitest", "vitest"],
    ["node node_modules/vitest/vitest.mjs run", "vitest"],
    ["pnpm exec vitest run", "vitest"],
    ["yarn vitest run", "vitest"],
    ["npx --yes jest --ci", "jest"],
    ["node_modules/.bin/jest", "jest"],
    ["react-scripts test", "jest"],
    ["cross-env NODE_ENV=test mocha -r ts-node/register", "mocha"],
    ["nyc mocha", "mocha"],
    ["pytest -q", "pytest"],
    ["python -m pytest", "pytest"],
    ["uv run pytest", "pytest"],
    ["uv run --frozen python3.12 -m pytest", "pytest"],
    ["poetry run pytest -x", "pytest"],
    [".venv/bin/pytest", "pytest"],
    ["coverage run -m pytest", "pytest"],
    [["python3", "-m", "unittest", "discover"], "unittest"],
    ["python -W error -m unittest", `"python -W error" is no runner that is known`],
    ["coverage run -m unittest", "unittest"],
    ["behave --tags=-slow", "behave"],
    ["tape test/*.js", "tap"],
    ["npx ava --tap", "tap"],
    ["npm test", "node", { test: "node --test" }],
    ["npm run -s unit", "vitest", { unit: "vitest run" }],
    ["npm t", "jest", { test: "npm run lint && npm run unit", lint: "eslint .", unit: "jest" }],
    ["yarn test", "mocha", { test: "mocha" }],
    ["yarn run unit", "mocha", { unit: "mocha" }],
    ["pnpm test", "vitest", { test: "vitest run" }],
    ["npm run build && npm test", "node", { build: "tsc", test: "node --test dist" }],
    ["node build.js && node --test", "node"],
    ["node --test a && node --test b", "node"],
    [["sh", "-c", "npm ci && npm test"], "node", { test: "node --test" }],
    ["timeout 60 pytest 2>&1", "pytest"],
    ["vitest run || true", "vitest"],
  ] satisfies Row<string>[])
    it(`in ${JSON.stringify(command)}`, () => expect(recognise(command, scripts)).toBe(runner));

  it("by what a package asks for, where node starts a file", () => expect(recognise("node test.js", {}, { asked: new Set(["tape"]) })).toBe("tap?"));
});

describe("a runner is not known", () => {
  for (const [command, because, scripts] of [
    ["make test", '"make test" is no runner that is known'],
    ["./run-tests.sh", '"./run-tests.sh" is no runner that is known'],
    ["cargo test", '"cargo test" is no runner that is known'],
    ["python manage.py test", '"python manage.py test" is no runner that is known'],
    ["python run_pytest.py -m pytest", '"python run_pytest.py -m" is no runner that is known'],
    ["bun test", '"bun test" is no runner that is known'],
    ["npm test", '"npm test" is no runner that is known'],
    ["npm test --workspaces", '"npm test --workspaces" is no runner that is known', { test: "jest" }],
    ["npm test", '"npm test" is no runner that is known', { test: "npm test" }],
    ["npm run constructor", '"npm run constructor" is no runner that is known'],
    ["npm test", "it starts 2 runners (vitest, jest)", { test: "vitest run && jest" }],
    ["pytest a; pytest b", "it starts 2 runners (pytest, pytest)"],
    ["for f in *; do node $f; done", '"done" is no runner that is known'],
    ["$(cat command)", "its command is more than calls of programs"],
    ["vitest run # all of them", "its command is more than calls of programs"],
    [`echo "${"x".repeat(20_000)}"`, "its command is more than calls of programs"],
  ] satisfies Row<string>[])
    it(`in ${JSON.stringify(command).slice(0, 60)}`, () => expect(recognise(command, scripts)).toBe(because));
});

describe("arguments reach a runner", () => {
  const before = (command: Command, scripts: Readonly<Record<string, string>> = {}) => {
    const found = recogniseRunner(command, facts(scripts));
    return found.kind === "known" ? found.before : undefined;
  };
  for (const [command, dashes, scripts] of [
    ["vitest run", []],
    ["npm test", ["--"], { test: "vitest run" }],
    ["npm test -- --silent", [], { test: "vitest run" }],
    ["npm test", ["--", "--"], { test: "npm run unit", unit: "jest" }],
    ["npm test", ["--"], { test: "npm run unit -- --ci", unit: "jest" }],
    ["yarn test", [], { test: "jest" }],
    ["pnpm run test", [], { test: "jest" }],
    ["tsc && vitest run", []],
    ["vitest run && tsc", null],
    ["vitest run || true", null],
    ["vitest run | tee log", null],
    ["npm test", null, { test: "jest && eslint ." }],
    [["sh", "-c", "vitest run"], null],
  ] satisfies Row<string[] | null>[])
    it(`of ${JSON.stringify(command)} ${scripts === undefined ? "" : `with ${JSON.stringify(scripts)} `}behind ${JSON.stringify(dashes)}`, () =>
      expect(before(command, scripts)).toEqual(dashes));
});

describe("files can be selected", () => {
  const can = (command: Command, more: Partial<RunnerFacts> = {}) => {
    const found = recogniseRunner(command, facts({}, more));
    return found.kind === "known" ? planFileSelection(found, facts({}, more))?.cut.map(({ text }) => text) : undefined;
  };
  for (const command of [
    "node --test",
    "node --import tsx --test",
    "vitest run --config vitest.unit.ts",
    "jest --ci",
    "mocha -r ts-node/register",
    "pytest -q -k fast",
    "python3 -m unittest -v",
    "behave",
  ])
    it(`with ${command}`, () => expect(can(command)).toEqual([]));
  for (const command of [
    "node --test --foo test/",
    "npm test",
    "vitest run src",
    "jest src",
    "pytest tests",
    "pytest --durations 5",
    "python3 -m unittest discover",
    "node test.js",
    "tape test/*.js",
    "pytest -x",
    "vitest run --bail 1",
    "jest -b",
    "mocha --bail",
    "python3 -m unittest -vf",
  ])
    it(`not with ${command}`, () => expect(can(command)).toBeUndefined());
  for (const [command, cut] of [
    ["node --test test/", ["test/"]],
    [
      ["node", "--test", "src/**/*.test.js", "test/*.js"],
      ["src/**/*.test.js", "test/*.js"],
    ],
    ["NODE_ENV=test c8 node --import tsx --test --watch=false 'test/a b/*.ts'", ["test/a b/*.ts"]],
    ["pytest -q tests/unit -k fast", ["tests/unit"]],
    ["vitest run src/a.test.ts", ["src/a.test.ts"]],
  ] satisfies [Command, string[]][])
    it(`with ${JSON.stringify(command)}, without what it names itself`, () => expect(can(command)).toEqual(cut));
  it("not where Mocha's own settings may add files", () => expect(can("mocha", { hasMochaSettings: true })).toBeUndefined());
  it("so that a name is no option", () => expect(planFileArguments("pytest", ["-x.py", "a.py"])).toEqual(["./-x.py", "a.py"]));
});

describe("a line of shell", () => {
  it("has the words that the shell itself sees in it", () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[ab '"\\]{1,14}$/), (line) => {
        const [call, ...more] = splitShell(`x ${line}`) ?? [];
        if (call === undefined || more.length > 0) return;
        const seen = execFileSync("/bin/sh", ["-c", `for word in ${line}; do printf '%s\\0' "$word"; done`], { encoding: "utf8" });
        expect(call.words.slice(1).map(({ text }) => text)).toEqual(seen.split("\0").slice(0, -1));
      }),
      { numRuns: 150 },
    ));

  it("gets back whatever word is quoted for it", () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[a '"\\$`;&|<>()*?!~#{}=%^\n-]{1,14}$/), (word) => {
        expect(execFileSync("/bin/sh", ["-c", `printf '%s' ${quoteForShell(word)}`], { encoding: "utf8" })).toBe(word);
      }),
      { numRuns: 150 },
    ));
});

describe("a command is edited", () => {
  it("as a list and as a line, with what the shell would take apart in quotes", () => {
    expect(appendToCommand(["npm", "test"], ["--", "a b"])).toEqual(["npm", "test", "--", "a b"]);
    expect(appendToCommand("npm test ", ["--", "it's; rm -rf /", "$HOME"])).toBe(`npm test -- 'it'\\''s; rm -rf /' '$HOME'`);
    expect(replaceInCommand("python3 -m unittest -v", { start: 8, end: 19 }, ["/a b/runner.py"])).toBe("python3 '/a b/runner.py' -v");
  });

  it("where its words stand", () => {
    const line = `A=1 "quoted 'word'" a\\ b 'c' && next`;
    const [first] = splitShell(line) ?? [];
    expect(first?.words.map(({ text, start, end }) => [text, line.slice(start, end)])).toEqual([
      ["A=1", "A=1"],
      ["quoted 'word'", `"quoted 'word'"`],
      ["a b", "a\\ b"],
      ["c", "'c'"],
    ]);
  });
});
