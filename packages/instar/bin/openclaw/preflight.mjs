// `node preflight.mjs <state>`, in a release's folder: can this OpenClaw run on that state? The answer is JSON whose `status` is exact, startup-repairable,
// migration-required, indeterminate or incompatible, the worst of its databases. The shared database is judged by OpenClaw's own preflight, which
// wants a file without sidecars: it gets one, made of a copy. The agents' databases it does not judge; their version is compared with what the
// package says it supports. Nothing of <state> is changed. Plain JavaScript without dependencies: it runs on the agent's Node, in the sandbox.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const WORST_LAST = ["exact", "startup-repairable", "migration-required", "indeterminate", "incompatible"];
const HOME = join("node_modules", "openclaw");

const [state] = process.argv.slice(2);
if (state === undefined) {
  process.stderr.write("which state shall be judged?\n");
  process.exit(64);
}
const scratch = mkdtempSync(join(tmpdir(), "openclaw-preflight-"));
try {
  const answers = [...judgeShared(join(state, "state", "openclaw.sqlite")), ...judgeAgents()];
  const status = answers.map((answer) => answer.status).reduce(worse, "exact");
  process.stdout.write(`${JSON.stringify({ status, databases: answers })}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** A word that is not known here is worse than all that are known to go well. */
function worse(one, other) {
  const rank = (word) => (WORST_LAST.includes(word) ? WORST_LAST.indexOf(word) : WORST_LAST.indexOf("indeterminate"));
  return rank(other) > rank(one) ? other : one;
}

function judgeShared(path) {
  if (!existsSync(path)) return [];
  const { stdout, stderr } = spawnSync(process.execPath, [join(HOME, "openclaw.mjs"), "database", "preflight", consolidate(path), "--json"], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  try {
    const { status, foundVersion, targetVersion, issues, reason } = JSON.parse(stdout.slice(stdout.indexOf("{")));
    return [{ path, status: status ?? "indeterminate", foundVersion, targetVersion, issues, reason }];
  } catch {
    return [{ path, status: "indeterminate", reason: (stderr || stdout || "it said nothing").trim().slice(-500) }];
  }
}

function judgeAgents() {
  const targetVersion = JSON.parse(readFileSync(join(HOME, "package.json"), "utf8")).openclaw?.schemaVersions?.agent;
  return globSync("agents/*/agent/openclaw-agent.sqlite", { cwd: state }).map((path) => {
    const database = new DatabaseSync(consolidate(join(state, path)));
    const foundVersion = database.prepare("PRAGMA user_version").get().user_version;
    database.close();
    return { path: join(state, path), status: compare(foundVersion, targetVersion), foundVersion, targetVersion };
  });
}

function compare(found, target) {
  if (target === undefined) return "indeterminate";
  return found === target ? "exact" : found < target ? "migration-required" : "incompatible";
}

/** One file with everything that stood in its write-ahead log. */
function consolidate(path) {
  const copy = join(mkdtempSync(join(scratch, "database-")), basename(path));
  for (const side of ["", "-wal", "-journal"]) if (existsSync(path + side)) copyFileSync(path + side, copy + side);
  const database = new DatabaseSync(copy);
  database.exec("PRAGMA journal_mode = DELETE");
  database.close();
  return copy;
}
