import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../../platform/durable-files.ts";
import { quoteText } from "../../platform/plain-text.ts";
import { extractTarball } from "../archive/extract-tarball.ts";
import { createIntegrityCheck } from "./check-integrity.ts";
import type { RegistryPlace } from "./registry-place.ts";
import { explainBrokenRegistry, explainRegistryStatus, requestRegistry } from "./request-registry.ts";
import { withDeadlines } from "./with-deadlines.ts";

export interface PackageQuestion {
  readonly found: { readonly package: string; readonly version: string; readonly integrity: string; readonly tarballUrl: string };
  /** There, and empty. */
  readonly into: string;
  readonly scratchFolder: string;
}

const PACKAGE_JSON_BYTES = 4 * 1_024 ** 2;

/**
 * Brings the archive of a version to a private file, checks it against the promised digest, unpacks it, and looks whether it says that it is what was asked
 * for. Nothing of it is read before its digest is right.
 */
export async function downloadPackage(place: RegistryPlace, { found, into, scratchFolder }: PackageQuestion, signal: AbortSignal | undefined): Promise<void> {
  const address = URL.parse(found.tarballUrl);
  if (address === null) throw new InstarError("PACKAGE_REFUSED", `there is no address of ${nameOf(found)}`);
  const tarball = join(scratchFolder, `.tmp-${randomBytes(6).toString("hex")}`);
  try {
    await bringTarball(place, { found, address, path: tarball }, signal);
    await extractTarball({ tarball, into, limits: place.limits.unpacked, signal });
    await assertIsPackage(found, into);
  } finally {
    await rm(tarball, { force: true });
  }
}

interface TarballToBring {
  readonly found: PackageQuestion["found"];
  readonly address: URL;
  readonly path: string;
}

async function bringTarball(place: RegistryPlace, { found, address, path }: TarballToBring, signal: AbortSignal | undefined): Promise<void> {
  const { downloadMs, idleMs } = place.limits;
  const integrity = createIntegrityCheck(found.integrity);
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw explainFileError(error, `could not write ${path}`);
  });
  try {
    await withDeadlines(
      { clock: place.clock, wholeMs: downloadMs, idleMs, what: `the archive of ${nameOf(found)}` },
      signal,
      async ({ signal: within, heard }) => {
        // Packed once more on its way, its bytes would not be those of the digest.
        const response = await requestRegistry(place, address, { accept: "*/*", "accept-encoding": "identity" }, within);
        heard();
        await writeBody(response, file, { place, found, address, take: (chunk) => integrity.hash.update(chunk), heard, signal: within });
      },
    );
    integrity.assertPromised(`the archive of ${nameOf(found)}`);
  } finally {
    await file.close();
  }
}

interface BodyToWrite {
  readonly place: RegistryPlace;
  readonly found: PackageQuestion["found"];
  readonly address: URL;
  readonly take: (chunk: Uint8Array) => void;
  readonly heard: () => void;
  readonly signal: AbortSignal;
}

async function writeBody(response: Response, file: FileHandle, { place, found, address, take, heard, signal }: BodyToWrite): Promise<void> {
  const limitBytes = place.limits.tarballBytes;
  const tooLarge = () => new InstarError("PACKAGE_REFUSED", `the archive of ${nameOf(found)} is more than ${limitBytes} bytes`, { facts: { limitBytes } });
  if (response.status !== 200) {
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410)
      throw new InstarError("SOURCE_GONE", `the registry names ${nameOf(found)} and does not have its archive (${response.status})`, {
        facts: { origin: address.origin },
      });
    throw explainRegistryStatus(address, response, place);
  }
  if (Number(response.headers.get("content-length") ?? 0) > limitBytes) {
    await response.body?.cancel();
    throw tooLarge();
  }
  let sizeBytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      heard();
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limitBytes) throw tooLarge();
      take(chunk);
      await writeChunk(file, chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw InstarError.is(error) ? error : explainBrokenRegistry(address, error);
  }
}

async function writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten;
  } catch (error) {
    throw explainFileError(error, "could not write the archive");
  }
}

/** The digest proves that it is what the registry has; this, that the registry has it under the right name. */
async function assertIsPackage(found: PackageQuestion["found"], into: string): Promise<void> {
  const { name, version } = await readPackageJson(join(into, "package.json"), found);
  if (name === found.package && version === found.version) return;
  throw new InstarError("PACKAGE_REFUSED", `the archive of ${nameOf(found)} says that it is ${quoteText(`${String(name)}@${String(version)}`, 300)}`, {
    facts: { package: found.package, version: found.version },
  });
}

async function readPackageJson(path: string, found: PackageQuestion["found"]): Promise<{ readonly name?: unknown; readonly version?: unknown }> {
  const refused = (because: string, cause?: unknown) => new InstarError("PACKAGE_REFUSED", `the archive of ${nameOf(found)} ${because}`, { cause });
  const file = await open(path).catch((cause: unknown) => {
    throw refused("holds no package.json", cause);
  });
  try {
    if ((await file.stat()).size > PACKAGE_JSON_BYTES) throw refused("holds a package.json that is too large to be one");
    const parsed: unknown = JSON.parse(await file.readFile("utf8"));
    if (typeof parsed !== "object" || parsed === null) throw refused("holds a package.json that is no object");
    return parsed;
  } catch (error) {
    throw InstarError.is(error) ? error : refused("holds a package.json that is no JSON", error);
  } finally {
    await file.close();
  }
}

const nameOf = (found: PackageQuestion["found"]) => `${found.package}@${found.version}`;
