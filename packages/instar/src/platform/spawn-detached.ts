import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { Writable } from "node:stream";
import { InstarError } from "@instar/protocol";
import { type ProcessIdentity, readProcessIdentity } from "./process-identity.ts";

export interface DetachedProgram {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All that it gets. The shell that waits at the gate may add PWD, and bash also SHLVL and `_`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Files, never pipes: the program must outlive its starter. Appended to, created 0600; both may be the same. */
  readonly stdoutPath: string;
  readonly stderrPath: string;
  /** Records the identity durably. The program starts only after this has resolved; when it rejects, never. */
  readonly beforeGo: (identity: ProcessIdentity) => Promise<void>;
  /** How it ended: called only while this process lives. 126 and 127 mean that it could not be executed; the log says why. */
  readonly onExit?: (exit: { readonly status: number | null; readonly signal: NodeJS.Signals | null }) => void;
  readonly uid?: number;
  readonly gid?: number;
}

/** Waits for one word on descriptor 3. The end of that pipe instead means that the starter died before it could record us. */
const GATE = 'IFS= read -r go <&3 && [ "$go" = go ] && exec 3<&- && exec "$@"';

/**
 * Starts a program in a session of its own, which lives on when this process ends. The identity is recorded before the program's
 * first instruction: if this process is killed earlier, the gate sees its pipe close and ends, so no unrecorded program
 * can exist. On Windows there is no gate: a kill between the start and the record leaves a program nobody knows of.
 *
 * @throws InstarError PLATFORM_FAILED; or whatever `beforeGo` threw
 */
export async function spawnDetached(program: DetachedProgram): Promise<ProcessIdentity> {
  const child = startAtGate(program);
  child.once("exit", (status, signal) => program.onExit?.({ status, signal }));
  const identity = await identityOf(child, program);
  try {
    await program.beforeGo(identity);
  } catch (error) {
    await turnAway(child);
    throw error;
  }
  // Killed here: recorded, and ended at the gate. Killed after the next line: recorded, and running.
  await openGate(child);
  child.unref();
  return identity;
}

function startAtGate(program: DetachedProgram): ChildProcess {
  const [file, ...rest] = process.platform === "win32" ? program.argv : ["/bin/sh", "-c", GATE, "sh", ...program.argv];
  if (file === undefined || program.argv.length === 0) throw new InstarError("INPUT_INVALID", "There is no program to start");
  const stdout = openSync(program.stdoutPath, "a", 0o600);
  const stderr = program.stderrPath === program.stdoutPath ? stdout : openSync(program.stderrPath, "a", 0o600);
  try {
    return spawn(file, rest, {
      cwd: program.cwd,
      env: { ...program.environment },
      detached: true,
      windowsHide: true,
      stdio: ["ignore", stdout, stderr, process.platform === "win32" ? "ignore" : "pipe"],
      ...(program.uid === undefined ? {} : { uid: program.uid }),
      ...(program.gid === undefined ? {} : { gid: program.gid }),
    });
  } finally {
    closeSync(stdout);
    if (stderr !== stdout) closeSync(stderr);
  }
}

/** Pid and start time stay the same when the gate becomes the program. */
async function identityOf(child: ChildProcess, program: DetachedProgram): Promise<ProcessIdentity> {
  const failed = new InstarError("PLATFORM_FAILED", `${program.argv[0]} could not be started`, { facts: { cwd: program.cwd } });
  if (child.pid === undefined) {
    const [cause] = await once(child, "error");
    throw new InstarError(failed.code, failed.message, { cause, facts: failed.facts });
  }
  const identity = await readProcessIdentity(child.pid);
  if (identity === undefined) throw failed;
  return identity;
}

async function turnAway(child: ChildProcess): Promise<void> {
  if (process.platform === "win32") child.kill();
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
  gateOf(child)?.destroy();
  await ended;
}

async function openGate(child: ChildProcess): Promise<void> {
  const gate = gateOf(child);
  if (gate === undefined) return;
  // A program killed at the gate is a program that ended: whoever watches it will see that.
  gate.on("error", () => {});
  await new Promise<void>((resolve) => gate.end("go\n", () => resolve()).once("close", resolve));
  gate.destroy();
}

function gateOf(child: ChildProcess): Writable | undefined {
  return (child.stdio[3] as Writable | null | undefined) ?? undefined;
}
