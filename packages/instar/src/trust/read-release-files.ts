import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../platform/durable-files.ts";
import { quoteText } from "../platform/plain-text.ts";
import { findNameProblem } from "./find-name-problem.ts";
import { MANIFEST_NAME, type ReleaseFile, type ReleaseLimits } from "./release-manifest.ts";

/**
 * Every file of a folder with its digest, in the order of their paths, the manifest left out. Whatever is no plain file with one name is refused: a link or a
 * device would be something else where the release is unpacked.
 *
 * @throws InstarError PACKAGE_REFUSED, PLATFORM_FAILED
 */
export async function readReleaseFiles(folder: string, limits: ReleaseLimits): Promise<ReleaseFile[]> {
  const paths = await listPaths(folder, limits);
  const because = findNameProblem(paths);
  if (because !== undefined) throw refused(because);
  const files: ReleaseFile[] = [];
  let leftBytes = limits.unpackedBytes;
  for (const path of paths.filter((each) => each !== MANIFEST_NAME)) {
    const file = await readFileFacts(folder, path, leftBytes);
    leftBytes -= file.sizeBytes;
    files.push(file);
  }
  return files;
}

async function listPaths(folder: string, limits: ReleaseLimits): Promise<string[]> {
  const paths: string[] = [];
  let entries = 0;
  const waiting = [""];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const found = await readdir(join(folder, at), { withFileTypes: true }).catch((error: unknown) => {
      throw explainFileError(error, `could not read ${folder}`);
    });
    for (const entry of found) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      entries += 1;
      // Folders count as well: a tree of nothing but folders has no end either.
      if (entries > limits.files * 2 || paths.length > limits.files) throw refused(`it has more than ${limits.files} files`);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) paths.push(path);
      else throw refused(`${quoteText(path, 200)} is neither file nor folder`);
    }
  }
  return paths.toSorted();
}

async function readFileFacts(folder: string, path: string, leftBytes: number): Promise<ReleaseFile> {
  const place = join(folder, path);
  // O_NOFOLLOW and the looks at the handle: between the listing and here somebody may have put a link there. O_NONBLOCK: a pipe would wait for a writer.
  const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
    throw explainFileError(error, `could not open ${place}`);
  });
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw refused(`${quoteText(path, 200)} is neither file nor folder`);
    if (facts.nlink > 1) throw refused(`${quoteText(path, 200)} is a hard link: it may be changed under another name`);
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > leftBytes) throw refused("it is larger than allowed when it is unpacked");
      hash.update(chunk);
    }
    return { path, digest: hash.digest("hex"), sizeBytes, mode: (facts.mode & 0o111) === 0 ? "644" : "755" };
  } finally {
    await file.close();
  }
}

/** Whether there is a folder here, and no link to one. @throws InstarError PACKAGE_REFUSED */
export async function assertFolder(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw explainFileError(error, `could not look at ${path}`);
  });
  if (!found.isDirectory()) throw refused(`${quoteText(path, 200)} is no folder`);
}

const refused = (because: string) => new InstarError("PACKAGE_REFUSED", `the release is not acceptable: ${because}`);
