import { type AnswerHead, AnswerHeadLines } from "./answer-head.ts";
import { MalformedAnswer, parseChunkLine, parseFieldLine } from "./parse-answer-line.ts";
import type { RawHeaders } from "./rewrite-headers.ts";

/** Who is told of an answer as it comes. */
export interface AnswerEvents {
  /** An interim answer such as 100 or 103; another answer follows. */
  onInterim(head: AnswerHead): void;
  /** The answer itself, or 101: then what follows it is another protocol, and nothing else is told. */
  onHead(head: AnswerHead): void;
  /** A piece of the body. The bytes are only lent: they may change once `read` has returned. */
  onBody(bytes: Buffer): void;
  onEnd(rawTrailers: RawHeaders): void;
}

/** Of one head, and of one answer's trailers. As large as many cookies make it: an agent is believed more than clients are. */
const HEAD_MAX_BYTES = 256 * 1024;
/** Of all chunk extensions of one answer: they mean nothing to anybody. */
const EXTENSIONS_MAX_BYTES = 16 * 1024;
/** The digits of a chunk's size and its line end. */
const CHUNK_LINE_BYTES = 18;

const FRAMING = /^(?:content-length|transfer-encoding)$/i;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads one answer out of the bytes of a connection, in whatever pieces they come. Strict: of what RFC 9112 lets a client forgive
 * (§2.2 bare line feeds, §5.2 folded lines, §6.3 repeated lengths) nothing is forgiven, for what two readers can read in two ways
 * is how an answer is smuggled inside another. `read` and `end` throw MalformedAnswer; nothing more may be read after that.
 */
export class AnswerReader {
  readonly #method: string;
  readonly #events: AnswerEvents;
  #state: "head" | "length" | "close" | "chunk size" | "chunk" | "chunk end" | "trailers" | "over" = "head";
  #lines: AnswerHeadLines;
  #isPersistent = false;
  #trailers: string[] = [];
  /** The beginning of a line whose end has not come yet. */
  #begun = "";
  /** Of the lines that are being read, how many bytes may still come. */
  #allowedBytes = HEAD_MAX_BYTES;
  /** Of the body, or of its chunk. */
  #leftBytes = 0;

  constructor(method: string, events: AnswerEvents) {
    this.#method = method;
    this.#events = events;
    this.#lines = new AnswerHeadLines(method);
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Whether the connection may carry another request, now that the answer is over. */
  get isPersistent(): boolean {
    return this.#isPersistent;
  }

  /** What is being read now is whole when the connection ends, and not before. */
  get endsWithConnection(): boolean {
    return this.#state === "close";
  }

  /** Gives how many of the bytes belong to the answer: fewer than came only where it is over. */
  read(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#state !== "over") {
      const isBody = this.#state === "length" || this.#state === "chunk" || this.#state === "close";
      at = isBody ? this.#readBody(bytes, at) : this.#readLine(bytes, at);
    }
    return at;
  }

  /** The connection has ended: the end of an answer without a length; every other one is only half there. */
  end(): void {
    if (this.#state === "close") this.#finish();
    else if (this.#state !== "over") throw new MalformedAnswer(this.#state === "head" ? "the connection closed without an answer" : "the answer broke off");
  }

  /** Tells nothing more. */
  stop(): void {
    this.#state = "over";
    this.#isPersistent = false;
  }

  #readBody(bytes: Buffer, at: number): number {
    const state = this.#state;
    const end = state === "close" ? bytes.length : Math.min(bytes.length, at + this.#leftBytes);
    this.#leftBytes -= end - at;
    this.#events.onBody(end - at === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#state !== state || state === "close" || this.#leftBytes > 0) return end;
    if (state === "chunk") this.#state = "chunk end";
    else this.#finish();
    return end;
  }

  #readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LF, at);
    const stop = end === -1 ? bytes.length : end;
    const piece = bytes.toString("latin1", at, stop);
    const text = this.#begun === "" ? piece : this.#begun + piece;
    if (text.length > this.#allowedBytes) throw new MalformedAnswer("the answer's head is too large");
    if (end === -1) {
      this.#assertCanGoOn(text);
      this.#begun = text;
      return stop;
    }
    this.#begun = "";
    if (text.charCodeAt(text.length - 1) !== CR) throw new MalformedAnswer("a line of the answer ends with a bare line feed");
    this.#takeLine(text.slice(0, -1));
    return end + 1;
  }

  /** Whoever speaks no HTTP, or counts its chunks wrong, may wait for us now: that must not be a wait for ever. */
  #assertCanGoOn(begun: string): void {
    const isFirst = this.#state === "head" && !this.#lines.hasBegun;
    if (isFirst && !"HTTP/1.".startsWith(begun.slice(0, "HTTP/1.".length))) throw new MalformedAnswer("the answer does not begin as HTTP/1.x");
    if (this.#state === "chunk end" && begun !== "\r") throw new MalformedAnswer("a chunk is longer than its size");
    if (this.#state === "chunk size" && begun.length <= CHUNK_LINE_BYTES && !/^[\da-f]+(?:\r|;|$)/i.test(begun))
      throw new MalformedAnswer("a chunk has no size");
  }

  #takeLine(line: string): void {
    switch (this.#state) {
      case "head": {
        this.#allowedBytes -= line.length + 2;
        const head = this.#lines.add(line);
        if (head !== undefined) this.#endHead(head);
        return;
      }
      case "chunk size": {
        const extensions = line.indexOf(";");
        if (extensions !== -1) this.#allowedBytes -= line.length - extensions;
        this.#leftBytes = parseChunkLine(line);
        this.#state = this.#leftBytes > 0 ? "chunk" : "trailers";
        if (this.#leftBytes === 0) this.#allowedBytes = HEAD_MAX_BYTES;
        return;
      }
      case "chunk end":
        if (line !== "") throw new MalformedAnswer("a chunk is longer than its size");
        this.#state = "chunk size";
        return;
      case "trailers":
        this.#allowedBytes -= line.length + 2;
        if (line === "") return void this.#finish();
        parseFieldLine(line, this.#trailers);
        if (FRAMING.test(this.#trailers.at(-2) ?? "")) throw new MalformedAnswer("a trailer speaks about the length of what is over");
    }
  }

  #endHead(head: AnswerHead): void {
    if (head.statusCode < 200 && head.statusCode !== 101) {
      this.#lines = new AnswerHeadLines(this.#method);
      this.#allowedBytes = HEAD_MAX_BYTES;
      return void this.#events.onInterim(head);
    }
    this.#isPersistent = head.isPersistent;
    const state = typeof head.body === "number" ? "length" : head.body === "close" ? "close" : "chunk size";
    this.#state = head.statusCode === 101 ? "over" : state;
    this.#leftBytes = typeof head.body === "number" ? head.body : 0;
    this.#allowedBytes = EXTENSIONS_MAX_BYTES + CHUNK_LINE_BYTES;
    this.#events.onHead(head);
    if (this.#state === "length" && this.#leftBytes === 0) this.#finish();
  }

  #finish(): void {
    this.#state = "over";
    this.#events.onEnd(this.#trailers);
  }
}
