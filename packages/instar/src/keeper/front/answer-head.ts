import { MalformedAnswer, parseContentLength, parseFieldLine, parseStatusLine } from "./parse-answer-line.ts";

/** The head of an answer as it stood on the wire; the names are those of node:http's messages. */
export interface AnswerHead {
  readonly statusCode: number;
  readonly statusMessage: string;
  /** Name, value, name, value. Case, order and duplicates are kept; latin1, one character a byte. */
  readonly rawHeaders: readonly string[];
  readonly body: BodyFraming;
  readonly hasContentLength: boolean;
  /** Whether the connection may carry another request afterwards. */
  readonly isPersistent: boolean;
}

/** How a reader knows where the body ends (RFC 9112 §6.3); a number of bytes, or "close": with the connection. */
export type BodyFraming = number | "chunked" | "close";

/** Puts a head together, line by line. Throws MalformedAnswer where two readers could see two different bodies in it. */
export class AnswerHeadLines {
  readonly #isToHead: boolean;
  readonly #rawHeaders: string[] = [];
  #status: ReturnType<typeof parseStatusLine> | undefined;
  #contentLength: number | undefined;
  #isChunked = false;
  #isClosing = false;
  #isKeptBriefly = false;

  constructor(method: string) {
    this.#isToHead = method === "HEAD";
  }

  get hasBegun(): boolean {
    return this.#status !== undefined;
  }

  /** Gives the head when the line was its last. */
  add(line: string): AnswerHead | undefined {
    if (this.#status === undefined) this.#status = parseStatusLine(line);
    else if (line === "") return this.#end(this.#status);
    else {
      parseFieldLine(line, this.#rawHeaders);
      this.#note(this.#rawHeaders.at(-2) ?? "", this.#rawHeaders.at(-1) ?? "");
    }
    return undefined;
  }

  /** What a field says about the end of the body and of the connection. Most names have another length, and are not looked at. */
  #note(name: string, value: string): void {
    switch (name.length) {
      case "content-length".length:
        if (name.toLowerCase() !== "content-length") return;
        if (this.#contentLength !== undefined) throw new MalformedAnswer("the answer has two lengths");
        this.#contentLength = parseContentLength(value);
        return;
      case "transfer-encoding".length:
        if (name.toLowerCase() !== "transfer-encoding") return;
        if (this.#isChunked || value.toLowerCase() !== "chunked") throw new MalformedAnswer(`the answer is coded as ${value}`);
        this.#isChunked = true;
        return;
      case "connection".length: // and "keep-alive".length
        if (value === "keep-alive") return;
        if (name.toLowerCase() === "connection") this.#isClosing ||= /(?:^|[\t ,])close(?:[\t ,]|$)/i.test(value);
        // Kept for a second or less, the connection would close under the next request.
        else if (name.toLowerCase() === "keep-alive") this.#isKeptBriefly ||= /(?:^|[\t ,;])timeout\s*=\s*"?0*[01](?!\d)/i.test(value);
    }
  }

  #end({ minor, statusCode, statusMessage }: ReturnType<typeof parseStatusLine>): AnswerHead {
    if (this.#isChunked && this.#contentLength !== undefined) throw new MalformedAnswer("the answer has a length and chunks");
    const isInterim = statusCode < 200;
    const isLast = minor === 0 || this.#isClosing;
    // RFC 9110 §8.6, RFC 9112 §6.1: neither belongs there, and some would look for a body.
    if (isInterim && (this.#isChunked || (this.#contentLength ?? 0) > 0)) throw new MalformedAnswer("an interim answer has a body");
    if (isInterim && statusCode !== 101 && isLast) throw new MalformedAnswer("an interim answer says that nothing follows it");
    const hasNone = isInterim || statusCode === 204 || statusCode === 304 || this.#isToHead;
    const body = hasNone ? 0 : this.#isChunked ? "chunked" : (this.#contentLength ?? "close");
    return {
      statusCode,
      statusMessage,
      rawHeaders: this.#rawHeaders,
      body,
      hasContentLength: this.#contentLength !== undefined,
      // One of HTTP/1.0 might keep its connection too, if asked in the old way; it is not asked.
      isPersistent: !isLast && !this.#isKeptBriefly && statusCode !== 101 && body !== "close",
    };
  }
}
