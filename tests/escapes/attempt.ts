import type { JobResult } from "../../packages/instar/src/platform/run-job.ts";
import type { EscapeWorld } from "./escape-world.ts";

/** One thing that a hostile program tries. What came of it is seen from outside, or by a secret that it could not know. */
export interface Attempt {
  readonly name: string;
  /** What stops it in a sandbox that does. */
  readonly stoppedBy: string;
  readonly program: (world: EscapeWorld) => readonly string[] | Promise<readonly string[]>;
  readonly hasEscaped: (world: EscapeWorld, result: JobResult) => boolean | Promise<boolean>;
  /** Without a sandbox the answer depends on the user or on the machine, so that only real sandboxes are held to theirs. */
  readonly dependsOnMachine?: boolean;
  readonly needsPython?: boolean;
}

export const PYTHON = "/usr/bin/python3";

export const sh = (script: string): readonly string[] => ["/bin/sh", "-c", script];
export const node = (script: string, ...words: readonly (string | number)[]): readonly string[] => [process.execPath, "-e", script, "--", ...words.map(String)];
/** With `call(number, …)`, which gives what the kernel answered, or the error's name. */
export const python = (script: string): readonly string[] => [PYTHON, "-c", `${CALL}${script}`];

const CALL = `
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *words):
    ctypes.set_errno(0)
    answer = libc.syscall(*[ctypes.c_long(word) if isinstance(word, int) else word for word in (number, *words)])
    return answer if answer != -1 else errno.errorcode[ctypes.get_errno()]
def say(answer):
    print("DONE" if isinstance(answer, int) else answer)
`;

export const toldSecret = (world: EscapeWorld, { tail }: JobResult) => tail.includes(world.secret);
export const saidDone = (_world: EscapeWorld, { tail }: JobResult) => /^DONE$/m.test(tail);
