import { Socket, type SocketConstructorOpts } from "node:net";
import type { Backend } from "./backend.ts";

type Written = (error?: Error | null) => void;

/**
 * A connection to an agent that still listens when it can no longer speak. An agent that refuses an upload answers and closes
 * over the rest of it, which resets the connection: our next write fails while its answer lies ready to be read. An ordinary
 * socket gives up at the failed write, and the answer with it; this one drops what it was to write and reads to the end.
 */
export class PatientSocket extends Socket {
  /** Nothing that was written since has arrived. A close is then no sign that an answer without a length was whole. */
  isCut = false;

  override _write(chunk: unknown, encoding: BufferEncoding, written: Written): void {
    if (this.isCut) written();
    else super._write(chunk, encoding, this.#forgiving(written));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], written: Written): void {
    if (this.isCut || super._writev === undefined) written();
    else super._writev(chunks, this.#forgiving(written));
  }

  #forgiving(written: Written): Written {
    return (error) => {
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
      this.isCut ||= code === "EPIPE" || code === "ECONNRESET";
      written(this.isCut ? undefined : error);
    };
  }
}

/** Connects to an agent. The socket is still ours to write to when the agent has said its last word. */
export function openAgentSocket({ host, port, socketPath }: Backend, options: SocketConstructorOpts = {}): PatientSocket {
  const socket = new PatientSocket({ ...options, allowHalfOpen: true, noDelay: true });
  return socket.connect(socketPath === undefined ? { host, port } : { path: socketPath });
}
