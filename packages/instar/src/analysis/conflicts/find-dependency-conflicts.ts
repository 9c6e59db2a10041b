import type { Conflict } from "@instar/protocol";
import semver from "semver";
import { findLockfileMismatches, type LockfileMismatch } from "../lockfiles/find-lockfile-mismatch.ts";
import { findPlaced } from "../lockfiles/find-placed.ts";
import type { Lockfile } from "../lockfiles/lockfile.ts";
import { parseLockfile } from "../lockfiles/parse-lockfile.ts";
import { parseManifest } from "../lockfiles/parse-manifest.ts";
import type { NamedText } from "../lockfiles/plan-dependency-changes.ts";
import type { Runtime } from "./find-version-mismatches.ts";
import { judgeNodeRange } from "./judge-range.ts";

export interface DependencyQuestion {
  readonly packages: readonly NamedText[];
  readonly lockfiles: readonly NamedText[];
  readonly before?: { readonly packages: readonly NamedText[]; readonly lockfiles: readonly NamedText[] };
  readonly runtime: Pick<Runtime, "node">;
  readonly directory?: string;
  readonly install?: string | readonly string[] | null;
}

/**
 * What an installation would stumble over. Only one thing blocks: a lockfile that this change made stale, where the install command is known to
 * refuse such a one. The rest is said; the installation itself has the last word.
 */
export function findDependencyConflicts(question: DependencyQuestion): Conflict[] {
  const own = ownOf(question);
  const locked = own.lockfiles.flatMap(({ path, text }) => {
    const lockfile = parseLockfile(path, text);
    return "unreadable" in lockfile ? [] : [{ path, lockfile }];
  });
  return [
    ...ofStale(question),
    ...ofManagers(locked, own.packages),
    ...firstOf(locked.flatMap(({ path, lockfile }) => findPeerProblems(path, lockfile))),
    ...locked.flatMap(({ path, lockfile }) => ofEngines(path, lockfile, question.runtime.node)),
  ];
}

const conflict = (what: string, because: string, blocks: boolean, advice: string): Conflict => ({
  kind: "dependency_conflict",
  what,
  because,
  resolution: "manual",
  blocks,
  advice,
});

/** What lies in the root or in the agent's folder; a lockfile of an example deep in the tree installs nothing. */
function ownOf({ packages, lockfiles, directory = "." }: DependencyQuestion): {
  readonly packages: readonly NamedText[];
  readonly lockfiles: readonly NamedText[];
} {
  const agent = directory.replace(/^(?:\.\/)+|\/+$/g, "");
  const isOwn = ({ path }: NamedText) => [".", agent === "" ? "." : agent].includes(folderOf(path));
  return { packages: packages.filter(isOwn), lockfiles: lockfiles.filter(isOwn) };
}

const folderOf = (path: string): string => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".");

function ofStale(question: DependencyQuestion): Conflict[] {
  const { before, install } = question;
  const own = ownOf(question);
  const found = findLockfileMismatches([...own.lockfiles, ...question.packages]);
  const known = new Set(before === undefined ? [] : findLockfileMismatches([...before.lockfiles, ...before.packages]).map(identityOf));
  const stops = isByLockfile(install ?? null);
  return firstOf(
    found.map((mismatch) => {
      const what = mismatch.name ?? mismatch.lockfile;
      const because = `${mismatch.lockfile} and ${mismatch.manifest} do not agree: ${mismatch.because}`;
      if (mismatch.kind === "unknown") return conflict(what, because, false, "What would be installed could not be told beforehand.");
      if (known.has(identityOf(mismatch))) return conflict(what, `${because}; so it is in the version that runs`, false, "");
      return conflict(what, because, stops, "Install once in the source, and commit the lockfile.");
    }),
  );
}

const identityOf = ({ lockfile, manifest, name, because }: LockfileMismatch): string => JSON.stringify([lockfile, manifest, name, because]);

/** Whether a command installs what the lockfile holds or nothing. */
export function isByLockfile(command: string | readonly string[] | null): boolean {
  const words = typeof command === "string" ? command.split(/[\s;&|]+/) : (command ?? []);
  const isNpmCi = words.some((word, index) => /(?:^|\/)npm$/.test(word) && ["ci", "clean-install"].includes(words[index + 1] ?? ""));
  return isNpmCi || words.some((word) => ["--frozen-lockfile", "--immutable"].includes(word));
}

interface Locked {
  readonly path: string;
  readonly lockfile: Lockfile;
}

/** Two lockfiles in one folder, of which only one is asked; and one that package.json's own manager does not read. */
function ofManagers(locked: readonly Locked[], packages: readonly NamedText[]): Conflict[] {
  return packages.flatMap(({ path, text }) => {
    const manifest = parseManifest(text);
    const beside = locked.filter((other) => folderOf(other.path) === folderOf(path));
    if ("unreadable" in manifest || beside.length === 0) return [];
    const named = /^(npm|pnpm|yarn)@/.exec(manifest.packageManager ?? "")?.[1];
    const conflicts: Conflict[] = [];
    if (named !== undefined && !beside.some(({ lockfile }) => lockfile.manager === named))
      conflicts.push(conflict(path, `it names ${named}, and ${beside[0]?.path ?? ""} is another manager's`, false, "Keep one manager and its lockfile."));
    const [first, ...others] = beside;
    for (const other of first === undefined ? [] : others) {
      const apart = [...manifest.wanted.keys()].filter((name) => disagree(first?.lockfile, other.lockfile, name));
      if (apart.length > 0)
        conflicts.push(
          conflict(
            other.path,
            `it and ${first?.path ?? ""} hold other versions of ${listed(apart)}; which are installed depends on who installs`,
            false,
            "Keep one of them.",
          ),
        );
    }
    return conflicts;
  });
}

function disagree(one: Lockfile | undefined, other: Lockfile, name: string): boolean {
  const [here, there] = [one?.packages.get(name) ?? [], other.packages.get(name) ?? []].map((entries) => new Set(entries.map(({ version }) => version)));
  return here !== undefined && there !== undefined && here.size > 0 && there.size > 0 && [...here].every((version) => !there.has(version));
}

/** Of npm alone: the other formats name what they gave each package. */
function findPeerProblems(path: string, { answers }: Lockfile): Conflict[] {
  if (answers.by !== "place") return [];
  const advice = "npm refuses to install this unless legacy-peer-deps is set, which also makes such lockfiles.";
  return [...answers.places].flatMap(([place, { name, version, peers }]) => {
    const folder = place.slice(0, Math.max(0, place.lastIndexOf("node_modules/") - 1));
    return [...peers].flatMap(([peer, range]) => {
      const found = findPlaced(answers.places, folder, peer)?.found;
      if (found === undefined)
        return [conflict(name, `in ${path}, ${quoted(`${name}@${version}`)} needs ${quoted(`${peer}@${range}`)} beside it, which is not there`, false, advice)];
      const isMet =
        found.isLink || range.length > 256 || semver.validRange(range) === null || semver.satisfies(found.version, range, { includePrerelease: true });
      return isMet
        ? []
        : [
            conflict(
              name,
              `in ${path}, ${quoted(`${name}@${version}`)} needs ${quoted(`${peer}@${range}`)} beside it, and ${quoted(found.version)} is there`,
              false,
              advice,
            ),
          ];
    });
  });
}

function ofEngines(path: string, { packages }: Lockfile, node: string | null): Conflict[] {
  if (node === null) return [];
  const names = [...packages].flatMap(([name, entries]) =>
    entries.some(({ engines, isDev }) => isDev !== true && engines !== null && judgeNodeRange(node, engines) === "unmet") ? [name] : [],
  );
  if (names.length === 0) return [];
  return [
    conflict(
      path,
      `another Node than ${node} is asked for by ${listed(names)}`,
      false,
      "Most package managers install them all the same; whether they work, the tests must show.",
    ),
  ];
}

/** A report is read by people. */
const NAMED = 20;

function firstOf(conflicts: readonly Conflict[]): Conflict[] {
  const sorted = [...conflicts].sort((a, b) => Number(b.blocks) - Number(a.blocks));
  const [rest] = sorted.slice(NAMED);
  if (rest === undefined) return sorted;
  return [...sorted.slice(0, NAMED), { ...rest, what: `${sorted.length - NAMED} more`, because: "of the same kind" }];
}

function listed(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${names.slice(0, 5).map(quoted).join(", ")}${more}`;
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));
