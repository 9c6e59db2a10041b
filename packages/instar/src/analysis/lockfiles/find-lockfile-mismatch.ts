import semver from "semver";
import { findPlaced } from "./find-placed.ts";
import type { Answers, Lockfile } from "./lockfile.ts";
import { isLockfile, parseLockfile } from "./parse-lockfile.ts";
import { type Manifest, parseManifest } from "./parse-manifest.ts";
import { patternsOf } from "./parse-yarn-berry-lock.ts";
import type { NamedText } from "./plan-dependency-changes.ts";

export interface LockfileMismatch {
  readonly lockfile: string;
  readonly manifest: string;
  /** The package; null where it is about the files themselves. */
  readonly name: string | null;
  readonly because: string;
  /** `stale`: an installation by the lockfile (`npm ci`, `--frozen-lockfile`, `--immutable`) is refused. `unknown`: it could not be compared. */
  readonly kind: "stale" | "unknown";
}

/**
 * What package.json files ask for and their lockfiles do not hold. A lockfile answers for the package.json beside it, and for those of the
 * projects that it names. What it holds too much is no mismatch: every manager but pnpm installs it like that. Pure.
 */
export function findLockfileMismatches(texts: readonly NamedText[]): readonly LockfileMismatch[] {
  const manifests = new Map(texts.filter(({ path }) => /(?:^|\/)package\.json$/.test(path)).map(({ path, text }) => [path, text]));
  return texts.filter(({ path }) => isLockfile(path)).flatMap((file) => findOf(file, manifests));
}

function findOf(file: NamedText, manifests: ReadonlyMap<string, string>): readonly LockfileMismatch[] {
  const root = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  const say = (kind: LockfileMismatch["kind"], manifest: string, name: string | null, because: string): LockfileMismatch => ({
    lockfile: file.path,
    manifest,
    name,
    because,
    kind,
  });
  const lockfile = parseLockfile(file.path, file.text);
  if ("unreadable" in lockfile) return [say("unknown", `${root}package.json`, null, `the lockfile cannot be read: ${lockfile.unreadable}`)];
  return foldersOf(lockfile).flatMap((folder) => {
    const path = `${root}${folder === "" ? "" : `${folder}/`}package.json`;
    const text = manifests.get(path);
    if (text === undefined) return [];
    const manifest = parseManifest(text);
    if ("unreadable" in manifest) return [say("unknown", path, null, `package.json cannot be read: ${manifest.unreadable}`)];
    return findMissing(lockfile, folder, manifest).map(({ name, because }) => say("stale", path, name, because));
  });
}

/** Relative to the lockfile's own folder, which comes first. */
function foldersOf({ answers }: Lockfile): readonly string[] {
  const named = answers.by === "pattern" ? [...(answers.folders ?? [])] : [...(answers.projects?.keys() ?? [])];
  return [...new Set(["", ...named])];
}

interface Missing {
  readonly name: string;
  readonly because: string;
}

function findMissing({ answers }: Lockfile, folder: string, manifest: Manifest): readonly Missing[] {
  const extra = answers.by === "specifier" ? findExtra(answers, folder, manifest) : [];
  const missing = [...manifest.wanted].flatMap(([name, range]) => {
    if (manifest.overridden.has(name)) return [];
    const because = whyNot(answers, { folder, name, range });
    return because === undefined ? [] : [{ name, because }];
  });
  return [...missing, ...extra];
}

interface Want {
  readonly folder: string;
  readonly name: string;
  readonly range: string;
}

function whyNot(answers: Answers, want: Want): string | undefined {
  switch (answers.by) {
    case "place":
      return whyNotPlaced(answers, want);
    case "specifier":
      return whyNotSpecified(answers, want);
    case "pattern":
      return whyNotListed(answers, want);
  }
}

/** npm looks at what would be installed, not at what had been asked for; an address it compares as it is written. */
function whyNotPlaced({ places, projects }: Extract<Answers, { by: "place" }>, { folder, name, range }: Want): string | undefined {
  const there = findPlaced(places, folder, name)?.found;
  if (there === undefined) return `package.json asks for ${shown(range)}, and the lockfile does not hold it`;
  if (there.isLink) return undefined;
  const bare = range.replace(/^npm:(?:@?[^@]{1,214}@)?/, "");
  if (bare.length <= 256 && semver.validRange(bare) !== null)
    return semver.validRange(bare) === "*" || semver.satisfies(there.version, bare)
      ? undefined
      : `package.json asks for ${shown(range)}, and the lockfile holds ${shown(there.version)}`;
  const before = projects?.get(folder)?.get(name);
  return before === undefined || before === range ? undefined : `package.json asks for ${shown(range)}, and the lockfile was made for ${shown(before)}`;
}

function whyNotSpecified({ projects, overridden }: Extract<Answers, { by: "specifier" }>, { folder, name, range }: Want): string | undefined {
  if (overridden.has(name)) return undefined;
  const written = projects.get(folder)?.get(name);
  if (written === undefined) return `package.json asks for ${shown(range)}, and the lockfile does not hold it`;
  return written === range ? undefined : `package.json asks for ${shown(range)}, and the lockfile was made for ${shown(written)}`;
}

/** pnpm also refuses what nobody asks for any more. Peers may be installed by themselves. */
function findExtra({ projects, overridden }: Extract<Answers, { by: "specifier" }>, folder: string, manifest: Manifest): readonly Missing[] {
  const names = [...(projects.get(folder)?.keys() ?? [])];
  const extra = names.filter((name) => !manifest.wanted.has(name) && !manifest.peers.has(name) && !overridden.has(name) && !manifest.overridden.has(name));
  return extra.map((name) => ({ name, because: "the lockfile holds it for this package.json, which does not ask for it" }));
}

/** What lies in the project itself is not always listed. */
function whyNotListed({ patterns }: Extract<Answers, { by: "pattern" }>, { name, range }: Want): string | undefined {
  if (/^(?:workspace|link|portal|catalog|file|patch):/.test(range) || patternsOf(name, range).some((pattern) => patterns.has(pattern))) return undefined;
  return `package.json asks for ${shown(range)}, and the lockfile does not hold it`;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 100));
