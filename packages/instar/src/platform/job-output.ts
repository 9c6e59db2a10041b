import { closeSync, openSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

export interface JobOutput {
  write(chunk: Uint8Array): void;
  /** Completes the log. @returns the last 40 lines, at most 8 KiB of them */
  close(): string;
}

const TAIL_LINES = 40;
const TAIL_BYTES = 8_192;
/** A line longer than this is given in pieces: a flood without line ends must not be gathered up. */
const LINE_LIMIT = 8_192;

/**
 * Where a job's output goes: appended to a log, at most `limitBytes` of it. The first half is written as it comes, the last half
 * is kept in a ring until the end, and one line between says how much was left out. What it holds in memory is bounded,
 * whatever comes in. A log that cannot be written (a full disk) does not fail the job; the tail then says so.
 */
export function openJobOutput(options: { path: string; title: string; limitBytes: number; onLine?: (line: string) => void }): JobOutput {
  const log = openLog(options.path);
  log.append(`== ${options.title}\n`);
  const headBytes = Math.floor(options.limitBytes / 2);
  const lines = gatherLines(options.onLine);
  let headWritten = 0;
  let ring: ByteRing | undefined;
  return {
    write: (chunk) => {
      lines.write(chunk);
      const forHead = chunk.subarray(0, headBytes - headWritten);
      headWritten += forHead.length;
      if (forHead.length > 0) log.append(forHead);
      if (forHead.length === chunk.length) return;
      ring ??= createByteRing(options.limitBytes - headBytes);
      ring.write(chunk.subarray(forHead.length));
    },
    close: () => {
      if (ring !== undefined) {
        if (ring.lostBytes() > 0) log.append(`\n== ${ring.lostBytes()} bytes left out here ==\n`);
        log.append(ring.read());
      }
      const failure = log.close();
      const tail = lines.close();
      return failure === undefined ? tail : `${tail}\n(the log could not be written: ${failure})`;
    },
  };
}

function openLog(path: string): { append(data: string | Uint8Array): void; close(): string | undefined } {
  let file: number | undefined;
  let failure: string | undefined;
  const attempt = (act: () => void) => {
    try {
      if (failure === undefined) act();
    } catch (error) {
      failure = (error as NodeJS.ErrnoException).code ?? "unknown";
    }
  };
  attempt(() => {
    file = openSync(path, "a", 0o600);
  });
  return {
    append: (data) =>
      attempt(() => {
        const bytes = typeof data === "string" ? Buffer.from(data) : data;
        for (let done = 0; file !== undefined && done < bytes.length; ) done += writeSync(file, bytes, done);
      }),
    close: () => {
      if (file !== undefined) closeSync(file);
      return failure;
    },
  };
}

interface ByteRing {
  write(chunk: Uint8Array): void;
  read(): Uint8Array;
  lostBytes(): number;
}

/** The last `sizeBytes` that were written. */
function createByteRing(sizeBytes: number): ByteRing {
  const bytes = Buffer.alloc(sizeBytes);
  let total = 0;
  return {
    write: (chunk) => {
      const kept = chunk.subarray(Math.max(0, chunk.length - sizeBytes));
      const at = sizeBytes === 0 ? 0 : (total + chunk.length - kept.length) % sizeBytes;
      const first = kept.subarray(0, sizeBytes - at);
      bytes.set(first, at);
      bytes.set(kept.subarray(first.length), 0);
      total += chunk.length;
    },
    read: () => (total <= sizeBytes ? bytes.subarray(0, total) : Buffer.concat([bytes.subarray(total % sizeBytes), bytes.subarray(0, total % sizeBytes)])),
    lostBytes: () => Math.max(0, total - sizeBytes),
  };
}

/** Invalid UTF-8 becomes replacement characters; a character split between two chunks does not. */
function gatherLines(onLine: ((line: string) => void) | undefined): { write(chunk: Uint8Array): void; close(): string } {
  const decoder = new StringDecoder("utf8");
  let last: string[] = [];
  let open = "";
  const take = (line: string) => {
    last.push(line);
    if (last.length > TAIL_LINES * 2) last = last.slice(-TAIL_LINES);
    onLine?.(line);
  };
  const add = (text: string) => {
    const pieces = (open + text).split("\n");
    open = pieces.pop() ?? "";
    for (const piece of pieces) take(piece.replace(/\r$/, ""));
    for (; open.length > LINE_LIMIT; open = open.slice(LINE_LIMIT)) take(open.slice(0, LINE_LIMIT));
  };
  return {
    write: (chunk) => add(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))),
    close: () => {
      add(decoder.end());
      if (open !== "") take(open);
      return keepTail(last.slice(-TAIL_LINES).join("\n"));
    },
  };
}

function keepTail(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= TAIL_BYTES) return text;
  // From the first whole character on.
  let from = bytes.length - TAIL_BYTES;
  while (((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.subarray(from).toString();
}
