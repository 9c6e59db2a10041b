// The one way in on a fresh machine: brings the right Node, installs from the lockfile when that is stale, and runs
// one of the project's jobs on that Node. Plain JavaScript without dependencies; says what it does; safe to repeat.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode, npmCli, operatorPath } from "../packages/instar/bin/ensure-node.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = (name) => join(root, "node_modules", name);
const instar = join(root, "packages", "instar", "src", "main.ts");

const JOBS = {
  start: [instar, "demo"],
  instar: [instar],
  test: [bin("vitest/vitest.mjs"), "run"],
  check: [join(root, "scripts", "check.ts")],
  format: [bin("@biomejs/biome/bin/biome"), "format", "--write", "."],
  gen: [join(root, "scripts", "generate.ts")],
  "build:console": [bin("vite/bin/vite.js"), "build", "packages/console", "--logLevel", "warn"],
  pack: [join(root, "scripts", "pack.ts")],
  "test:fuzz": [join(root, "tests", "fuzz", "run-fuzz.ts")],
  "test:crash": [join(root, "tests", "crash", "run-crash-test.ts")],
  "test:mutations": [join(root, "tests", "crash", "run-mutation-test.ts")],
  "bench:switch": [join(root, "bench", "run-bench-switch.ts")],
  "bench:analysis": [join(root, "bench", "run-bench-analysis.ts")],
  "bench:rollback": [join(root, "bench", "run-bench-rollback.ts")],
  "bench:sandbox": [join(root, "bench", "run-bench-sandbox.ts")],
  "bench:backup": [join(root, "bench", "run-bench-backup.ts")],
  "bench:detect": [join(root, "bench", "run-bench-detect.ts")],
  "bench:console": [join(root, "bench", "run-bench-console.ts")],
  screenshots: [join(root, "scripts", "make-screenshots.ts")],
  "bench:ledger": [join(root, "bench", "run-bench-ledger.ts")],
  "simulate:triggers": [join(root, "bench", "run-simulate-triggers.ts")],
  "test:openclaw": [join(root, "tests", "openclaw", "run-openclaw-test.ts")],
};

const [job = "", ...args] = process.argv.slice(2);
const say = (line) => process.stderr.write(`instar: ${line}\n`);

try {
  if (!JOBS[job]) throw new Error(`no job called '${job}'; there are: ${Object.keys(JOBS).join(", ")}`);
  const outerPath = process.env.INSTAR_OPERATOR_PATH ?? operatorPath();
  const node = ensureNode(join(root, ".runtime"), say);
  const env = { ...process.env, INSTAR_OPERATOR_PATH: outerPath, PATH: `${dirname(node)}${delimiter}${outerPath}` };
  installWhenStale(node, env);
  if (job === "start" || (job === "instar" && args.includes("up"))) buildConsole(node, env);
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...JOBS[job], ...args], { cwd: root, env, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** What runs from the sources brings the web console as they say it is; without one everything else works. */
function buildConsole(node, env) {
  const { status } = spawnSync(node, [join(root, "scripts", "build-console.ts")], { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) say("the web console could not be built, see above; going on without it");
}

/** Installed means: node_modules carries the mark of this very lockfile. A crash in between leaves no mark. */
function installWhenStale(node, env) {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const mark = join(root, "node_modules", ".instar-installed");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return;
  say("installing dependencies from package-lock.json");
  const { status } = spawnSync(node, [npmCli(), "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("npm ci failed; see above");
  writeFileSync(mark, lock);
}
