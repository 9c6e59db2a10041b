import { type RawClient, until } from "../front-bench.testing.ts";
import { type Answer, parseAnswer } from "./parse-answer.testing.ts";

/** A client whose every byte a story writes by hand. */
export class CaseClient {
  readonly raw: RawClient;
  #heldBack: string[] | undefined;
  #beforeSecondHalf: (() => Promise<void>) | undefined;

  constructor(raw: RawClient) {
    this.raw = raw;
  }

  /** The first half of what is sent first goes alone; the rest waits until something has happened. */
  splitFirst(between: () => Promise<void>): void {
    this.#beforeSecondHalf = between;
  }

  send(text: string): void {
    if (this.#heldBack !== undefined) return void this.#heldBack.push(text);
    const between = this.#beforeSecondHalf;
    if (between === undefined) {
      this.raw.send(text);
      return;
    }
    this.#beforeSecondHalf = undefined;
    const headEnd = text.indexOf("\r\n\r\n");
    const half = Math.max(1, Math.floor((headEnd === -1 ? text.length : headEnd) / 2));
    this.raw.send(text.slice(0, half));
    this.#heldBack = [text.slice(half)];
    void between().then(() => {
      const rest = this.#heldBack ?? [];
      this.#heldBack = undefined;
      for (const part of rest) this.raw.send(part);
    });
  }

  /** Says that it will send no more, and goes on reading. */
  end(): void {
    this.raw.socket.end();
  }

  reset(): void {
    this.raw.socket.resetAndDestroy();
  }

  sees(text: string): Promise<string> {
    return this.raw.sees(text);
  }

  /** Waits for a whole answer and takes it; the bytes behind it stay. */
  async answer(method = "GET"): Promise<Answer> {
    let seenBytes = -1;
    let parsed: { answer: Answer; rest: string } | undefined;
    await until(() => {
      const { received, hasEnded } = this.raw;
      if (received.length === seenBytes && !hasEnded) return false;
      seenBytes = received.length;
      parsed = parseAnswer(received, { method, hasEnded: hasEnded && !this.raw.wasReset });
      return parsed !== undefined || hasEnded;
    }, "a whole answer");
    if (parsed === undefined) throw new Error(`the connection ended without a whole answer: ${JSON.stringify(this.raw.received.slice(0, 500))}`);
    this.raw.received = parsed.rest;
    return parsed.answer;
  }

  /** Waits for so many bytes and takes them. */
  async takes(sizeBytes: number): Promise<string> {
    await until(() => this.raw.received.length >= sizeBytes || this.raw.hasEnded, `${sizeBytes} bytes at the client`);
    const part = this.raw.received.slice(0, sizeBytes);
    this.raw.received = this.raw.received.slice(sizeBytes);
    return part;
  }

  async isGone(how: "closed" | "reset"): Promise<void> {
    await until(() => this.raw.hasEnded, "the client's connection to end");
    if (this.raw.wasReset !== (how === "reset")) throw new Error(`the client's connection was ${this.raw.wasReset ? "reset" : "ended"}, not ${how}`);
  }
}
