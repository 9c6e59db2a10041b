import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { InstarError } from "@instar/protocol";
import { Parser, type ReadEntry } from "tar";
import { explainFileError } from "../platform/durable-files.ts";
import { quoteText } from "../platform/plain-text.ts";
import { compareFiles } from "./compare-files.ts";
import { findNameProblem } from "./find-name-problem.ts";
import { MANIFEST_NAME, parseManifest, type ReleaseFile, type ReleaseLimits, type ReleaseManifest } from "./release-manifest.ts";

/** Beside the files' own bytes: a header and its padding for each, and long names. */
const BYTES_PER_ENTRY = 4_096;
const LONGEST_MANIFEST_BYTES = 4_194_304;

interface Contents {
  readonly files: ReleaseFile[];
  readonly folders: string[];
  hasManifest: boolean;
  manifest: string | undefined;
}

/**
 * The manifest of a packed release, once every file in it was found to be what the manifest says. Nothing is unpacked to a disk, and never more bytes than the
 * limits allow. Only plain files and folders: a link could name what is not in the archive.
 *
 * @throws InstarError PACKAGE_REFUSED, PLATFORM_FAILED
 */
export async function readReleaseArchive(path: string, limits: ReleaseLimits): Promise<ReleaseManifest> {
  const { files, folders, manifest: text } = await readContents(path, limits);
  if (text === undefined) throw refused(`it has no ${MANIFEST_NAME} at its top`);
  const because = findNameProblem([MANIFEST_NAME, ...files.map((file) => file.path)]) ?? findFolderProblem(folders, files);
  if (because !== undefined) throw refused(because);
  const manifest = parseManifest(text, limits);
  const verdict = compareFiles(manifest.files, files);
  if (verdict.kind === "different") throw refused(`its files are not those of its ${MANIFEST_NAME}: ${verdict.because[0]}`, verdict.because);
  return manifest;
}

/** A folder of its own is judged by a file that would lie in it. */
function findFolderProblem(folders: readonly string[], files: readonly ReleaseFile[]): string | undefined {
  const named = new Set(folders);
  return findNameProblem([...[...named].map((folder) => `${folder}/in it`), ...files.map(({ path }) => path)]);
}

async function readContents(path: string, limits: ReleaseLimits): Promise<Contents> {
  const contents: Contents = { files: [], folders: [], hasManifest: false, manifest: undefined };
  const failed = new AbortController();
  const fail = (error: unknown): void => failed.abort(error);
  let taking: Promise<void> = Promise.resolve();
  let entries = 0;
  let hasEnd = false;
  // It unpacks nothing by itself: what is packed twice would pass by the limits.
  const parser = new Parser({ strict: true, zstd: false, brotli: false, maxDecompressionRatio: 0 });
  const begin = (entry: ReadEntry): void => {
    entries += 1;
    if (entries > limits.files * 2) fail(refused(`it has more than ${limits.files} files`));
    if (failed.signal.aborted) return;
    const taken = takeEntry(entry, contents).catch(fail);
    taking = taking.then(() => taken);
  };
  parser.on("entry", begin);
  parser.on("ignoredEntry", begin);
  parser.on("error", (cause) => fail(refused("it is no tar archive, or is damaged", [], cause)));
  parser.on("eof", () => {
    hasEnd = true;
  });
  const stream = pipeline(createReadStream(path), createGunzip(), () => {});
  const mostBytes = limits.unpackedBytes + limits.files * BYTES_PER_ENTRY + LONGEST_MANIFEST_BYTES;
  let unpackedBytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      failed.signal.throwIfAborted();
      unpackedBytes += chunk.byteLength;
      if (unpackedBytes > mostBytes) throw refused(`it is more than ${limits.unpackedBytes} bytes when it is unpacked`);
      if (!hasEnd && !parser.write(chunk)) await once(parser, "drain", { signal: failed.signal });
    }
    failed.signal.throwIfAborted();
    parser.end();
    await taking;
    failed.signal.throwIfAborted();
  } catch (error) {
    throw explainUnpacking(failed.signal.aborted ? failed.signal.reason : error, path);
  } finally {
    stream.destroy();
  }
  if (!hasEnd) throw refused("it is cut off: it has no end mark");
  return contents;
}

async function takeEntry(entry: ReadEntry, contents: Contents): Promise<void> {
  const path = entry.path.replace(/^(\.\/)+/, "").replace(/\/$/, "");
  if (entry.meta) throw refused("it has a header of more than a megabyte");
  if (entry.type === "Directory") {
    if (path !== "" && path !== ".") contents.folders.push(path);
    entry.resume();
    return;
  }
  if (entry.type !== "File" && entry.type !== "OldFile") throw refused(`${quoteText(path, 200)} is no file, but a ${entry.type}`);
  const isManifest = path === MANIFEST_NAME;
  if (isManifest && contents.hasManifest) throw refused(`${MANIFEST_NAME} is there twice`);
  if (isManifest && entry.size > LONGEST_MANIFEST_BYTES) throw refused(`its ${MANIFEST_NAME} is larger than ${LONGEST_MANIFEST_BYTES} bytes`);
  contents.hasManifest ||= isManifest;
  // Also of a second one of the same name: findNameProblem refuses it.
  const hash = createHash("sha256");
  const kept: Buffer[] = [];
  let sizeBytes = 0;
  entry.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.byteLength;
    hash.update(chunk);
    if (isManifest) kept.push(chunk);
  });
  await once(entry, "end");
  if (isManifest) contents.manifest = Buffer.concat(kept).toString("utf8");
  else contents.files.push({ path, digest: hash.digest("hex"), sizeBytes, mode: ((entry.mode ?? 0) & 0o111) === 0 ? "644" : "755" });
}

function explainUnpacking(error: unknown, path: string): InstarError {
  if (InstarError.is(error)) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (code.startsWith("Z_")) return refused("it cannot be unpacked: it is no gzip, damaged, or cut off", [], error);
  return explainFileError(error, `could not read ${path}`);
}

const refused = (because: string, all: readonly string[] = [], cause?: unknown) =>
  new InstarError("PACKAGE_REFUSED", `the release is not acceptable: ${because}`, { facts: { files: all }, ...(cause === undefined ? {} : { cause }) });
