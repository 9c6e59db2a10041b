import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What was being tried when a process ended, or did not end. */
export interface LastInput {
  /** Grows with each input. */
  readonly count: number;
  /** By its place in the list. */
  readonly target: number;
  readonly bytes: Buffer;
}

const HEAD_BYTES = 12;

/** Where each input is written down before it is tried: a parser that never ends, or takes the process along, cannot say what it was given. */
export function openLastInput(path: string): { note(target: number, bytes: Buffer): void; close(): void } {
  const file = openSync(path, "w");
  const head = Buffer.alloc(HEAD_BYTES);
  let count = 0;
  return {
    note(target, bytes) {
      count += 1;
      head.writeUInt32LE(count, 0);
      head.writeUInt32LE(target, 4);
      head.writeUInt32LE(bytes.length, 8);
      // In one call: whoever looks meanwhile sees one of both.
      writeSync(file, Buffer.concat([head, bytes]), 0, HEAD_BYTES + bytes.length, 0);
    },
    close: () => closeSync(file),
  };
}

/** Undefined where nothing was tried yet. */
export function readLastInput(path: string): LastInput | undefined {
  try {
    const whole = readFileSync(path);
    if (whole.length < HEAD_BYTES) return undefined;
    const bytes = whole.subarray(HEAD_BYTES, HEAD_BYTES + whole.readUInt32LE(8));
    return { count: whole.readUInt32LE(0), target: whole.readUInt32LE(4), bytes };
  } catch {
    return undefined;
  }
}
