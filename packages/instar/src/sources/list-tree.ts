import { isUtf8 } from "node:buffer";
import { InstarError } from "@instar/protocol";
import type { TreeEntry } from "./find-tree-problem.ts";
import type { GitMirror } from "./git-mirror.ts";
import { collect, readBlobs } from "./read-blobs.ts";

/** Longer than any system takes; git itself would store megabytes as a link's target. */
const MAX_LINK_BYTES = 4_096;

/**
 * Every file, link and submodule of a commit, in git's order. Names may hold anything but what is not UTF-8.
 *
 * @throws InstarError PACKAGE_REFUSED (a name or link target that cannot be told), PLATFORM_FAILED
 */
export async function listTree(mirror: GitMirror, commit: string, signal?: AbortSignal): Promise<readonly TreeEntry[]> {
  const { stdout } = await mirror.run(["ls-tree", "-r", "-z", "-l", "--full-tree", commit], { signal });
  const entries = parseTree(stdout);
  const links = entries.filter((entry) => entry.kind === "link");
  const long = links.find((link) => link.sizeBytes > MAX_LINK_BYTES);
  if (long !== undefined) throw new InstarError("PACKAGE_REFUSED", `the link ${JSON.stringify(long.path)} has a target of ${long.sizeBytes} bytes`);
  const targets = new Map<TreeEntry, string>();
  const takeTarget = async (bytes: Buffer, link: TreeEntry | undefined) => {
    if (link !== undefined) targets.set(link, parseName(bytes, `the target of the link ${JSON.stringify(link.path)}`));
  };
  await readBlobs(
    mirror,
    links.map((link) => link.object),
    async (blob, index) => takeTarget(await collect(blob), links[index]),
    signal,
  );
  return entries.map((entry) => (entry.kind === "link" ? { ...entry, target: targets.get(entry) ?? "" } : entry));
}

/** `<mode> <type> <object> <size>\t<path>\0`, as bytes: a name may hold line feeds and tabs. */
function parseTree(output: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let start = 0; start < output.length; ) {
    const end = output.indexOf(0, start);
    const tab = output.indexOf(0x09, start);
    if (end === -1 || tab === -1 || tab > end) throw new InstarError("PLATFORM_FAILED", "what git says of a commit's files is cut off");
    const [mode = "", , object = "", size = ""] = output.toString("latin1", start, tab).split(/ +/);
    entries.push(describe(Number.parseInt(mode, 8), parseName(output.subarray(tab + 1, end), "a file's name"), object, Number.parseInt(size, 10) || 0));
    start = end + 1;
  }
  return entries;
}

function describe(mode: number, path: string, object: string, sizeBytes: number): TreeEntry {
  const type = mode & 0o170000;
  if (type === 0o160000) return { path, mode: 0, kind: "submodule", sizeBytes: 0, object };
  if (type === 0o120000) return { path, mode: 0o777, kind: "link", sizeBytes, object };
  // Old repositories hold 0o664 and the like; git itself knows only whether a file may be run.
  if (type === 0o100000) return { path, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, kind: "file", sizeBytes, object };
  throw new InstarError("PACKAGE_REFUSED", `${JSON.stringify(path)} is of a kind that Instar does not know (mode ${mode.toString(8)})`);
}

function parseName(bytes: Buffer, what: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new InstarError("PACKAGE_REFUSED", `${what} is not UTF-8: ${JSON.stringify(bytes.toString("latin1"))}`, {
    advice: "Rename it: such names come out differently on other machines.",
  });
}
