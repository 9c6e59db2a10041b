// argv → face. Everything that is built, compose.ts builds.
import { fileURLToPath } from "node:url";
import { composeCli } from "./compose.ts";
import { runCli } from "./faces/cli/run-cli.ts";

process.exitCode = await runCli(composeCli(fileURLToPath(import.meta.url)));
