import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { explainFileError, removeTree } from "../platform/durable-files.ts";
import { type AgentFolder, openAgentFolder } from "../self/folders/agent-folder.ts";
import { type AgentData, planAgentData, type SelfSettings } from "../settings/self-settings.ts";
import { type Instance, readStanding } from "./instance.ts";

/** What code-repo may hold, and one file of it: as large as what any source brings. */
export const OWN_CODE_LIMITS = { files: 200_000, bytes: 2 * 1_024 ** 3, fileBytes: 256 * 1_024 ** 2 };

/** The commit that code-repo was made from, where the agent cannot write. */
const BASE = "selfBase";

interface Base {
  readonly commit: string;
  readonly version: string;
}

/** An agent's own code, as its daemon acts in it. */
export interface AgentCode {
  readonly data: AgentData;
  readonly codeRepo: AgentFolder;
  readonly sandbox: AgentFolder;
  /** Null before it was made for the first time. */
  base(): Base | null;
  /** Makes the folders where they are missing, and code-repo of what runs where it was never made. Doing it again does nothing. */
  prepare(): Promise<void>;
  /** Makes code-repo anew of what runs. What it held goes, git's own files too. @throws InstarError CONFLICT before a version stayed, DISK_FULL */
  reset(signal: AbortSignal): Promise<Base>;
  /** Writes down that code-repo now holds what was brought over to this commit. */
  follow(base: Base): void;
  /** Until nobody makes code-repo anew. It waits for nothing else: what reads and writes there is not held up by a remote that somebody else asks. */
  made(): Promise<void>;
  /** Acts while nobody else makes code-repo anew, brings it up to what runs, or makes a commit of it. Not within another such act. */
  alone<T>(act: () => Promise<T>): Promise<T>;
}

/** One for each instance: what changes something in a folder waits for whatever else does. */
const opened = new WeakMap<Instance, AgentCode>();

/** Undefined where instar.yaml does not let the agent change itself. */
export function openAgentCode(instance: Instance): AgentCode | undefined {
  const { self } = instance.settings;
  if (self === undefined) return undefined;
  const code = opened.get(instance) ?? makeAgentCode(instance, self);
  opened.set(instance, code);
  return code;
}

function makeAgentCode(instance: Instance, self: SelfSettings): AgentCode {
  const data = planAgentData(self, instance.rooms.settingsFolder);
  const codeRepo = openAgentFolder({ root: data.codeRepo });
  const sandbox = openAgentFolder({ root: data.sandbox });
  const base = () => instance.facts.read<Base>(BASE) ?? null;
  const follow = (next: Base) => transact(instance.database, () => instance.facts.write(BASE, next));
  let acting: Promise<unknown> = Promise.resolve();
  const alone = <T>(act: () => Promise<T>): Promise<T> => {
    const done = acting.then(act, act);
    acting = done.catch(() => {});
    return done;
  };
  let making: Promise<unknown> = Promise.resolve();
  const make = (signal: AbortSignal): Promise<Base> => {
    const done = makeOfRunning(signal);
    making = done.catch(() => {});
    return done;
  };
  const makeOfRunning = async (signal: AbortSignal): Promise<Base> => {
    const { running } = readStanding(instance);
    if (running === null)
      throw new InstarError("CONFLICT", "no version was watched to its end yet, so there is none to make code-repo of", { transient: true });
    // Until it is whole again it is of nothing: what a crash leaves is made anew, and never taken for the agent's change.
    transact(instance.database, () => instance.facts.remove(BASE));
    await makeAgain(instance, codeRepo, running.commit, signal);
    follow({ commit: running.commit, version: running.version });
    return { commit: running.commit, version: running.version };
  };
  return {
    data,
    codeRepo,
    sandbox,
    base,
    follow,
    alone,
    made: async () => {
      for (let awaited: unknown; awaited !== making; ) {
        awaited = making;
        await awaited;
      }
    },
    reset: (signal) => alone(() => make(signal)),
    prepare: async () => {
      // The group and others may look: the agent may be another user.
      for (const path of [data.root, data.codeRepo, data.sandbox, data.deployments])
        await mkdir(path, { recursive: true, mode: 0o755 }).catch((error: unknown) => {
          throw explainFileError(error, `could not make ${path}`);
        });
      // Looked at again when it is our turn: while somebody makes it anew there is no base, and making it once more would take what the agent has written since.
      const isMissing = () => base() === null && readStanding(instance).running !== null;
      if (isMissing()) await alone(async () => (isMissing() ? make(AbortSignal.timeout(900_000)) : undefined));
    },
  };
}

/** File by file, through a folder that the agent may change at any moment; what it held before goes first. */
async function makeAgain({ folder, rooms }: Instance, codeRepo: AgentFolder, commit: string, signal: AbortSignal): Promise<void> {
  const laid = join(folder, "asked", "code-repo");
  await removeTree(laid);
  try {
    await mkdir(laid, { recursive: true, mode: 0o700 });
    await rooms.source.writeTree(commit, laid, signal);
    await codeRepo.clear();
    for (const { path, kind, mode } of await rooms.source.listTree(commit, signal))
      if (kind === "file")
        await codeRepo.write(path, await readFile(join(laid, path)), { mode: mode === 0o755 ? "755" : "644", mostBytes: OWN_CODE_LIMITS.fileBytes });
  } finally {
    await removeTree(laid);
  }
}
