// npm run test:mutations [-- --only <pattern of names>]: makes one mistake at a time in a copy of the source and expects the crash test, or a
// unit test, to notice. Exit 1 where a mistake survives, or where the text to be replaced is no longer there.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Mutation, mutate } from "./mutation.ts";
import { MUTATIONS } from "./mutations.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LANES = 2;
/** An update that a mistake keeps from ending would otherwise hold everything up. */
const ACT_WITHIN_S = 60;

interface Verdict {
  readonly caughtBy: string | null;
  readonly because: string;
}

const { values } = parseArgs({ options: { only: { type: "string" }, "skip-baseline": { type: "boolean", default: false } } });
const chosen = MUTATIONS.filter(({ name }) => values.only === undefined || new RegExp(values.only).test(name));
const missing = chosen.filter((mutation) => withMistake(mutation) === undefined);
for (const { name, file } of missing) say(`MISSING  ${name}: the text to replace is not, or not once, in ${file}`);
const rows: [Mutation, Verdict][] = [];
const unsound = values["skip-baseline"] ? [] : await checkBaseline();
if (unsound.length === 0) await inLanes(chosen.filter((mutation) => !missing.includes(mutation)));
const survivors = rows.filter(([, { caughtBy }]) => caughtBy === null);
say(`\n${rows.length - survivors.length} of ${rows.length} mistakes were noticed`);
for (const [{ name }] of survivors) say(`SURVIVED  ${name}`);
process.exitCode = survivors.length + missing.length + unsound.length === 0 ? 0 : 1;

/** Without a mistake every check passes; otherwise what it says of mistakes is worth nothing. */
async function checkBaseline(): Promise<string[]> {
  const copy = makeCopy();
  try {
    const failed: string[] = [];
    for (const check of new Set(chosen.flatMap(({ checks }) => checks))) {
      const { status, said } = await runCheck(copy, check);
      if (status !== 0) failed.push(check);
      say(`${status === 0 ? "passes " : "FAILS  "}  without a mistake: ${check}${status === 0 ? "" : `: ${reasonIn(said)}`}`);
    }
    return failed;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function inLanes(mutations: readonly Mutation[]): Promise<void> {
  const waiting = [...mutations];
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
        const verdict = await tryMutation(mutation);
        rows.push([mutation, verdict]);
        say(
          `${verdict.caughtBy === null ? "SURVIVED" : "caught  "}  ${mutation.name}${verdict.caughtBy === null ? "" : `  ←  ${verdict.caughtBy}: ${verdict.because}`}`,
        );
      }
    }),
  );
}

async function tryMutation(mutation: Mutation): Promise<Verdict> {
  const copy = makeCopy();
  try {
    writeFileSync(join(copy, "packages/instar/src", mutation.file), withMistake(mutation) ?? "");
    for (const check of mutation.checks) {
      const { status, said } = await runCheck(copy, check);
      if (status !== 0) return { caughtBy: check, because: reasonIn(said) };
    }
    return { caughtBy: null, because: "" };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function withMistake(mutation: Mutation): string | undefined {
  return mutate(mutation, readFileSync(join(ROOT, "packages/instar/src", mutation.file), "utf8"));
}

function makeCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), "instar-mutation-"));
  for (const name of ["packages", "tests/crash", "package.json", "tsconfig.json", "vitest.config.ts"])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, filter: (path) => !path.endsWith("/node_modules") });
  // Also those that npm put beside one package because the root has another version of them, or none.
  const packages = readdirSync(join(ROOT, "packages")).map((name) => join("packages", name));
  for (const folder of ["", ...packages].map((place) => join(place, "node_modules")))
    if (existsSync(join(ROOT, folder))) symlinkSync(join(ROOT, folder), join(copy, folder));
  return copy;
}

function runCheck(copy: string, check: string): Promise<{ status: number | null; said: string }> {
  const argv = check.startsWith("unit:")
    ? [join(copy, "node_modules/vitest/vitest.mjs"), "run", join("packages/instar/src", check.slice(5))]
    : ["--disable-warning=ExperimentalWarning", join(copy, "tests/crash/run-crash-test.ts"), "--rows", check, "--within", String(ACT_WITHIN_S)];
  const child = spawn(process.execPath, argv, { cwd: copy, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString("utf8");
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, said }));
  });
}

function reasonIn(said: string): string {
  const line = said.split("\n").find((text) => /VIOLATION: |Error: |AssertionError|FAIL /.test(text)) ?? said.trim().split("\n").at(-1) ?? "";
  return line
    .replace(/^.*VIOLATION: /, "")
    .trim()
    .slice(0, 160);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
