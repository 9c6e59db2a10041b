import { access, constants } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { makePrivateFolder, writeFileDurably } from "../platform/durable-files.ts";
import { sweepLaunches } from "./open-launch-status.ts";
import { planMadeUpFiles } from "./plan-made-up-files.ts";
import { planProgramFolders } from "./plan-program-folders.ts";
import { readPresent, readProgramFolders, readSystemLayout, type SystemLayout } from "./read-system-layout.ts";
import { compileFilter } from "./seccomp/compile-filter.ts";
import type { FilteredProgram } from "./seccomp/plan-denied-calls.ts";

/** Looked for where the system keeps its own, never on a PATH that a job or an agent may have shaped. */
export const BUBBLEWRAP_PLACES = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"];

export async function findBubblewrap(places: readonly string[] = BUBBLEWRAP_PLACES): Promise<string | undefined> {
  for (const path of places) if (await canExecute(path)) return path;
  return undefined;
}

async function canExecute(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What is the same for every program in bubblewrap on this machine. */
export interface PreparedBubblewrap {
  readonly layout: SystemLayout;
  readonly madeUp: readonly { readonly path: string; readonly source: string }[];
  /** Undefined where there is no filter for this processor. */
  readonly filterPath: string | undefined;
  /** The same for the agent itself, rehearsed or in its slot. */
  readonly agentFilterPath: string | undefined;
}

/** Writes the made-up files and the filter into a private folder, where they must stay while programs are started. @throws InstarError DISK_FULL, PLATFORM_FAILED */
export async function prepareBubblewrap(folder: string): Promise<PreparedBubblewrap> {
  await makePrivateFolder(folder);
  await sweepLaunches(folder);
  const { uid, gid } = userInfo();
  const files = planMadeUpFiles({ uid, gid });
  for (const { name, text } of files) await writeFileDurably(join(folder, name), text);
  const madeUp = files.map(({ name, path }) => ({ path, source: join(folder, name) }));
  const [filterPath, agentFilterPath] = [await writeFilter(folder, "job"), await writeFilter(folder, "agent")];
  return { layout: await readSystemLayout(), madeUp, filterPath, agentFilterPath };
}

async function writeFilter(folder: string, program: FilteredProgram): Promise<string | undefined> {
  const filter = compileFilter(program);
  if (filter === undefined) return undefined;
  const path = join(folder, program === "job" ? "system-calls.bpf" : "system-calls-agent.bpf");
  await writeFileDurably(path, filter);
  return path;
}

/** The folders that the programs of a PATH need beside the system's own. @param hidden what none of them may contain */
export async function readProgramPaths(options: {
  readonly path: string;
  readonly layout: SystemLayout;
  readonly hidden: readonly string[];
}): Promise<string[]> {
  const planned = planProgramFolders({
    folders: await readProgramFolders(options.path),
    system: options.layout.roots.map(({ path }) => path),
    homes: ["/root", "/home", homedir(), userInfo().homedir],
    hidden: options.hidden,
  });
  return readPresent(planned);
}
