import { createServer, type Server, type Socket } from "node:net";
import { until } from "../front-bench.testing.ts";
import type { Backend } from "../lane.ts";

/**
 * An agent whose every byte a story writes by hand. What the front sends it is queued by connection and taken by the story;
 * what nobody took is left over, and a case that leaves something over has let an agent see what it should not.
 */
export class CaseAgent {
  readonly backend: Backend;
  /** The first line of each request that came, in order. */
  readonly arrivals: string[] = [];
  markersAnswered = 0;
  readonly #server: Server;
  readonly #lines = new Set<AgentLine>();

  private constructor(server: Server, backend: Backend) {
    this.#server = server;
    this.backend = backend;
    server.on("connection", (socket) => {
      const line = new AgentLine(socket, (head) => this.#hear(line, head));
      this.#lines.add(line);
    });
  }

  static async start(slot: string, release: string): Promise<CaseAgent> {
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return new CaseAgent(server, { slot, release, host: "127.0.0.1", port });
  }

  /** The next request that nobody took yet: its head is there, its body is to be taken from the line. */
  async asked(containing = ""): Promise<AgentLine> {
    let line: AgentLine | undefined;
    await until(() => {
      line = this.takeAsked(containing);
      return line !== undefined;
    }, `${this.backend.release} to be asked ${containing}`);
    if (line === undefined) throw new Error("unreachable");
    return line;
  }

  takeAsked(containing = ""): AgentLine | undefined {
    for (const line of this.#lines) {
      if (line.isUntaken && line.head.includes(containing)) {
        line.isUntaken = false;
        return line;
      }
    }
    return undefined;
  }

  /** Everything that came and that no story took. */
  leftOver(): string {
    return [...this.#lines].map((line) => (line.isUntaken ? line.head : "") + line.pending).join("");
  }

  async stopListening(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  close(): void {
    this.#server.close();
    for (const line of this.#lines) line.socket.destroy();
  }

  #hear(line: AgentLine, head: string): void {
    // Ports are used again: somebody who looks for an earlier server may find this one.
    if (line.requests === 1 && !/^x-forwarded-for: /im.test(head)) {
      this.#lines.delete(line);
      line.socket.destroy();
      return;
    }
    const [firstLine = ""] = head.split("\r\n");
    this.arrivals.push(firstLine);
    if (!firstLine.includes(" /marker/")) {
      line.isUntaken = true;
      return;
    }
    this.markersAnswered += 1;
    line.finish(`HTTP/1.1 204 No Content\r\nX-Release: ${this.backend.release}\r\n\r\n`);
  }
}

/** One connection of the front to an agent, from the agent's side. */
export class AgentLine {
  readonly socket: Socket;
  /** Of the request that is under way. */
  head = "";
  isUntaken = false;
  /** What came and was not taken yet, one character a byte. */
  pending = "";
  /** The front will send no more. */
  hasEnded = false;
  isClosed = false;
  wasReset = false;
  /** How many requests came on this connection. */
  requests = 0;
  #isBusy = false;
  #chunkLeft = 0;
  readonly #onHead: (head: string) => void;

  constructor(socket: Socket, onHead: (head: string) => void) {
    this.socket = socket;
    this.#onHead = onHead;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.wasReset ||= error.code === "ECONNRESET";
    });
    socket.on("data", (chunk) => {
      this.pending += chunk.toString("latin1");
      this.#lookForHead();
    });
    socket.on("end", () => {
      this.hasEnded = true;
      if (!this.#isBusy) socket.end(); // A pooled connection that the front has no more use for.
    });
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  /** The header lines as they came, without those that speak of the connection or are the front's own. */
  ownLines(): string[] {
    return this.head
      .split("\r\n")
      .slice(1)
      .filter((line) => line !== "" && !/^(?:connection|x-forwarded-\w+|transfer-encoding|te):/i.test(line));
  }

  async takes(sizeBytes: number): Promise<string> {
    await this.#waits(() => this.pending.length >= sizeBytes, `${sizeBytes} bytes`);
    return this.#cut(sizeBytes);
  }

  async takesThrough(text: string): Promise<string> {
    await this.#waits(() => this.pending.includes(text), JSON.stringify(text));
    return this.#cut(this.pending.indexOf(text) + text.length);
  }

  /** So many bytes of a chunked body, however they were cut into chunks on the way. */
  async takesChunked(sizeBytes: number): Promise<string> {
    const parts: string[] = [];
    for (let left = sizeBytes; left > 0; ) {
      if (this.#chunkLeft === 0) {
        this.#chunkLeft = Number.parseInt(await this.takesThrough("\r\n"), 16);
        if (!(this.#chunkLeft > 0)) throw new Error(`the body ended ${left} bytes too early`);
      }
      await this.#waits(() => this.pending.length > 0, "more of a chunk");
      const part = this.#cut(Math.min(left, this.#chunkLeft, this.pending.length));
      parts.push(part);
      left -= part.length;
      this.#chunkLeft -= part.length;
      if (this.#chunkLeft === 0 && (await this.takes(2)) !== "\r\n") throw new Error("a chunk does not end where it said");
    }
    return parts.join("");
  }

  /** The end of a chunked body; gives its trailer lines. */
  async takesLastChunk(): Promise<string[]> {
    const size = await this.takesThrough("\r\n");
    if (size !== "0\r\n") throw new Error(`not the last chunk: ${size}`);
    const trailers: string[] = [];
    for (;;) {
      const line = await this.takesThrough("\r\n");
      if (line === "\r\n") return trailers;
      trailers.push(line.slice(0, -2));
    }
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** The last of an answer: what comes now on this connection is another request. */
  finish(text: string): void {
    this.#isBusy = false;
    this.head = "";
    this.send(text);
    this.#lookForHead();
  }

  end(text = ""): void {
    this.socket.end(text, "latin1");
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Waits until the front has let go of this connection; gives what came until then and was not taken. */
  async isLetGo(): Promise<string> {
    await until(() => this.hasEnded || this.isClosed, "the front to let go of a connection");
    this.socket.end();
    return this.#cut(this.pending.length);
  }

  async #waits(condition: () => boolean, what: string): Promise<void> {
    await until(() => condition() || this.hasEnded || this.isClosed, `${what} from the front`);
    if (!condition()) throw new Error(`the front ended its connection before ${what} came: ${JSON.stringify(this.pending.slice(0, 200))}`);
  }

  #cut(sizeBytes: number): string {
    const part = this.pending.slice(0, sizeBytes);
    this.pending = this.pending.slice(sizeBytes);
    return part;
  }

  #lookForHead(): void {
    const end = this.#isBusy ? -1 : this.pending.indexOf("\r\n\r\n");
    if (end === -1) return;
    this.#isBusy = true;
    this.requests += 1;
    this.head = this.#cut(end + 4);
    this.#onHead(this.head);
  }
}
