import { hash } from "node:crypto";

/** SHA-256 of a blob's bytes, in hexadecimal: its name. */
export type Digest = string;

export const digestOf = (bytes: Uint8Array): Digest => hash("sha256", bytes, "hex");

/** Blobs that were compressed together. Stored as they are where `storedBytes` equals `sizeBytes`. */
export interface Frame {
  readonly offset: number;
  readonly storedBytes: number;
  readonly sizeBytes: number;
}

export interface PackedBlob {
  readonly digest: Digest;
  /** Which of the pack's frames, and where in it once that is unpacked. */
  readonly frame: number;
  readonly at: number;
  readonly sizeBytes: number;
}

/*
 * A pack:  "INSTPAK1"  frames …  table  footer
 * Table:   a frame    u32 offset, u32 stored, u32 size
 *          a blob     32 bytes digest, u32 frame, u32 at, u32 size
 * Footer:  u32 frames, u32 blobs, 32 bytes SHA-256 of the table, "INSTEND1"
 * All numbers are little-endian. A pack is written once, from front to back, and has its name only when it is whole and durable.
 */
export const PACK_HEAD = Buffer.from("INSTPAK1");
const PACK_END = Buffer.from("INSTEND1");
const FRAME_BYTES = 12;
const BLOB_BYTES = 44;
export const FOOTER_BYTES = 8 + 32 + 8;

export function renderTable(frames: readonly Frame[], blobs: readonly PackedBlob[]): Buffer {
  const table = Buffer.allocUnsafe(frames.length * FRAME_BYTES + blobs.length * BLOB_BYTES);
  let at = 0;
  for (const frame of frames) for (const value of [frame.offset, frame.storedBytes, frame.sizeBytes]) at = table.writeUInt32LE(value, at);
  for (const blob of blobs) {
    at += table.write(blob.digest, at, 32, "hex");
    for (const value of [blob.frame, blob.at, blob.sizeBytes]) at = table.writeUInt32LE(value, at);
  }
  const footer = Buffer.allocUnsafe(FOOTER_BYTES);
  footer.writeUInt32LE(frames.length, 0);
  footer.writeUInt32LE(blobs.length, 4);
  hash("sha256", table, "buffer").copy(footer, 8);
  PACK_END.copy(footer, 40);
  return Buffer.concat([table, footer]);
}

/** How long the table is that a footer tells of; undefined where it is no footer of ours, or tells of more than the pack holds. */
export function parseFooter(footer: Buffer, packBytes: number): number | undefined {
  if (footer.length !== FOOTER_BYTES || !footer.subarray(40).equals(PACK_END)) return undefined;
  const tableBytes = footer.readUInt32LE(0) * FRAME_BYTES + footer.readUInt32LE(4) * BLOB_BYTES;
  return tableBytes + FOOTER_BYTES + PACK_HEAD.length <= packBytes ? tableBytes : undefined;
}

/** What a pack holds, read from its table's bytes as it is asked for: a hundred thousand objects would be slower to make than to read. */
export class PackTable {
  readonly blobs: number;
  readonly #table: Buffer;
  readonly #firstBlob: number;

  /** @throws Error where the table is not what was written */
  constructor(table: Buffer, footer: Buffer) {
    if (!hash("sha256", table, "buffer").equals(footer.subarray(8, 40))) throw new Error("a pack's table is not what was written");
    this.blobs = footer.readUInt32LE(4);
    this.#table = table;
    this.#firstBlob = footer.readUInt32LE(0) * FRAME_BYTES;
  }

  digest(number: number): Digest {
    const at = this.#firstBlob + number * BLOB_BYTES;
    return this.#table.toString("hex", at, at + 32);
  }

  blob(number: number): Omit<PackedBlob, "digest"> {
    const at = this.#firstBlob + number * BLOB_BYTES + 32;
    return { frame: this.#table.readUInt32LE(at), at: this.#table.readUInt32LE(at + 4), sizeBytes: this.#table.readUInt32LE(at + 8) };
  }

  frame(number: number): Frame {
    const at = number * FRAME_BYTES;
    return { offset: this.#table.readUInt32LE(at), storedBytes: this.#table.readUInt32LE(at + 4), sizeBytes: this.#table.readUInt32LE(at + 8) };
  }
}
