import { basename } from "node:path";
import type { TestRunner } from "@instar/protocol";
import type { RunnerFacts } from "./runner-facts.ts";
import type { ShellWord } from "./split-shell.ts";

export interface RunnerCall {
  readonly runner: TestRunner;
  readonly isCertain: boolean;
  /** Its program and its arguments. */
  readonly words: readonly ShellWord[];
  /** So many of them are the program: `python -m pytest` is three. */
  readonly programWords: number;
  readonly sets: readonly string[];
}

const PROGRAMS: Readonly<Record<string, TestRunner>> = {
  vitest: "vitest",
  "vitest.mjs": "vitest",
  jest: "jest",
  "jest.js": "jest",
  mocha: "mocha",
  _mocha: "mocha",
  "mocha.js": "mocha",
  pytest: "pytest",
  "py.test": "pytest",
  behave: "behave",
  tape: "tap",
  tap: "tap",
  bats: "tap",
};
const MODULES: Readonly<Record<string, TestRunner>> = { pytest: "pytest", unittest: "unittest", behave: "behave" };
/** Programs that start another one and end as it ends. */
const WRAPPERS: ReadonlySet<string> = new Set(
  "npx pnpm yarn npm c8 nyc cross-env cross-env-shell env dotenv time timeout xvfb-run poetry uv pipenv pdm hatch rye coverage exec nice".split(" "),
);
/** Node itself, and programs that start it with a loader. */
const NODES: ReadonlySet<string> = new Set(["node", "nodejs", "tsx", "ts-node"]);
/** What writes TAP when its files are started with node. */
const TAP_PACKAGES = ["tape", "tap", "supertape"];

/** The runner that a call starts, by itself or through a wrapper such as npx, c8, `poetry run` or `coverage run`. */
export function readRunnerCall(words: readonly ShellWord[], facts: Pick<RunnerFacts, "asked">): RunnerCall | undefined {
  const program = nameOf(words[0]);
  if (!WRAPPERS.has(program)) return readProgram(words, [], facts);
  const sets = words.flatMap(({ text }) => /^([A-Za-z_]\w*)=/.exec(text)?.[1] ?? []);
  for (let at = 1; at < words.length; at += 1) {
    const rest = words.slice(at);
    const found = program === "coverage" ? readModule(rest, 0, sets) : readProgram(rest, sets, facts);
    if (found !== undefined) return found;
    // `npm exec -- node x` and the like end here: what stands behind a program that is not known is its own.
    if (nameOf(rest[0]) === "-m") break;
  }
  return undefined;
}

const nameOf = (word: ShellWord | undefined) => basename(word?.text ?? "");

function readProgram(words: readonly ShellWord[], sets: readonly string[], facts: Pick<RunnerFacts, "asked">): RunnerCall | undefined {
  const program = nameOf(words[0]);
  if (/^(python|pypy)[\d.]*$/.test(program)) return readModule(words, 1, sets);
  if (program === "react-scripts" && words[1]?.text === "test") return { runner: "jest", isCertain: true, words, programWords: 2, sets };
  if (program === "ava") return words.some(({ text }) => text === "--tap") ? { runner: "tap", isCertain: true, words, programWords: 1, sets } : undefined;
  if (NODES.has(program)) return readNode(words, sets, facts);
  const runner = Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program] : undefined;
  return runner === undefined ? undefined : { runner, isCertain: true, words, programWords: 1, sets };
}

/** `-m module` behind an interpreter and its own options. */
function readModule(words: readonly ShellWord[], from: number, sets: readonly string[]): RunnerCall | undefined {
  const at = words.findIndex(({ text }, index) => index >= from && text === "-m");
  if (at === -1 || words.slice(from, at).some(({ text }) => !text.startsWith("-"))) return undefined;
  const module = words[at + 1]?.text ?? "";
  const runner = Object.hasOwn(MODULES, module) ? MODULES[module] : undefined;
  return runner === undefined ? undefined : { runner, isCertain: true, words, programWords: at + 2, sets };
}

/** Options of Node that take the next word. */
export const NODE_VALUES: ReadonlySet<string> = new Set(
  "--import --require -r --loader --experimental-loader --env-file --conditions -C --test-reporter --test-reporter-destination --test-name-pattern --test-concurrency --test-timeout".split(
    " ",
  ),
);

function readNode(words: readonly ShellWord[], sets: readonly string[], facts: Pick<RunnerFacts, "asked">): RunnerCall | undefined {
  let script: string | undefined;
  for (let at = 1; at < words.length && script === undefined; at += 1) {
    const { text = "" } = words[at] ?? {};
    if (text === "--test") return { runner: "node", isCertain: true, words, programWords: 1, sets };
    if (["-e", "--eval", "-p", "--print", "--run", "-c", "--check"].includes(text)) return undefined;
    if (NODE_VALUES.has(text)) at += 1;
    else if (!text.startsWith("-")) script = words.slice(at).find((word) => word.text === text)?.text;
  }
  if (script === undefined) return undefined;
  const at = words.findIndex(({ text }) => text === script);
  const known = /(^|\/)node_modules\//.test(script) && Object.hasOwn(PROGRAMS, basename(script)) ? PROGRAMS[basename(script)] : undefined;
  if (known !== undefined) return { runner: known, isCertain: true, words: words.slice(at), programWords: 1, sets };
  if (!/\.[cm]?[jt]sx?$/.test(script)) return undefined;
  if (TAP_PACKAGES.some((name) => facts.asked.has(name))) return { runner: "tap", isCertain: false, words, programWords: at + 1, sets };
  return { runner: "node", isCertain: false, words, programWords: 1, sets };
}
