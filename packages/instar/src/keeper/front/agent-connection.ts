import type { Backend } from "./backend.ts";
import { openAgentSocket, type PatientSocket } from "./patient-socket.ts";
import { type AnswerEvents, AnswerReader } from "./read-answer.ts";

/** One request on its way: what it is told of its connection. */
export interface Exchange extends AnswerEvents {
  /** All that came in one piece has been told; the bytes that were lent with it are taken back now. */
  onReadOver(): void;
  /** More of the request's body may be written. */
  onDrain(): void;
  /** The last that is told: answer and request are through, or the connection is gone. Without an error the answer was whole. */
  onOver(error?: Error): void;
}

/** Where a connection goes between two requests. */
export interface ConnectionHome {
  keep(connection: AgentConnection): void;
  /** It ended, if it was kept. */
  lose(connection: AgentConnection): void;
}

const READ_BUFFER_BYTES = 64 * 1024;
/**
 * What every connection reads into: all of it is told, and copied or forgotten, before the next read. A buffer for each read, of
 * which most would be a few hundred bytes full, costs more than the rest of the reading. Windows fills buffers ahead of the reads.
 */
const SHARED_READ_BUFFER = process.platform === "win32" ? undefined : Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** A connection to an agent. It carries one request at a time, and the next one only when nothing is left of the one before. */
export class AgentConnection {
  /** When it was kept; its home's to write and to read. */
  idleSinceMs = 0;
  readonly #home: ConnectionHome;
  readonly #socket: PatientSocket;
  #exchange: Exchange | undefined;
  #reader: AnswerReader | undefined;
  #requests = 0;
  #hasHeard = false;
  #isSent = false;
  #hasExcess = false;
  #isReading = true;

  /** `preamble` goes before everything. */
  constructor(backend: Backend, home: ConnectionHome, preamble?: Buffer) {
    this.#home = home;
    const buffer = SHARED_READ_BUFFER ?? Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    this.#socket = openAgentSocket(backend, { onread: { buffer, callback: (sizeBytes) => this.#receive(buffer.subarray(0, sizeBytes)) } });
    this.#socket.on("end", () => this.#receiveEnd());
    this.#socket.on("drain", () => this.#exchange?.onDrain());
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("the connection closed")));
    if (preamble !== undefined) this.#socket.write(preamble);
  }

  /** It was used before, and nothing came back yet for the request that it carries now: it may have died in between. */
  get isPerhapsStale(): boolean {
    return this.#requests > 1 && !this.#hasHeard;
  }

  /** Sends a head. What is already there of a body goes along with it, at the end of this turn of the event loop. */
  begin(exchange: Exchange, method: string, head: string, hasBody: boolean): void {
    this.#exchange = exchange;
    this.#reader = new AnswerReader(method, exchange);
    this.#requests += 1;
    this.#hasHeard = false;
    this.#isSent = !hasBody;
    if (hasBody) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(head, "latin1");
  }

  /** False asks to wait for onDrain. */
  writeBody(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  writeChunk(bytes: Buffer): boolean {
    this.#socket.cork();
    this.#socket.write(`${bytes.length.toString(16)}\r\n`, "latin1");
    this.#socket.write(bytes);
    const canGoOn = this.#socket.write("\r\n", "latin1");
    this.#socket.uncork();
    return canGoOn;
  }

  /** `last` is what is to follow the body: its last chunk, with trailers, or nothing. */
  endBody(last: string): void {
    const sent = () => {
      this.#isSent = true;
      this.#endIfThrough();
    };
    // An agent that answered early is still owed what lies in the socket's buffer.
    if (last === "" && this.#socket.writableLength === 0) sent();
    else this.#socket.write(last, "latin1", sent);
  }

  /** Reads no further until `resume`: whoever is to get the answer is slower than the agent. */
  pause(): void {
    this.#isReading = false;
  }

  resume(): void {
    this.#isReading = true;
    this.#socket.resume();
  }

  /** Cuts it; nothing is told any more. */
  destroy(): void {
    this.#exchange = undefined;
    this.#reader?.stop();
    this.#socket.destroy();
  }

  /** False stops reading. */
  #receive(bytes: Buffer): boolean {
    const reader = this.#reader;
    if (this.#exchange === undefined || reader === undefined) {
      this.#end(new Error("the agent spoke unasked")); // No request on it: none can have failed.
      return false;
    }
    this.#hasHeard = true;
    try {
      if (reader.read(bytes) < bytes.length) this.#hasExcess = true;
    } catch (error) {
      this.#end(error as Error);
      return false;
    }
    this.#exchange?.onReadOver();
    this.#endIfThrough();
    return this.#isReading;
  }

  #receiveEnd(): void {
    const reader = this.#reader;
    try {
      if (reader?.endsWithConnection === true && this.#socket.isCut) throw new Error("the connection was reset under an answer without a length");
      reader?.end();
    } catch (error) {
      return void this.#end(error as Error);
    }
    this.#end(new Error("the connection closed"));
  }

  #endIfThrough(): void {
    if (this.#exchange === undefined || !this.#isSent || this.#reader?.isOver !== true) return;
    const canServeAgain = this.#reader.isPersistent && !this.#hasExcess && !this.#socket.isCut && this.#isReading && this.#socket.writable;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (canServeAgain) this.#home.keep(this);
    else this.#socket.destroy();
    exchange.onOver();
  }

  /** It can carry nothing any more, with a request on it or without. */
  #end(error: Error): void {
    const exchange = this.#exchange;
    const isAnswered = this.#reader?.isOver === true;
    this.destroy();
    if (exchange === undefined) this.#home.lose(this);
    else exchange.onOver(isAnswered ? undefined : error);
  }
}
