// Writes the record anew, from a real endpoint: node tests/e2e/recorded-model/record.ts --url http://127.0.0.1:11434/v1 --name qwen2.5-coder:7b
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const answers = fileURLToPath(new URL("answers", import.meta.url));
const { url, name } = parseArgs({ options: { url: { type: "string" }, name: { type: "string" } } }).values;
if (url === undefined || name === undefined) {
  process.stderr.write("--url and --name say which model answers; MODEL_KEY is its key\n");
  process.exit(2);
}
const making = `${answers}.new`;
rmSync(making, { recursive: true, force: true });
mkdirSync(making);
const { status } = spawnSync(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run", "tests/e2e/self-improving.test.ts"], {
  cwd: root,
  env: { ...process.env, RECORD_MODEL_URL: url, RECORD_MODEL_NAME: name, RECORD_MODEL_KEY: process.env.MODEL_KEY },
  stdio: "inherit",
});
// Only a record that the test passed with takes the place of the old one.
if (status === 0) rmSync(answers, { recursive: true, force: true });
if (status === 0) renameSync(making, answers);
else rmSync(making, { recursive: true });
process.exitCode = status ?? 1;
