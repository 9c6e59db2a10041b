import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Pipe {
  readonly reader: Socket;
  /** For a child's stdio; to be closed here once the child has it, or the reader never sees the end. */
  readonly writer: number;
}

/**
 * A real pipe. What Node calls a pipe is a socket, and programs that open /dev/stdout or /dev/stderr cannot open a socket. The
 * folder holds its name for a moment; a crash leaves an empty `.pipe-` there.
 */
export async function openPipe(folder: string): Promise<Pipe> {
  const path = join(folder, `.pipe-${randomBytes(6).toString("hex")}`);
  await run("mkfifo", ["-m", "600", path], { env: { PATH: "/usr/bin:/bin" } });
  try {
    // The reader first and without waiting: either end, opened alone, waits for the other.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const writer = openSync(path, constants.O_WRONLY);
      return { reader: new Socket({ fd: reader, readable: true, writable: false }), writer };
    } catch (error) {
      closeSync(reader);
      throw error;
    }
  } finally {
    await rm(path, { force: true });
  }
}
