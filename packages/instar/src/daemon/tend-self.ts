import { createHash } from "node:crypto";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { transact } from "../database/open-database.ts";
import { removeTree, writeFileDurably } from "../platform/durable-files.ts";
import { type AgentCode, OWN_CODE_LIMITS, openAgentCode } from "./agent-code.ts";
import { importOwnCode } from "./import-own-code.ts";
import { type Instance, readStanding } from "./instance.ts";
import { findUnpushed, notePushed, readDeployments } from "./read-deployments.ts";

/** A person who approves, and an agent that waits for it, notice no less. */
const TEND_MS = 1_000;
const LATER = 10;
const WITHIN_MS = 900_000;
const TOLD = 20;

/**
 * Keeps the agent's folders: makes them, writes down in `deployments` what became of its changes (`status.json`, and `human_approval_required.flag` while one
 * waits for a person), and brings code-repo up to what runs where nothing stands against it. Runs until it is aborted.
 */
export async function tendSelf(instance: Instance, say: (line: string) => void, until: AbortSignal): Promise<void> {
  const code = openAgentCode(instance);
  if (code === undefined) return;
  let told = "";
  let tried = "";
  let trouble = "";
  let seen = -1;
  for (let looks = 0; !until.aborted; looks += 1) {
    try {
      await code.prepare();
      // What people and the agent say of what ended is no entry, and may be told a little later.
      const newest = instance.journal.newest();
      if (newest !== seen || looks % LATER === 0) {
        told = await tellDeployments(instance, code, told);
        const running = readStanding(instance).running?.commit ?? "";
        // Once for each version: what the agent has changed besides is its own to bring over.
        if (running !== tried && instance.journal.unfinished().length === 0) {
          tried = running;
          await code.alone(() => bringOver(instance, code, say, until));
        }
        await pushCommitted(instance, say, until);
        seen = newest;
      }
      trouble = "";
    } catch (error) {
      until.throwIfAborted();
      // The agent may do anything in there; nothing that it does stops anything else.
      if (!InstarError.is(error)) throw error;
      if (error.message !== trouble) say(`the agent's own folders: ${error.message}`);
      trouble = error.message;
    }
    await instance.rooms.clock.sleep(TEND_MS, until);
  }
}

/** Tried once: a branch that has moved on, or a remote that is away, is for the agent to see and ask again with its next change. */
async function pushCommitted(instance: Instance, say: (line: string) => void, until: AbortSignal): Promise<void> {
  const branch = instance.settings.self?.pushTo;
  for (const { update, commit } of findUnpushed(instance)) {
    if (branch === undefined) continue;
    const words = await instance.rooms.source.push(commit, branch, AbortSignal.any([until, AbortSignal.timeout(WITHIN_MS)])).then(
      () => `pushed to ${branch}`,
      (error: unknown) => {
        until.throwIfAborted();
        if (!InstarError.is(error)) throw error;
        return `not pushed to ${branch}: ${error.message}`;
      },
    );
    transact(instance.database, () => {
      notePushed(instance, update, words);
      instance.ledger.append({
        event: "DEPLOYMENT_PUSHED",
        actor: { type: "system", id: "daemon" },
        update,
        description: `the agent's change ${commit.slice(0, 10)} was ${words}`,
        success: words.startsWith("pushed"),
      });
    });
    say(`the agent's change ${commit.slice(0, 10)} was ${words}`);
  }
}

/** @returns what was told, so that nothing is written where nothing changed */
async function tellDeployments(instance: Instance, { data }: AgentCode, told: string): Promise<string> {
  const deployments = readDeployments(instance, TOLD);
  const text = `${JSON.stringify({ deployments }, null, 2)}\n`;
  if (text === told) return told;
  const waiting = deployments.find(({ needsPerson }) => needsPerson);
  const flag = join(data.deployments, "human_approval_required.flag");
  await writeFileDurably(join(data.deployments, "status.json"), text, 0o644);
  if (waiting === undefined) await removeTree(flag);
  else await writeFileDurably(flag, `${waiting.update}: ${waiting.because}\n`, 0o644);
  return text;
}

/** Writes into code-repo what runs has and it has not. A file that the agent changes meanwhile keeps what the agent wrote. */
async function bringOver(instance: Instance, code: AgentCode, say: (line: string) => void, until: AbortSignal): Promise<void> {
  const { running } = readStanding(instance);
  const base = code.base();
  if (running === null || base === null || base.commit === running.commit) return;
  const signal = AbortSignal.any([until, AbortSignal.timeout(WITHIN_MS)]);
  const { source } = instance.rooms;
  const made = await importOwnCode(instance, code, { base: base.commit, onto: running.commit, message: "what is not deployed yet" }, signal);
  if (made.kind === "conflicted" || made.kind === "unavailable") {
    say(
      `code-repo stays at ${base.version}: ${made.kind === "conflicted" ? `the agent and ${running.version} changed ${made.paths.join(", ")}` : made.because}`,
    );
    return;
  }
  const target = made.kind === "imported" ? made.commit : running.commit;
  for (const { path, from, modeBefore, modeAfter } of await source.diff(made.local, target, signal)) {
    const before = from ?? path;
    const old = isFile(modeBefore) ? await source.readFile(made.local, before, MOST_BYTES) : undefined;
    const expects = old === undefined ? null : digestOf(old);
    // A folder that was made of a commit holds none of its links.
    if ((from !== undefined || !isFile(modeAfter)) && old !== undefined) await code.codeRepo.remove(before, { expects, mostBytes: MOST_BYTES });
    if (!isFile(modeAfter)) continue;
    const bytes = await source.readFile(target, path, MOST_BYTES);
    if (bytes === undefined) throw new InstarError("PACKAGE_REFUSED", `${path} is larger than ${MOST_BYTES} bytes`);
    const choice = { mode: (modeAfter & 0o100) === 0 ? "644" : "755", expects: from === undefined ? expects : null, mostBytes: MOST_BYTES } as const;
    await code.codeRepo.write(path, bytes, choice);
  }
  code.follow({ commit: running.commit, version: running.version });
}

const MOST_BYTES = OWN_CODE_LIMITS.fileBytes;
const isFile = (mode: number) => (mode & 0o170000) === 0o100000;
const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
