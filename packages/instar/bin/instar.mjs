#!/usr/bin/env node
// The program's entry on any Node >= 20: finds a Node that can run Instar, then becomes it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNode, operatorPath } from "./ensure-node.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "..", "src", "main.ts");
const program = existsSync(source) ? source : join(here, "..", "dist", "main.js");
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");

try {
  const node = ensureNode(join(cache, "instar", "node"), (line) => process.stderr.write(`instar: ${line}\n`));
  process.env.INSTAR_OPERATOR_PATH ??= operatorPath();
  if (node === process.execPath) {
    await import(program);
  } else {
    const child = spawn(node, ["--disable-warning=ExperimentalWarning", program, ...process.argv.slice(2)], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("exit", (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
  }
} catch (error) {
  process.stderr.write(`instar: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
