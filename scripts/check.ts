// `npm run check [-- --fix]`: everything that can be said about the project without running it. One line a check; what is
// refused is named with its place, the rule, and why the rule is there. `--fix` formats and regenerates first.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { checkBans } from "./check/bans.ts";
import { checkDependencies, checkExports } from "./check/dead-code.ts";
import { checkDrawers, checkLength } from "./check/file-shape.ts";
import { checkImports } from "./check/import-rule.ts";
import { checkLockfile } from "./check/lockfile.ts";
import { type Problem, renderProblemLine } from "./check/problem.ts";
import { writeGeneratedFiles } from "./generate.ts";
import { ERRORS_PAGE, findErrorPageGaps, renderGeneratedFiles } from "./generated-files.ts";
import { ROOT, readGenerationInputs, readPackages, readSources, readText } from "./read-project.ts";

interface Check {
  readonly name: string;
  /** What is wrong, ready to print; empty where nothing is. */
  readonly run: () => string[] | Promise<string[]>;
}

/** The workspace's, and those of the programs that are measured beside ours and of the sources that they are measured on. */
const LOCKFILES = [
  "package-lock.json",
  "bench/peers/package-lock.json",
  "bench/detect/peers/package-lock.json",
  "tests/registry/package-lock.json",
  ...["peers", "sources", "more-sources"].map((folder) => `bench/analysis/${folder}/package-lock.json`),
];

const wantsFix = process.argv.includes("--fix");
if (wantsFix) for (const path of writeGeneratedFiles()) process.stdout.write(`wrote ${path}\n`);
const files = readSources();
const listed = (find: () => Problem[]) => () => find().map(renderProblemLine);

const checks: readonly Check[] = [
  {
    name: "format and lint",
    run: () => runProgram(join("node_modules", "@biomejs", "biome", "bin", "biome"), wantsFix ? ["check", "--write", "."] : ["ci", "--colors=off", "."]),
  },
  { name: "types", run: () => runProgram(join("node_modules", "typescript", "bin", "tsc"), ["-p", "."]) },
  { name: "types of the console", run: () => runProgram(join("node_modules", "typescript", "bin", "tsc"), ["-p", join("packages", "console")]) },
  { name: "imports run one way", run: listed(() => checkImports(files)) },
  { name: "bans", run: listed(() => checkBans(files)) },
  { name: "names", run: listed(() => checkDrawers(files)) },
  { name: "length", run: listed(() => checkLength(files)) },
  { name: "dead exports", run: listed(() => checkExports(files)) },
  { name: "dependencies", run: listed(() => checkDependencies(files, readPackages())) },
  { name: "lockfiles", run: listed(() => LOCKFILES.flatMap((path) => checkLockfile(path, readText(path) ?? "{}"))) },
  { name: "generated files", run: findStale },
];

// The two programs take seconds and the rest milliseconds, so all of them run at once.
const results = await Promise.all(checks.map(runCheck));
let problems = 0;
for (const { name, found, tookMs } of results) {
  problems += found.length;
  process.stdout.write(`${found.length === 0 ? "ok    " : "failed"}  ${name.padEnd(20)} ${(tookMs / 1_000).toFixed(2)} s\n`);
  for (const line of found) process.stdout.write(`    ${line}\n`);
}
process.stdout.write(
  problems === 0
    ? `everything is as it should be (${files.length} files)\n`
    : "`npm run check -- --fix` mends formatting and generated files; the rest is yours\n",
);
process.exitCode = problems === 0 ? 0 : 1;

async function runCheck({ name, run }: Check): Promise<{ name: string; found: string[]; tookMs: number }> {
  const begunMs = performance.now();
  const found = await run();
  return { name, found, tookMs: performance.now() - begunMs };
}

function findStale(): string[] {
  const inputs = readGenerationInputs();
  const stale = renderGeneratedFiles(inputs).filter(({ path, content }) => readText(path) !== content);
  return [
    ...stale.map(({ path }) => `${path} is not what the code says: \`npm run gen\` writes it`),
    ...findErrorPageGaps(inputs.errorsPage).map((gap) => `${ERRORS_PAGE}: ${gap}`),
  ];
}

/** A program's words are its problems, one entry each line, so that nothing is cut; none where it exits with 0. */
function runProgram(script: string, args: readonly string[]): Promise<string[]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, script), ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk));
    child.on("error", (error) => resolve([`${script} could not be started: ${error.message}`]));
    child.on("close", (status) => resolve(status === 0 ? [] : Buffer.concat(said).toString("utf8").trimEnd().split("\n")));
  });
}
