// Starts the OpenClaw that this folder's package-lock.json pins. Written by `instar init --preset openclaw`; part of the agent, to be committed.
//
// A newer OpenClaw starts on an older agent database, says that it is ready, and has no sessions: that database is migrated by its Doctor only.
// So Doctor runs first, once, where a database is older than this version. It also makes the shared database newer, which the start would do anyway.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";

const home = join(dirname(fileURLToPath(import.meta.url)), "node_modules", "openclaw");
const program = join(home, "openclaw.mjs");
const { OPENCLAW_STATE_DIR: state, OPENCLAW_GATEWAY_PORT: port } = process.env;
if (!state || !port) {
  process.stderr.write("OPENCLAW_STATE_DIR and OPENCLAW_GATEWAY_PORT say where its state is and at which port it listens; Instar sets both\n");
  process.exit(64);
}

if (needsDoctor()) {
  const { status } = spawnSync(process.execPath, [program, "doctor", "--non-interactive"], { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}
// The same process goes on as the gateway: whoever started this one knows its pid.
process.execve(process.execPath, [process.execPath, program, "gateway", "run", "--port", port], process.env);

function needsDoctor() {
  const { state: ofState, agent: ofAgents } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")).openclaw?.schemaVersions ?? {};
  const shared = join(state, "state", "openclaw.sqlite");
  return (
    (existsSync(shared) && isOlder(shared, ofState)) || globSync("agents/*/agent/*.sqlite", { cwd: state }).some((path) => isOlder(join(state, path), ofAgents))
  );
}

function isOlder(path, than) {
  const database = new DatabaseSync(path, { readOnly: true });
  const version = database.prepare("PRAGMA user_version").get().user_version;
  database.close();
  return than !== undefined && version < than;
}
