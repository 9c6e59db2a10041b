import type { TestRunner } from "@instar/protocol";
import { NODE_VALUES } from "./read-runner-call.ts";
import type { KnownRunner } from "./recognise-runner.ts";
import type { RunnerFacts } from "./runner-facts.ts";
import type { ShellWord } from "./split-shell.ts";

/** Options that take the next word, which then names no file. */
const VALUES: Readonly<Partial<Record<TestRunner, ReadonlySet<string>>>> = {
  node: NODE_VALUES,
  vitest: new Set("--config -c --root -r --dir --reporter --pool --environment --maxWorkers --testTimeout --mode".split(" ")),
  jest: new Set("--config -c --maxWorkers -w --rootDir --env --testTimeout".split(" ")),
  mocha: new Set("--require -r --timeout -t --reporter -R --ui -u --config --import --loader".split(" ")),
  pytest: new Set("-k -m -p -c -n -W -o --rootdir --maxfail --tb --timeout".split(" ")),
  unittest: new Set(),
  behave: new Set("-f --format -o --outfile -t --tags -D".split(" ")),
};

export interface FileSelection {
  /** What the command itself names, which is taken out of it before other files are named. */
  readonly cut: readonly ShellWord[];
}

/**
 * How a runner is told to run some files only: their names are put after its arguments, and what it names itself is taken out. Undefined
 * where files that are named would run beside others, or where it is not clear what is a file.
 */
export function planFileSelection(known: KnownRunner, facts: Pick<RunnerFacts, "hasMochaSettings">): FileSelection | undefined {
  const values = VALUES[known.runner];
  if (known.before === null || values === undefined || !known.isCertain) return undefined;
  if (stopsEarly(known)) return undefined;
  if (known.runner === "mocha" && facts.hasMochaSettings) return undefined;
  const cut: ShellWord[] = [];
  for (const [at, word] of known.args.entries()) {
    const previous = known.args[at - 1] ?? "";
    if (word.startsWith("-") || values.has(previous) || (known.runner === "vitest" && at === 0 && word === "run")) continue;
    const own = known.words?.at(at - known.args.length);
    const isFile = FILES.test(word) && (!previous.startsWith("-") || BARE.test(previous));
    if (own === undefined || !isFile || known.runner === "unittest") return undefined;
    cut.push(own);
  }
  return { cut };
}

/** Options that certainly take no word after them. */
const BARE = /=|^--test$|^-[qvs]+$/;

/** A path or a pattern of paths; a bare word may be a value or a part of a name. */
const FILES = /[/*]|\.([cm]?[jt]sx?|py|feature)$/;

/**
 * Whether it is told to end at the first failure. What did not run then did not pass, so that running the failed ones again says nothing
 * about the whole. The same in a settings file is taken back (`plan-report`).
 */
export function stopsEarly({ runner, args }: Pick<KnownRunner, "runner" | "args">): boolean {
  const short = { vitest: /^$/, jest: /^-b$/, mocha: /^-[a-z]*b[a-z]*$/, pytest: /^-[a-z]*x[a-z]*$/, unittest: /^-[a-z]*f[a-z]*$/, behave: /^$/ }[
    runner as string
  ];
  return args.some((word) => /^--(bail|exitfirst|maxfail|failfast|stop|stepwise|sw)(=|$)/.test(word) || (short?.test(word) ?? false));
}

/** The arguments that make a runner run these files, relative to the tree. */
export function planFileArguments(runner: TestRunner, files: readonly string[]): readonly string[] {
  // A name that begins with a dash would be an option.
  const named = files.map((file) => (file.startsWith("-") ? `./${file}` : file));
  return runner === "jest" ? ["--runTestsByPath", ...named] : named;
}
