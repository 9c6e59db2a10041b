import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "../../settings/settings.ts";
import { stopsEarly } from "./can-select-files.ts";
import { replaceInCommand } from "./edit-command.ts";
import { NODE_REPORTER } from "./node-reporter.ts";
import type { KnownRunner } from "./recognise-runner.ts";
import type { RunnerFacts } from "./runner-facts.ts";
import { UNITTEST_RUNNER } from "./unittest-runner.ts";

export type ReportFormat = "node" | "jest" | "mocha" | "behave" | "junit" | "unittest";

/** Where a run's report is found when it has ended. */
export type ReportReading =
  /** The only files in a folder that nobody else has a reason to write to. `isSeveral`: one a process. */
  | { readonly kind: "in-folder"; readonly folder: string; readonly format: ReportFormat; readonly isSeveral: boolean }
  /** JUnit XML or TAP, as it begins, where the command writes it: inside the tree. */
  | { readonly kind: "in-tree"; readonly path: string }
  /** It cannot be had. */
  | { readonly kind: "none"; readonly because: string }
  /** TAP, on its output. */
  | { readonly kind: "in-output" };

export interface AskedReport {
  readonly kind: "asked";
  readonly appended: readonly string[];
  /** The command with another one in it; undefined where it stays as it is. */
  readonly replaced?: Command;
  readonly environment: Readonly<Record<string, string>>;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly reading: ReportReading;
}

export interface ReportQuestion {
  readonly command: Command;
  readonly wantsCoverage: boolean;
  readonly facts: RunnerFacts;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

type Planned = AskedReport | { readonly kind: "impossible"; readonly because: string };

/** How this runner is asked for a report of its own, and for coverage where it can measure it; or why it cannot be. */
export function planReport(known: KnownRunner, question: ReportQuestion): Planned {
  const { folder, wantsCoverage, facts } = question;
  const reports = join(folder, "reports");
  const path = join(reports, "report");
  switch (known.runner) {
    case "node":
      return planNode(known, question, reports);
    case "vitest":
      return byArguments(known, "jest", reports, [
        "--reporter=default",
        ...(stopsEarly(known) ? [] : ["--bail=0"]),
        "--reporter=json",
        `--outputFile.json=${path}`,
        ...(wantsCoverage && facts.hasVitestCoverage
          ? ["--coverage.enabled=true", "--coverage.reporter=json-summary", `--coverage.reportsDirectory=${join(folder, "coverage")}`]
          : []),
      ]);
    case "jest":
      return byArguments(known, "jest", reports, [
        "--json",
        ...(stopsEarly(known) ? [] : ["--bail=0"]),
        `--outputFile=${path}`,
        ...(wantsCoverage ? ["--coverage", "--coverageReporters=json-summary", `--coverageDirectory=${join(folder, "coverage")}`] : []),
      ]);
    case "mocha":
      return byArguments(known, "mocha", reports, ["--reporter", "json", "--reporter-option", `output=${path}`, ...(stopsEarly(known) ? [] : ["--no-bail"])]);
    case "behave":
      return byArguments(known, "behave", reports, planBehave(known.args, path));
    case "pytest":
      return planPytest(known, question, reports);
    case "unittest":
      return planUnittest(known, question, reports);
    case "tap":
      return { kind: "asked", appended: [], environment: {}, files: [], reading: { kind: "in-output" } };
    case "junit":
      return { kind: "impossible", because: "runner: junit needs the name of its report (report: …)" };
  }
}

function byArguments(known: KnownRunner, format: ReportFormat, reports: string, appended: readonly string[]): Planned {
  if (known.before === null)
    return { kind: "impossible", because: `${known.runner} is asked for its report by arguments, and none reach it through this command` };
  return { kind: "asked", appended, environment: {}, files: [], reading: { kind: "in-folder", folder: reports, format, isSeveral: false } };
}

/** Its formats and the files that they go to are two lists, matched by their order: those that its command leaves open are closed first. */
function planBehave(args: readonly string[], path: string): string[] {
  const [formats, files] = [args.filter((word) => /^(-f|--format)/.test(word)).length, args.filter((word) => /^(-o|--outfile)/.test(word)).length];
  const open = Array.from({ length: Math.max(0, formats - files) }, () => ["-o", "-"]).flat();
  return [...open, "-f", "json", "-o", path, ...(formats === 0 ? ["-f", "progress", "-o", "-"] : [])];
}

/** By a reporter of ours beside the one that people read; its settings go through NODE_OPTIONS, which every script hands on. */
function planNode(known: KnownRunner, { command, environment, folder, wantsCoverage }: ReportQuestion, reports: string): Planned {
  if (known.sets.has("NODE_OPTIONS")) return { kind: "impossible", because: "its command sets NODE_OPTIONS itself" };
  const [reporters, destinations] = ["--test-reporter", "--test-reporter-destination"].map((option) => countOption(known.args, option)) as [number, number];
  const own = reporters > destinations ? ["--test-reporter-destination=stdout"] : [];
  const forPeople = reporters === 0 ? ["--test-reporter=spec", "--test-reporter-destination=stdout"] : own;
  const reporter = pathToFileURL(join(folder, "node-reporter.mjs")).href;
  const options = [environment.NODE_OPTIONS, `--test-reporter=${reporter}`, "--test-reporter-destination=stdout", ...forPeople];
  // Node takes this one from its command line alone.
  const test = wantsCoverage ? known.words?.find(({ text }) => text === "--test") : undefined;
  return {
    kind: "asked",
    appended: [],
    ...(test === undefined ? {} : { replaced: replaceInCommand(command, test, ["--test", "--experimental-test-coverage"]) }),
    environment: { NODE_OPTIONS: options.filter((option) => option !== undefined && option !== "").join(" ") },
    files: [{ name: "node-reporter.mjs", text: NODE_REPORTER }],
    reading: { kind: "in-folder", folder: reports, format: "node", isSeveral: true },
  };
}

const countOption = (args: readonly string[], option: string) => args.filter((word) => word === option || word.startsWith(`${option}=`)).length;

/** The first of JUnit's families, because the later one does not tell the file of a test. */
function planPytest(known: KnownRunner, { environment, facts, folder, wantsCoverage }: ReportQuestion, reports: string): Planned {
  const path = join(reports, "report");
  const measured = wantsCoverage && facts.hasPytestCov ? ["--cov", `--cov-report=xml:${join(folder, "coverage", "coverage.xml")}`] : [];
  const options = ["--maxfail=0", `--junitxml=${path}`, "-o", "junit_family=xunit1", ...measured];
  if (known.sets.has("PYTEST_ADDOPTS")) return byArguments(known, "junit", reports, options);
  const given = environment.PYTEST_ADDOPTS ?? "";
  const added = options.map((option) => (/^[\w./:@%+=,-]+$/.test(option) ? option : `'${option.replaceAll("'", `'"'"'`)}'`)).join(" ");
  return {
    kind: "asked",
    appended: [],
    environment: { PYTEST_ADDOPTS: given === "" ? added : `${given} ${added}` },
    files: [],
    reading: { kind: "in-folder", folder: reports, format: "junit", isSeveral: false },
  };
}

/** unittest has no report at all: a runner of ours takes the place of `-m unittest`. */
function planUnittest(known: KnownRunner, { command, folder }: ReportQuestion, reports: string): Planned {
  const at = known.words?.findIndex(({ text }, index, words) => text === "unittest" && words[index - 1]?.text === "-m") ?? -1;
  const [flag, module] = [known.words?.[at - 1], known.words?.[at]];
  if (flag === undefined || module === undefined)
    return { kind: "impossible", because: "unittest leaves no report, and this command does not start it by itself: write `python3 -m unittest …`" };
  return {
    kind: "asked",
    appended: [],
    replaced: replaceInCommand(command, { start: flag.start, end: module.end }, [join(folder, "unittest-runner.py")]),
    environment: {},
    files: [{ name: "unittest-runner.py", text: UNITTEST_RUNNER }],
    reading: { kind: "in-folder", folder: reports, format: "unittest", isSeveral: true },
  };
}
