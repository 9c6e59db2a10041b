import type { TestRunner } from "@instar/protocol";
import { NODE_VALUES } from "./read-runner-call.ts";
import type { KnownRunner } from "./recognise-runner.ts";
import type { RunnerFacts } from "./runner-facts.ts";

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

/** Whether files that are put after its arguments are then the only ones that run: so where it names none itself, and its settings add none. */
export function canSelectFiles(known: KnownRunner, facts: Pick<RunnerFacts, "hasMochaSettings">): boolean {
  const values = VALUES[known.runner];
  if (known.before === null || values === undefined || !known.isCertain) return false;
  if (stopsEarly(known)) return false;
  if (known.runner === "mocha" && facts.hasMochaSettings) return false;
  const named = known.args.filter((word, at) => !word.startsWith("-") && !values.has(known.args[at - 1] ?? ""));
  return named.every((word, at) => known.runner === "vitest" && at === 0 && word === "run");
}

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
