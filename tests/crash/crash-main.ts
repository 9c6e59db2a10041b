// Instar's own entry with two things put in first: points at which processes are killed, and an eye on the order in which
// durable writes happen. The product knows nothing of either.
import { flushCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { endWithOwner } from "./end-with-owner.ts";
import { installCrashPoints } from "./install-crash-points.ts";
import { installDurabilityWatch } from "./install-durability-watch.ts";

const FLUSHED_AFTER_MS = 1_500;
const folder = process.env.INSTAR_CRASH_FOLDER;
const data = process.env.INSTAR_CRASH_DATA;
const role = ["keeper", "daemon"].find((name) => process.argv.includes(name));
if (folder !== undefined && data !== undefined && role !== undefined) {
  installDurabilityWatch({ folder, data, role });
  installCrashPoints({ folder, data });
  endWithOwner({ data, owner: Number(process.env.INSTAR_CRASH_OWNER) });
}

// Who is killed never writes down what it compiled, and each start would compile everything anew.
setTimeout(flushCompileCache, FLUSHED_AFTER_MS).unref();

// Only now: what is imported here binds to what was put in.
const { composeCli } = await import("../../packages/instar/src/compose.ts");
const { runCli } = await import("../../packages/instar/src/faces/cli/run-cli.ts");
process.exitCode = await runCli(composeCli(fileURLToPath(import.meta.url)));
