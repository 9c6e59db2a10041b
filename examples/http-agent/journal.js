// The agent's state: one line per write, numbered from 1, on disk before it is acknowledged.
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

export class WriteJournal {
  #file;
  #last;

  /** Opens the state in `folder`, and cuts off what a crash left half written. */
  constructor(folder) {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, "writes.log");
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    this.#file = openSync(path, "a");
    if (whole.length < text.length) ftruncateSync(this.#file, Buffer.byteLength(whole));
    this.#last = whole === "" ? 0 : Number.parseInt(whole.trimEnd().split("\n").at(-1), 10);
  }

  get last() {
    return this.#last;
  }

  /** Writes `text` durably and gives its number. */
  append(text) {
    const number = this.#last + 1;
    writeSync(this.#file, `${number} ${JSON.stringify(text)}\n`);
    fsyncSync(this.#file);
    this.#last = number;
    return number;
  }

  close() {
    closeSync(this.#file);
  }
}
