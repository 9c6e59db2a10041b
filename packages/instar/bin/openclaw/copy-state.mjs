// `node copy-state.mjs <folder>`, in the serving release's folder and environment: a quiet copy of OpenClaw's state in that folder, by OpenClaw's own backup
// and restore, while it runs. Its databases are of one moment, compacted and verified. Left out, as OpenClaw does: temporary files, caches, and what
// plugins installed from npm; its own restore says how to bring those back. Plain JavaScript without dependencies: it runs on the agent's Node.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [copy] = process.argv.slice(2);
if (copy === undefined) fail(64, "which folder shall the copy go to?");
const state = process.env.OPENCLAW_STATE_DIR;
if (!state) fail(64, "OPENCLAW_STATE_DIR does not say where the state is");

const scratch = mkdtempSync(join(tmpdir(), "openclaw-copy-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const archives = join(scratch, "archives");
mkdirSync(archives, { mode: 0o700 });
const { archivePath } = ask("backup", "create", "--output", archives, "--verify", "--json");
const restored = join(scratch, "restored");
const { archiveRoot } = ask("backup", "restore", archivePath, "--target", restored, "--json");
const { assets } = JSON.parse(readFileSync(join(restored, archiveRoot, "manifest.json"), "utf8"));
const asset = assets.find(({ kind, sourcePath }) => kind === "state" && resolve(sourcePath) === resolve(state));
if (asset === undefined) fail(1, `its backup holds no state of ${state}`);
cpSync(join(restored, asset.archivePath), copy, { recursive: true, verbatimSymlinks: true });

function ask(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join("node_modules", "openclaw", "openclaw.mjs"), ...words], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (status !== 0) fail(1, `openclaw ${words.slice(0, 2).join(" ")} exited with ${status}: ${(stderr || stdout || "").trim().slice(-500)}`);
  return JSON.parse(stdout.slice(stdout.indexOf("{")));
}

function fail(status, because) {
  process.stderr.write(`${because}\n`);
  process.exit(status);
}
