import type { ReadEntry } from "tar";
import { quoteText } from "../../platform/plain-text.ts";
import { findTreeProblem, type TreeEntry } from "../find-tree-problem.ts";
import type { ArchiveLimits } from "./archive-chunks.ts";

export interface ArchiveEntry {
  /** As it is written in the archive. */
  readonly named: string;
  readonly kind: "file" | "folder" | "link" | "copy" | "other";
  /** tar's own word for it. */
  readonly type: string;
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
  /** Of links, as written. */
  readonly target: string;
}

/** What is written, in the order of the fields. Paths are relative to the folder, with `/`. */
export interface ArchivePlan {
  readonly kind: "plan";
  /** Each after the one that it lies in. */
  readonly folders: readonly string[];
  /** By the entry's place in the archive. */
  readonly files: ReadonlyMap<number, { readonly named: string; readonly path: string; readonly mode: number }>;
  /** Hard links: files of their own here, for one of them may be changed without the other. */
  readonly copies: readonly { readonly from: string; readonly path: string; readonly mode: number }[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

export type ArchiveDecision = ArchivePlan | { readonly kind: "refused"; readonly because: string };

const DEEPEST = 64;
/** `C:` is another place on Windows, whatever follows it. */
const DRIVE = /^[A-Za-z]:/;

export function describeEntry(entry: ReadEntry): ArchiveEntry {
  return {
    named: entry.path,
    kind: KINDS[entry.type] ?? "other",
    type: entry.type,
    sizeBytes: entry.size,
    isExecutable: ((entry.mode ?? 0) & 0o111) !== 0,
    target: entry.linkpath ?? "",
  };
}

const KINDS: Readonly<Record<string, ArchiveEntry["kind"]>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "folder",
  GNUDumpDir: "folder",
  SymbolicLink: "link",
  Link: "copy",
};

/** Where each entry of an archive goes, or why none does. Pure. */
export function planArchive(entries: readonly ArchiveEntry[], limits: ArchiveLimits): ArchiveDecision {
  const refused = (because: string): ArchiveDecision => ({ kind: "refused", because });
  const named = entries.map((entry) => findNameProblem(entry)).find((problem) => problem !== undefined);
  if (named !== undefined) return refused(named);

  const root = findRoot(entries);
  const placed = entries.map((entry, index) => ({ ...entry, index, path: placeOf(entry.named, root) })).filter(({ path }) => path !== "");
  if (!placed.some(({ kind }) => kind !== "folder")) return refused("it holds no file");
  // Also behind the folder that is left out, or a dot.
  const drive = placed.find(({ path }) => DRIVE.test(path));
  if (drive !== undefined) return refused(`${quoteText(drive.named, 200)} is an absolute path`);
  const places = claimPlaces(placed, limits);
  if (typeof places === "string") return refused(places);
  const because = findTreeProblem(placed.map(asTreeEntry));
  if (because !== undefined) return refused(because);

  const files = new Map(
    placed.filter(({ kind }) => kind === "file").map(({ index, named, path, isExecutable }) => [index, { named, path, mode: modeOf(isExecutable) }]),
  );
  const copies = planCopies(placed, root, limits);
  if (typeof copies === "string") return refused(copies);
  const links = placed.filter(({ kind }) => kind === "link").map(({ path, target }) => ({ path, target }));
  return { kind: "plan", folders: places, files, copies, links };
}

type Placed = ArchiveEntry & { readonly index: number; readonly path: string };

function findNameProblem({ named, kind, type }: ArchiveEntry): string | undefined {
  const shown = quoteText(named, 200);
  if (kind === "other") return `${shown} is neither file, folder nor link, but a ${type}`;
  if (named.startsWith("/") || DRIVE.test(named)) return `${shown} is an absolute path`;
  if (named.includes("\\")) return `${shown} holds a backslash, which is a separator on some systems`;
  const parts = named.split("/");
  if (parts.includes("..")) return `${shown} leads out of the archive`;
  return parts.length > DEEPEST ? `${shown} lies more than ${DEEPEST} folders deep` : undefined;
}

/** The one folder that everything lies under, `""` where there is none. */
function findRoot(entries: readonly ArchiveEntry[]): string {
  const paths = entries.map(({ named, kind }) => ({ parts: partsOf(named), kind }));
  const root = paths.find(({ parts }) => parts.length > 0)?.parts[0] ?? "";
  return paths.every(({ parts, kind }) => parts.length === 0 || (parts[0] === root && (parts.length > 1 || kind === "folder"))) ? root : "";
}

const partsOf = (named: string) => named.split("/").filter((part) => part !== "" && part !== ".");

function placeOf(named: string, root: string): string {
  const parts = partsOf(named);
  return (root !== "" && parts[0] === root ? parts.slice(1) : parts).join("/");
}

/** The folders that are wanted, or why two entries cannot both be there. Names that differ in case only are one name on some systems. */
function claimPlaces(placed: readonly Placed[], limits: ArchiveLimits): string[] | string {
  const taken = new Map<string, { readonly path: string; readonly isFolder: boolean }>();
  for (const { path, kind } of placed) {
    for (const [place, isFolder] of placesOf(path, kind === "folder")) {
      const folded = place.normalize("NFC").toLowerCase();
      const other = taken.get(folded);
      if (other === undefined) taken.set(folded, { path: place, isFolder });
      else if (other.path !== place) return `${quoteText(other.path, 200)} and ${quoteText(place, 200)} are the same name on some systems`;
      else if (!(other.isFolder && isFolder)) return `${quoteText(place, 200)} is there twice`;
    }
    if (taken.size > limits.files) return `it holds more than ${limits.files} files and folders`;
  }
  return [...taken.values()].filter(({ isFolder }) => isFolder).map(({ path }) => path);
}

function* placesOf(path: string, isFolder: boolean): Iterable<readonly [string, boolean]> {
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) yield [path.slice(0, end), true];
  yield [path, isFolder];
}

/** For the rules that hold for whatever is put on a disk: names such as .git, links that lead out. */
function asTreeEntry({ path, kind, target, sizeBytes }: Placed): TreeEntry {
  return { path, mode: 0o644, object: "", sizeBytes, ...(kind === "link" ? { kind, target } : { kind: "file" }) };
}

function planCopies(placed: readonly Placed[], root: string, limits: ArchiveLimits): ArchivePlan["copies"] | string {
  const copies: { from: string; path: string; mode: number }[] = [];
  const files = new Map<string, Placed>();
  let sizeBytes = 0;
  for (const entry of placed) {
    if (entry.kind === "file") files.set(entry.path, entry);
    sizeBytes += entry.kind === "file" ? entry.sizeBytes : 0;
    if (entry.kind !== "copy") continue;
    const from = files.get(isPlain(entry.target) ? placeOf(entry.target, root) : "");
    if (from === undefined)
      return `the hard link ${quoteText(entry.named, 200)} points to ${quoteText(entry.target, 200)}, which is no file of the archive before it`;
    sizeBytes += from.sizeBytes;
    copies.push({ from: from.path, path: entry.path, mode: modeOf(from.isExecutable) });
  }
  return sizeBytes > limits.unpackedBytes ? `its files and hard links are ${sizeBytes} bytes; at most ${limits.unpackedBytes} are taken` : copies;
}

const isPlain = (target: string) => !target.startsWith("/") && !target.split("/").includes("..");
const modeOf = (isExecutable: boolean) => (isExecutable ? 0o755 : 0o644);
