// argv → face. Everything that is built, compose.ts builds.
import { composeCli } from "./compose.ts";
import { runCli } from "./faces/cli/run-cli.ts";

process.exitCode = await runCli(composeCli());
