import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { removeTree } from "../platform/durable-files.ts";

export interface WardenSocket {
  /** Holds the socket and nothing else. A sandbox shows it to its program, which then dials `door` in it. */
  readonly folder: string;
  /** Ends the listening, not the connections. May be called twice. */
  close(): Promise<void>;
}

/** Of sun_path, unix(7) and BSD; the shorter of the two. */
const LONGEST_PATH_BYTES = 103;

/**
 * Has a server listen on a unix socket in a folder of its own, beside the job's scratch folder: one that the job may dial and not replace. A crash
 * leaves the folder there, with a socket that nobody listens on.
 *
 * @throws InstarError SANDBOX_FAILED
 */
export async function openWardenSocket(server: Server, scratch: string): Promise<WardenSocket> {
  let folder: string;
  try {
    folder = await mkdtemp(join(dirname(scratch), "door-"));
  } catch (cause) {
    throw new InstarError("SANDBOX_FAILED", "no folder could be made for the way into the sandbox", { cause, facts: { scratch } });
  }
  const handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    server.close();
    // Node removes the socket by the name that it was given, so the handle stays until then.
    closeSync(handle);
    await removeTree(folder);
  };
  try {
    await listen(server, shorten(join(folder, "door"), handle));
  } catch (cause) {
    await close();
    throw new InstarError("SANDBOX_FAILED", "no socket could be opened for the way into the sandbox", {
      cause,
      facts: { folder },
      advice: "The path of Instar's data folder may be too long: INSTAR_DATA moves it.",
    });
  }
  return { folder, close };
}

/** Linux finds the folder by its handle, however long its path is. */
function shorten(path: string, handle: number): string {
  return process.platform === "linux" && Buffer.byteLength(path) > LONGEST_PATH_BYTES ? `/proc/self/fd/${handle}/door` : path;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
