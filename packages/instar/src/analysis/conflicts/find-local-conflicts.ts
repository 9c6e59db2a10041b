import type { Conflict, ConflictStrategy } from "@instar/protocol";
import { isCachePath } from "./is-cache-path.ts";

/** Files of the running release that are not as they were sealed. */
export interface LocalFiles {
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  readonly added: readonly string[];
}

export interface TouchedPath {
  readonly path: string;
  readonly from?: string;
}

export type MergeOutcome =
  | { readonly kind: "merged"; readonly left: readonly { readonly path: string; readonly because: string }[] }
  | { readonly kind: "conflicted"; readonly paths: readonly string[] }
  | { readonly kind: "unavailable"; readonly because: string };

export interface LocalQuestion {
  readonly strategy: ConflictStrategy;
  readonly local: LocalFiles;
  readonly edits: readonly TouchedPath[];
  readonly merged?: MergeOutcome | undefined;
}

/** Stands for a release of which not even the list of its files is as it was sealed. */
const MANIFEST = "manifest.jsonl";

/** One conflict a file that was changed by hand: those that the update touches too come first. Of each sort the first are named, the rest counted. */
export function findLocalConflicts(question: LocalQuestion): Conflict[] {
  const { local, edits } = question;
  const files = (["changed", "missing", "added"] as const).flatMap((how) => local[how].map((path) => ({ path, how })));
  const touched = touchedBy(edits);
  const isTouched = ({ path }: LocalFile) => touched(path);
  const caches = files.filter((file) => file.how === "added" && !isTouched(file) && isCachePath(file.path));
  const rest = files.filter((file) => !caches.includes(file));
  return [
    ...nameFirst(rest.filter(isTouched), (file) => decideFile(file, true, question)),
    ...nameFirst(
      rest.filter((file) => !isTouched(file)),
      (file) => decideFile(file, false, question),
    ),
    ...(caches.length === 0 ? [] : [ofCaches(caches)]),
  ];
}

interface LocalFile {
  readonly path: string;
  readonly how: "changed" | "missing" | "added";
}

/** Also where one side has a folder and the other a file of its name. */
function touchedBy(edits: readonly TouchedPath[]): (path: string) => boolean {
  const paths = new Set(edits.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from])));
  const folders = new Set([...paths].flatMap(foldersOf));
  return (path) => paths.has(path) || folders.has(path) || foldersOf(path).some((folder) => paths.has(folder));
}

function foldersOf(path: string): readonly string[] {
  const names = path.split("/");
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
}

/** A report is read by people. */
const NAMED = 50;

function nameFirst(files: readonly LocalFile[], decide: (file: LocalFile) => Conflict): Conflict[] {
  const decided = files.map(decide).sort((a, b) => Number(b.blocks) - Number(a.blocks));
  const [rest] = decided.slice(NAMED);
  if (rest === undefined) return decided;
  const more = decided.length - NAMED;
  return [...decided.slice(0, NAMED), { ...rest, what: `${more} more files`, because: "they were changed by hand as well" }];
}

function decideFile(file: LocalFile, isBoth: boolean, { strategy, merged }: LocalQuestion): Conflict {
  const done = file.how === "missing" ? "deleted" : file.how;
  const what = { kind: "file_modified", what: file.path } as const;
  const both = isBoth ? ", and the update touches it too" : "; the update does not touch it";
  const because =
    file.path === MANIFEST ? "the list of the release's files is not as it was sealed: anything may have been changed" : `it was ${done} by hand${both}`;
  const blocked = (why: string, advice: string): Conflict => ({ ...what, because: why, resolution: "manual", blocks: true, advice });
  const settled = (by: ConflictStrategy, why: string, advice: string): Conflict => ({ ...what, because: why, resolution: by, blocks: false, advice });

  if (strategy === "update-wins") return settled("update-wins", because, "What was changed by hand is not in the new version; it is kept in Instar's mirror.");
  if (strategy === "manual") return blocked(because, "Bring it into the source, undo it, or choose who wins: local-wins, update-wins or merge.");
  if (file.path === MANIFEST) return blocked(because, "What was changed cannot be told apart. Only update-wins goes on from here.");
  if (merged?.kind === "unavailable")
    return blocked(`${because}; it could not be brought over: ${merged.because}`, "Bring it into the source, or choose update-wins.");
  if (merged?.kind === "conflicted" && merged.paths.includes(file.path))
    return blocked(`${because}, in the same place`, "Bring it into the source, or choose local-wins or update-wins.");
  const left = merged?.kind === "merged" ? merged.left.find(({ path }) => path === file.path) : undefined;
  if (left !== undefined) return settled("update-wins", `${because}; it is not brought over: ${left.because}`, "Bring it into the source if it is needed.");
  if (strategy === "local-wins") return settled("local-wins", because, "Bring it into the source: the next update meets it again.");
  const later = merged === undefined && isBoth ? ". Where both changed the same place, the update stops" : "";
  return settled("merge", `${because}${later}`, "Bring it into the source: the next update meets it again.");
}

function ofCaches(caches: readonly LocalFile[]): Conflict {
  return {
    kind: "file_modified",
    what: caches.length === 1 ? (caches[0]?.path ?? "") : `${caches.length} files of caches`,
    because: "programs made them while they ran, and make them again",
    resolution: "update-wins",
    blocks: false,
    advice: "",
  };
}
