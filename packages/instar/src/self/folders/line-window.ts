const NEWLINE = 10;

export interface WindowBounds {
  /** The first is 1. */
  readonly fromLine: number;
  /** Undefined: all that follow. */
  readonly lines: number | undefined;
  readonly maxBytes: number;
}

/** Keeps some lines of what passes chunk by chunk, in memory that is bounded from the start. */
export class LineWindow {
  readonly #kept: Buffer;
  readonly #from: number;
  readonly #until: number;
  #line = 1;
  #size = 0;
  #isCut = false;

  constructor({ fromLine, lines, maxBytes }: WindowBounds) {
    this.#kept = Buffer.allocUnsafe(maxBytes);
    this.#from = fromLine;
    this.#until = lines === undefined ? Number.POSITIVE_INFINITY : fromLine + lines;
  }

  take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#line < this.#until) {
      const isEndless = this.#line >= this.#from && this.#until === Number.POSITIVE_INFINITY;
      const newline = isEndless ? -1 : chunk.indexOf(NEWLINE, at);
      const end = newline === -1 ? chunk.length : newline + 1;
      if (this.#line >= this.#from) this.#keep(chunk.subarray(at, end));
      if (newline !== -1) this.#line += 1;
      at = end;
    }
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** Null where it is not UTF-8 text, or has a NUL. A letter that `maxBytes` cut in two is left out. */
  readText(): string | null {
    const bytes = this.#kept.subarray(0, this.#size);
    if (bytes.includes(0)) return null;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: this.#isCut });
    } catch {
      return null;
    }
  }

  #keep(bytes: Buffer): void {
    const room = this.#kept.length - this.#size;
    if (bytes.length > room) this.#isCut = true;
    this.#size += bytes.copy(this.#kept, this.#size, 0, Math.min(bytes.length, room));
  }
}
