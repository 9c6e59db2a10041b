/** Whose frames are read: a client's are masked and an agent's are not (RFC 6455 §5.1). */
export interface FrameReaderOptions {
  readonly from: "client" | "agent";
  /** An extension was agreed on: what it may use (reserved bits and opcodes) is then no violation. */
  readonly hasExtensions: boolean;
}

/** What a frame was: part of a message, the last part of one, the wish to close, or another control frame. */
export type FrameKind = "part" | "message" | "close" | "control";

/**
 * Knows where the frames of one direction of a WebSocket end (RFC 6455 §5.2). Only the bytes of headers are looked at, two to
 * fourteen a frame; payloads are jumped over, whatever chunks they come in.
 *
 * Who breaks the protocol cannot be followed any longer: from then on `isLost` is true and no border is known.
 */
export class FrameReader {
  isLost = false;
  /** Everything that was read so far are whole frames. */
  isAtBorder = true;
  /** Of the frame that ended last. */
  lastKind: FrameKind | undefined;

  readonly #options: FrameReaderOptions;
  readonly #header = new Uint8Array(14);
  #headerBytes = 0;
  #headerSize = 2;
  #payloadLeft = 0;
  #isInMessage = false;
  #hasClosed = false;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** Reads on from `from` to the end of the frame, or else of the chunk; gives how far it came. */
  read(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      this.isAtBorder = false;
      if (this.#headerBytes < this.#headerSize) {
        this.#header[this.#headerBytes] = chunk[at] ?? 0;
        this.#headerBytes += 1;
        at += 1;
        if (this.#headerBytes === 2) this.#headerSize = sizeOfHeader(this.#header[1] ?? 0);
        if (this.#headerBytes < this.#headerSize) continue;
        if (!this.#begin()) return chunk.length;
      }
      const jump = Math.min(this.#payloadLeft, chunk.length - at);
      this.#payloadLeft -= jump;
      at += jump;
      if (this.#payloadLeft === 0) return this.#end(at);
    }
    return at;
  }

  /** The header is whole: how long is what follows, and may it be there at all? */
  #begin(): boolean {
    const first = this.#header[0] ?? 0;
    const isMasked = (this.#header[1] ?? 0) >= 0x80;
    const opcode = first & 0x0f;
    const length = readLength(this.#header);
    const isControl = opcode >= 8;
    const isBroken =
      length === undefined ||
      this.#hasClosed ||
      isMasked !== (this.#options.from === "client") ||
      ((first & 0x70) !== 0 && !this.#options.hasExtensions) ||
      (isReserved(opcode) && !this.#options.hasExtensions) ||
      (isControl && (first < 0x80 || length > 125)) ||
      (opcode === 0 && !this.#isInMessage) ||
      ((opcode === 1 || opcode === 2) && this.#isInMessage);
    this.isLost = isBroken;
    this.#payloadLeft = length ?? 0;
    return !isBroken;
  }

  #end(at: number): number {
    const first = this.#header[0] ?? 0;
    const isFinal = first >= 0x80;
    const opcode = first & 0x0f;
    if (opcode < 8) this.#isInMessage = !isFinal;
    this.#hasClosed = opcode === 8;
    this.lastKind = opcode === 8 ? "close" : opcode > 8 ? "control" : isFinal ? "message" : "part";
    this.isAtBorder = true;
    this.#headerBytes = 0;
    this.#headerSize = 2;
    return at;
  }
}

function sizeOfHeader(second: number): number {
  const length = second & 0x7f;
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second >= 0x80 ? 4 : 0);
}

/** Undefined where it is not written as shortly as it must be, or is longer than anything can be counted. */
function readLength(header: Uint8Array): number | undefined {
  const short = (header[1] ?? 0) & 0x7f;
  const view = new DataView(header.buffer);
  if (short < 126) return short;
  const long = short === 126 ? view.getUint16(2) : view.getUint32(2) * 2 ** 32 + view.getUint32(6);
  const isShortest = short === 126 ? long > 125 : long > 0xffff;
  return isShortest && Number.isSafeInteger(long) ? long : undefined;
}

function isReserved(opcode: number): boolean {
  return (opcode >= 3 && opcode <= 7) || opcode >= 11;
}
