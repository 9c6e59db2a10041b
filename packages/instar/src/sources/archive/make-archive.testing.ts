import { gzipSync } from "node:zlib";
import { Header, Pax } from "tar";

export interface MadeEntry {
  readonly path: string;
  readonly body?: string | Buffer;
  readonly type?: "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "BlockDevice" | "FIFO";
  readonly link?: string;
  readonly mode?: number;
  /** What the header says, where it is not the truth. */
  readonly sizeBytes?: number;
}

const END = Buffer.alloc(1_024);

/** A tar archive, byte for byte as asked: also such as no packer makes. */
export function makeTar(entries: readonly MadeEntry[], end = END): Buffer {
  return Buffer.concat([...entries.map(encodeEntry), end]);
}

/** The same, packed. */
export const makeTgz = (entries: readonly MadeEntry[]): Buffer => gzipSync(makeTar(entries));

function encodeEntry({ path, body = "", type = "File", link, mode = 0o644, sizeBytes }: MadeEntry): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(512);
  const fields = { path, type, mode, size: sizeBytes ?? bytes.length, mtime: new Date(0), ...(link === undefined ? {} : { linkpath: link }) };
  const needsMore = new Header(fields).encode(header);
  const more = needsMore ? new Pax({ path, ...(link === undefined ? {} : { linkpath: link }) }).encode() : Buffer.alloc(0);
  return Buffer.concat([more, header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
