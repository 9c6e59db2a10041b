import { extname, isAbsolute, join } from "node:path";
import type { StyleFormat } from "./parse-style-output.ts";

export interface StyleQuestion {
  /** Absolute: a copy of the version, with what it installs. */
  readonly tree: string;
  /** Changed files that this version has, relative to the tree. */
  readonly files: readonly string[];
  /** The files at its root, with the texts of those that may hold a linter's settings (package.json, pyproject.toml, setup.cfg, tox.ini). */
  readonly rootFiles: ReadonlyMap<string, string | null>;
  /** Programs by name, absolute: of its node_modules/.bin, and of the PATH that the agent gets. */
  readonly programs: ReadonlyMap<string, string>;
  /** Our own linter: a script for `node`. */
  readonly own: { readonly node: string; readonly oxlint: string; readonly version: string };
  /** Absolute, empty, of this run alone: reports and settings of ours lie there. */
  readonly scratch: string;
}

export interface StylePlan {
  readonly kind: "run";
  readonly tool: string;
  readonly format: StyleFormat;
  readonly argv: readonly string[];
  /** Where the tool writes what it says; null where it says it on its output. */
  readonly report: string | null;
  /** Settings to write first. */
  readonly settings: { readonly path: string; readonly text: string } | null;
  /** Changed files that are more than one call takes. */
  readonly leftOut: number;
}

export type PlannedStyle = StylePlan | { readonly kind: "nodata"; readonly tool: string; readonly because: string };

const PROGRAMS: ReadonlySet<string> = new Set([".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"]);
const PYTHON: ReadonlySet<string> = new Set([".py", ".pyi"]);
/** Systems take no more than that many bytes of arguments without complaint. */
const ARGUMENT_BYTES = 96 * 1_024;

/** Each language's files by the linter that the candidate chose and installed; JavaScript and TypeScript by ours where it has none. */
export function planStyleCheck(question: StyleQuestion): PlannedStyle[] {
  const programs = question.files.filter((path) => PROGRAMS.has(extname(path).toLowerCase()));
  const python = question.files.filter((path) => PYTHON.has(extname(path).toLowerCase()));
  return [...(programs.length === 0 ? [] : [planProgramStyle(question, programs)]), ...(python.length === 0 ? [] : [planPythonStyle(question, python)])];
}

interface Linter {
  readonly name: string;
  readonly format: StyleFormat;
  readonly isChosen: (question: StyleQuestion) => boolean;
  readonly flags: (report: string) => readonly string[];
  /** It writes its report to a file itself. */
  readonly writes: boolean;
}

const hasFile =
  (pattern: RegExp) =>
  ({ rootFiles }: StyleQuestion) =>
    [...rootFiles.keys()].some((name) => pattern.test(name));
const says =
  (name: string, pattern: RegExp) =>
  ({ rootFiles }: StyleQuestion) =>
    pattern.test(rootFiles.get(name) ?? "");

const PROGRAM_LINTERS: readonly Linter[] = [
  {
    name: "eslint",
    format: "eslint",
    isChosen: (question) =>
      hasFile(/^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\.(?:c?js|json|ya?ml))?)$/)(question) || says("package.json", /"eslintConfig"\s{0,20}:/)(question),
    flags: (report) => ["--format", "json", "--output-file", report, "--no-error-on-unmatched-pattern"],
    writes: true,
  },
  {
    name: "biome",
    format: "biome",
    isChosen: hasFile(/^\.?biome\.jsonc?$/),
    flags: () => ["ci", "--reporter=json", "--colors=off", "--max-diagnostics=none", "--no-errors-on-unmatched"],
    writes: false,
  },
  {
    name: "oxlint",
    format: "oxlint",
    isChosen: hasFile(/^(?:\.oxlintrc\.jsonc?|oxlint\.config\.[cm]?[jt]s)$/),
    flags: () => ["--format", "json", "--no-ignore"],
    writes: false,
  },
];

const PYTHON_LINTERS: readonly Linter[] = [
  {
    name: "ruff",
    format: "ruff",
    isChosen: (question) => hasFile(/^\.?ruff\.toml$/)(question) || says("pyproject.toml", /^\[tool\.ruff\b/m)(question),
    flags: (report) => ["check", "--output-format", "json", "--output-file", report, "--no-cache", "--no-fix"],
    writes: true,
  },
  {
    name: "flake8",
    format: "flake8",
    isChosen: (question) => hasFile(/^\.flake8$/)(question) || ["setup.cfg", "tox.ini"].some((name) => says(name, /^\[flake8\]/m)(question)),
    flags: (report) => ["--format=default", `--output-file=${report}`],
    writes: true,
  },
];

function planProgramStyle(question: StyleQuestion, files: readonly string[]): PlannedStyle {
  const chosen = findLinter(PROGRAM_LINTERS, question);
  if (chosen !== undefined) return planRun(chosen.linter, [chosen.program], question, files);
  const { own, scratch } = question;
  const settings = { path: join(scratch, "oxlintrc.json"), text: "{}" };
  const flags = ["--format", "json", "--no-ignore", "--disable-nested-config", "--config", settings.path];
  const ours: Linter = { name: `oxlint ${own.version}`, format: "oxlint", isChosen: () => true, flags: () => flags, writes: false };
  return { ...planRun(ours, [own.node, own.oxlint], question, files), settings };
}

function planPythonStyle(question: StyleQuestion, files: readonly string[]): PlannedStyle {
  const chosen = findLinter(PYTHON_LINTERS, question);
  if (chosen !== undefined) return planRun(chosen.linter, [chosen.program], question, files);
  return { kind: "nodata", tool: "none", because: `no linter that is set up and installed for Python; ${files.length} changed files were not asked about` };
}

function findLinter(linters: readonly Linter[], question: StyleQuestion): { linter: Linter; program: string } | undefined {
  for (const linter of linters) {
    const program = question.programs.get(linter.name);
    if (program !== undefined && isAbsolute(program) && linter.isChosen(question)) return { linter, program };
  }
  return undefined;
}

function planRun(linter: Linter, program: readonly string[], { scratch }: StyleQuestion, files: readonly string[]): StylePlan {
  const report = join(scratch, "report");
  const taken: string[] = [];
  let bytes = 0;
  for (const file of files) {
    // A name that begins with a dash is no option, whatever the tool makes of `--`.
    const named = file.startsWith("-") || file.startsWith("@") ? `./${file}` : file;
    bytes += Buffer.byteLength(named) + 1;
    if (bytes > ARGUMENT_BYTES) break;
    taken.push(named);
  }
  return {
    kind: "run",
    tool: linter.name,
    format: linter.format,
    argv: [...program, ...linter.flags(report), "--", ...taken],
    report: linter.writes ? report : null,
    settings: null,
    leftOut: files.length - taken.length,
  };
}
