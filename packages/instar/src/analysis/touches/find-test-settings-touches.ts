import { type ChangedFile, type ChangedLine, onlyIn } from "./changed-file.ts";
import { compareManifests } from "./compare-manifests.ts";
import { compareNumbers } from "./compare-numbers.ts";
import { findHushedChecks } from "./find-hushed-checks.ts";
import { isDocumentPath } from "./is-document-path.ts";
import { isTestPath } from "./is-test-path.ts";
import { isTestSettingsPath } from "./is-test-settings-path.ts";
import { listCommandPaths } from "./list-command-paths.ts";
import { quote } from "./quote.ts";
import { byContent, type Finding, nameTouch, type TouchFacts, weakening } from "./touch-finder.ts";

const CHECKERS =
  /(^|\/)(tsconfig[\w.-]*\.json|jsconfig\.json|\.?eslint(rc|\.config)[\w.]*|\.eslintignore|\.?oxlint(rc)?[\w.]*|biome\.jsonc?|tslint\.json|\.?ruff\.toml|\.flake8|mypy\.ini|\.mypy\.ini|\.pylintrc|pylintrc|pyrightconfig\.json|\.golangci\.ya?ml|\.rubocop\.yml|clippy\.toml|\.semgrep[\w.]*|sonar-project\.properties|\.stylelintrc[\w.]*|knip\.jsonc?|\.dependency-cruiser\.\w+)$/i;

/** What makes tests and checks count: runners' settings, thresholds, scripts, comments that hush a check. */
export function findTestSettingsTouches(file: ChangedFile, facts: TouchFacts): readonly Finding[] {
  return [
    ...findHushedChecks(file),
    ...findTestDetection(file),
    ...findConfigTouches(file),
    ...findManifestTouches(file, facts),
    ...findCommandTouches(file, facts),
  ];
}

const KNOWS_TESTS =
  /\b(VITEST(_WORKER_ID|_POOL_ID)?|JEST_WORKER_ID|NODE_TEST_CONTEXT|PYTEST_CURRENT_TEST|PYTEST_VERSION|MOCHA_COLORS|PLAYWRIGHT_TEST)\b|\bNODE_ENV\b.{0,40}["']test["']|["'](pytest|unittest)["'] in sys\.modules/;

/** Code that asks whether it is being tested behaves well there, and elsewhere as it likes. */
function findTestDetection({ isRead, paths, added, removed }: ChangedFile): Finding[] {
  if (!isRead || paths.some((path) => isTestPath(path) || isDocumentPath(path) || isTestSettingsPath(path))) return [];
  const is = ({ values }: ChangedLine) => KNOWS_TESTS.test(values);
  const found = added.filter(is);
  return found.length > removed.filter(is).length ? found.slice(0, 1).map(({ line }) => weakening(line, "it asks whether it is being tested")) : [];
}

function findConfigTouches(file: ChangedFile): Finding[] {
  const isRunner = file.paths.some((path) => isTestSettingsPath(path));
  const isChecker = file.paths.some((path) => CHECKERS.test(path));
  const isTomlPart =
    file.name === "pyproject.toml" &&
    [...file.added, ...file.removed].some(({ code }) =>
      /pytest|coverage|ruff|mypy|pyright|flake8|pylint|fail_under|addopts|testpaths|hypothesis|select|ignore/.test(code),
    );
  if (file.name === "pyproject.toml" && !file.isRead) return [nameTouch(file, "settings of the tests")];
  if (!isRunner && !isChecker && !isTomlPart) return [];
  const named = isRunner ? "settings of the tests" : "settings of the checks";
  const first = isTomlPart ? byContent(file.added[0]?.line ?? null, "it sets how tests and checks run") : nameTouch(file, named, true);
  return file.isRead ? [first, ...findLoosened(file)] : [first];
}

const LOOSE_LINES: readonly (readonly [RegExp, string])[] = [
  [/passWithNoTests["']? ?[:=] ?true|--passWithNoTests|allowOnly["']? ?: ?true|forbidOnly["']? ?: ?false/i, "it passes without tests, or with a part of them"],
  [
    /["']?\b(exclude|testPathIgnorePatterns|coveragePathIgnorePatterns|modulePathIgnorePatterns|testIgnore|ignorePatterns|ignores|omit|norecursedirs|collect_ignore|spec-ignore|grep|testNamePattern|per-file-ignores|extend-ignore)\b["']? ?[:=]|--(exclude|ignore|deselect|grep|testPathIgnorePatterns)\b|-k ["']?not\b/,
    "files are taken out of what is tested or checked",
  ],
  [
    /["']?\b(strict|noImplicitAny|strictNullChecks|noUncheckedIndexedAccess|exactOptionalPropertyTypes|noImplicitReturns|strictFunctionTypes|strictPropertyInitialization|useUnknownInCatchVariables|disallow_untyped_defs|check_untyped_defs|warn_unreachable)["']? ?[:=] ?["']?false/i,
    "a rule of the types is turned off",
  ],
  [
    /["']?\b(skipLibCheck|ignore_errors|ignore_missing_imports|noCheck|allowJs|dangerouslyIgnoreUnhandledErrors|strictThrows)["']? ?[:=] ?["']?true/i,
    "a check is told to overlook errors",
  ],
  [
    /["'][\w@/.-]{2,80}["'] ?: ?\[? ?["'](off|warn|none|ignore|allow)["']|["'][\w@/.-]{2,80}["'] ?: ?\[? ?0\b|["'](enabled|recommended)["'] ?: ?false|: ["'](off|allow)["']/i,
    "a rule of the linter is turned off",
  ],
  [/\bbail["']? ?[:=] ?(true|[1-9])|--(bail|maxfail|exitfirst)\b|(^|\s)-x(\s|$)/, "it stops at the first failure, and says nothing of the rest"],
  [/\b(retry|retries|reruns|flaky)["']? ?[:=] ?["']?[1-9]|--(retries|reruns)[ =][1-9]/, "failing tests are tried again"],
  [/(coverage|check-coverage|enabled|all|checkCoverage)["']? ?[:=] ?["']?false|--no-cov\b|--coverage=false|no_coverage/i, "coverage is no longer asked for"],
  [/\|\| ?(true|exit 0|:)(\W|$)|;\s?(true|exit 0)["']?,?$/, "a failure is turned into a success"],
];
const LOST_LINES: readonly (readonly [RegExp, string])[] = [
  [
    /["']?\b(strict|noImplicitAny|strictNullChecks|noUncheckedIndexedAccess|exactOptionalPropertyTypes|forbidOnly|xfail_strict|check-coverage|warn_unused_ignores|disallow_untyped_defs)["']? ?[:=] ?["']?true/i,
    "a rule that was on is gone",
  ],
  [/["'][\w@/.-]{2,80}["'] ?: ?\[? ?["'](error|deny)["']|["'][\w@/.-]{2,80}["'] ?: ?\[? ?2\b/i, "a rule of the linter is gone, or asks for less"],
  [
    /["']?\b(include|testMatch|testRegex|testDir|spec|testpaths|python_files|select|setupFiles(AfterEnv)?|projects)["']? ?[:=]/,
    "which files are tested is said otherwise",
  ],
];
const THRESHOLDS = /^(branches|functions|lines|statements|perFile|fail_under|cov-fail-under|threshold\w*|minimum\w*|target|high|low|break|100)$/i;

function findLoosened({ added, removed }: ChangedFile): Finding[] {
  const found: Finding[] = [];
  for (const [pattern, says] of LOOSE_LINES) {
    const line = onlyMatching(added, removed, pattern);
    if (line !== undefined) found.push(weakening(line.line, says));
  }
  for (const [pattern, says] of LOST_LINES) {
    const line = onlyMatching(removed, added, pattern);
    if (line !== undefined) found.push(weakening(line.line, says));
  }
  for (const { key, was, is, line } of compareNumbers(removed, added, THRESHOLDS))
    if (is === undefined || is < was)
      found.push(weakening(line, is === undefined ? `the threshold ${key} of ${was} is gone` : `the threshold ${key} is lowered from ${was} to ${is}`));
  return found;
}

/** A line of the first list that matches, which the second has not in the same words. */
function onlyMatching(lines: readonly ChangedLine[], others: readonly ChangedLine[], pattern: RegExp): ChangedLine | undefined {
  const matching = lines.filter(({ values }) => pattern.test(values));
  return matching.length === 0 ? undefined : onlyIn(matching, others, ({ text }) => text.replace(/,$/, ""))[0];
}

const SCRIPTS =
  /^(pre|post)?(test|check|lint|types?|typecheck|tsc|coverage|cover|ci|verify|validate|spec|e2e|unit|integration|smoke|audit)\b|[:_-](test|tests|check|lint|e2e|unit|coverage)\b/i;
const FIELDS = /^(jest|nyc|c8|mocha|ava|vitest|tap|eslintConfig|eslintIgnore|xo|stryker|standard|mochaOpts|playwright|coverage)$/;

function findManifestTouches(file: ChangedFile, { testCommand }: TouchFacts): Finding[] {
  if (file.name !== "package.json") return [];
  if (!file.isRead) return [nameTouch(file, "scripts and settings of tests")];
  const changes = compareManifests(file);
  if (changes === "unreadable") return [weakening(null, "it is no JSON object: what it says of tests is not known")];
  const words = wordsOf(testCommand);
  return changes.flatMap(({ field, key, was, is, line }) => {
    const isScript = field === "scripts" && key !== null && (SCRIPTS.test(key) || words.includes(key));
    if (!isScript && !FIELDS.test(field)) return [];
    const what = `${field}${key === null ? "" : `.${quote(key)}`}`;
    if (is === undefined) return [weakening(line, `${what} is gone`)];
    const said = byContent(line, `${what} is ${was === undefined ? "new" : "changed"}`);
    const [added, removed] = [asLines(is, line), asLines(was ?? "", line)];
    return [
      said,
      ...findLoosened({ ...file, added, removed }).map((loose) => ({ ...loose, because: `${what}: ${loose.because}` })),
      ...findEmptied(what, was, is, line),
    ];
  });
}

/** A script that does nothing, or only speaks. */
function findEmptied(what: string, was: string | undefined, is: string, line: number | null): Finding[] {
  const empty = /^"\s?(true|:|exit 0|echo [^&|;]*|node -e ['"\\]*)?\s?"$/;
  return was !== undefined && empty.test(is) && !empty.test(was) ? [weakening(line, `${what} does nothing any more`)] : [];
}

const asLines = (json: string, line: number | null): ChangedLine[] =>
  json
    .slice(0, 10_000)
    .split(/(?<=[,{[])/)
    .map((part) => part.replace(/\s+/g, " ").trim())
    .map((text) => ({ text, code: text, values: text, line: line ?? 1 }));
const wordsOf = (command: TouchFacts["testCommand"]): readonly string[] =>
  command === undefined ? [] : typeof command === "string" ? command.split(/\s+/) : command;

/** The program that instar.yaml names as the tests. */
function findCommandTouches(file: ChangedFile, { testCommand, agentDirectory }: TouchFacts): Finding[] {
  const isRun = testCommand !== undefined && file.paths.some((path) => listCommandPaths(testCommand, agentDirectory).has(path));
  return isRun ? [nameTouch(file, "the program that the tests are run by", true), ...(file.isRead ? findLoosened(file) : [])] : [];
}
