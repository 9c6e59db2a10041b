import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../../platform/durable-files.ts";

export interface ArchiveLimits {
  /** Of the archive once it is unpacked, its own headers too. */
  readonly unpackedBytes: number;
  /** Files, links and folders, also those that are only named in a path. */
  readonly files: number;
  /** How many times larger than its packed form it may be; asked once there are a few megabytes of it. */
  readonly ratio: number;
}

/** gzip makes a file of zeros a thousand times smaller, and programs five to twenty times. */
export const ARCHIVE_LIMITS: ArchiveLimits = { unpackedBytes: 1_024 ** 3, files: 100_000, ratio: 200 };

const RATIO_COUNTS_FROM_BYTES = 8 * 1_024 ** 2;
const CHUNK_BYTES = 65_536;

/**
 * The bytes of a tar archive, unpacked where it is packed, and never more of them than the limits allow.
 *
 * @throws InstarError PACKAGE_REFUSED, PLATFORM_FAILED
 */
export async function* readArchiveChunks(path: string, limits: ArchiveLimits): AsyncGenerator<Uint8Array> {
  const isPacked = await isGzip(path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const stream = isPacked ? pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : file;
  let unpackedBytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      unpackedBytes += chunk.byteLength;
      if (unpackedBytes > limits.unpackedBytes) throw refused(`is more than ${limits.unpackedBytes} bytes when it is unpacked`, limits);
      if (unpackedBytes > RATIO_COUNTS_FROM_BYTES && unpackedBytes > file.bytesRead * limits.ratio)
        throw refused(`is more than ${limits.ratio} times as large when it is unpacked: it is made to fill the disk`, limits);
      yield chunk;
    }
  } catch (error) {
    throw explainUnpacking(error, path);
  } finally {
    stream.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path).catch((error: unknown) => {
    throw explainFileError(error, `could not open ${path}`);
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    if (bytesRead === 0) throw new InstarError("PACKAGE_REFUSED", "the archive is empty");
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function refused(because: string, limits: ArchiveLimits): InstarError {
  return new InstarError("PACKAGE_REFUSED", `the archive ${because}`, { facts: { ...limits } });
}

function explainUnpacking(error: unknown, path: string): InstarError {
  if (InstarError.is(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "Z_BUF_ERROR") return new InstarError("PACKAGE_REFUSED", "the archive is cut off", { cause: error });
  if (code.startsWith("Z_")) return new InstarError("PACKAGE_REFUSED", "the archive is damaged: it cannot be unpacked", { cause: error });
  return explainFileError(error, `could not read ${path}`);
}
