import type { DependencyChange } from "@instar/protocol";
import { findConcerns, registryOf } from "./find-concerns.ts";
import { isLookAlike } from "./find-look-alike.ts";
import { judgeVersions } from "./judge-versions.ts";
import type { LockedPackage, Lockfile } from "./lockfile.ts";
import { isLockfile, parseLockfile } from "./parse-lockfile.ts";
import { parseManifest } from "./parse-manifest.ts";

export interface NamedText {
  /** Relative to the tree, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface DependencyChanges {
  readonly changes: readonly DependencyChange[];
  /** What these lockfiles changed is not known, on either side of the change. */
  readonly unreadable: readonly { readonly path: string; readonly because: string }[];
  /** A lockfile that is new, gone, or of another manager. */
  readonly notes: readonly { readonly path: string; readonly because: string }[];
}

/**
 * What a change does to what is installed, by the lockfiles before and after; package.json files among them tell which packages are direct
 * where a lockfile does not say. A lockfile that is the same text on both sides is not read. Pure.
 *
 * @param node the Node that would run it; null where that is not known
 */
export function planDependencyChanges(
  before: readonly NamedText[],
  after: readonly NamedText[],
  { node }: { readonly node: string | null } = { node: null },
): DependencyChanges {
  const changes: DependencyChange[] = [];
  const unreadable: { path: string; because: string }[] = [];
  const notes: { path: string; because: string }[] = [];
  for (const { from, to } of pairLockfiles(before, after)) {
    if (from?.path === to?.path && from?.text === to?.text) continue;
    notes.push(...noteOf(from?.path, to?.path));
    const [old, fresh] = [read(from, unreadable), read(to, unreadable)];
    if (old === "unreadable" || fresh === "unreadable") continue;
    const directs = { before: directsOf(from?.path, before), after: directsOf(to?.path, after) };
    changes.push(...compare({ path: to?.path ?? from?.path ?? "", before: old, after: fresh, directs, node }));
  }
  return { changes, unreadable, notes };
}

interface Pair {
  readonly from: NamedText | undefined;
  readonly to: NamedText | undefined;
}

/** By path; what is left over of one folder belongs together: the project went to another manager. */
function pairLockfiles(before: readonly NamedText[], after: readonly NamedText[]): readonly Pair[] {
  const [old, fresh] = [before, after].map((texts) => new Map(texts.filter(({ path }) => isLockfile(path)).map((text) => [text.path, text]))) as [
    Map<string, NamedText>,
    Map<string, NamedText>,
  ];
  const pairs: Pair[] = [];
  for (const [path, to] of fresh) {
    const elsewhere = old.has(path) ? path : [...old.keys()].find((other) => !fresh.has(other) && folderOf(other) === folderOf(path));
    pairs.push({ from: elsewhere === undefined ? undefined : old.get(elsewhere), to });
    if (elsewhere !== undefined) old.delete(elsewhere);
  }
  return [...pairs, ...[...old.values()].map((from) => ({ from, to: undefined }))];
}

function noteOf(from: string | undefined, to: string | undefined): DependencyChanges["notes"] {
  if (from === to) return [];
  if (to === undefined) return [{ path: from ?? "", because: "it was deleted: nothing says any more which versions are installed" }];
  if (from === undefined) return [{ path: to, because: "it is new" }];
  return [{ path: to, because: `it takes the place of ${JSON.stringify(from)}` }];
}

function read(file: NamedText | undefined, unreadable: { path: string; because: string }[]): Lockfile | "unreadable" | undefined {
  if (file === undefined) return undefined;
  const lockfile = parseLockfile(file.path, file.text);
  if (!("unreadable" in lockfile)) return lockfile;
  unreadable.push({ path: file.path, because: lockfile.unreadable });
  return "unreadable";
}

/** What the project's package.json files ask for; null where the lockfile's own one is missing or cannot be read. */
function directsOf(lockfile: string | undefined, texts: readonly NamedText[]): ReadonlySet<string> | null {
  if (lockfile === undefined) return null;
  const folder = folderOf(lockfile);
  const manifests = texts.filter(({ path }) => path.startsWith(folder) && /(?:^|\/)package\.json$/.test(path));
  if (!manifests.some(({ path }) => path === `${folder}package.json`)) return null;
  const names = new Set<string>();
  for (const { text } of manifests) {
    const manifest = parseManifest(text);
    if ("unreadable" in manifest) return null;
    for (const name of manifest.wanted.keys()) names.add(name);
  }
  return names;
}

interface Comparing {
  readonly path: string;
  readonly before: Lockfile | undefined;
  readonly after: Lockfile | undefined;
  readonly directs: { readonly before: ReadonlySet<string> | null; readonly after: ReadonlySet<string> | null };
  readonly node: string | null;
}

/** Of one package; honest lockfiles hold a dozen. */
const MAX_ENTRIES = 500;

function compare({ path, before, after, directs, node }: Comparing): DependencyChange[] {
  const knownHosts = new Set([...(before?.packages.values() ?? [])].flat().flatMap(registryOf));
  const known = [...namesOfDirect(before, directs.before)].slice(0, MAX_KNOWN);
  const names = [...new Set([...(before?.packages.keys() ?? []), ...(after?.packages.keys() ?? [])])].sort();
  return names.flatMap((name) => {
    const then = before?.packages.get(name) ?? [];
    const now = after?.packages.get(name) ?? [];
    if (isSame(then, now)) return [];
    const isFlood = then.length + now.length > MAX_ENTRIES;
    const [from, to] = [then, now].map((entries) => versionsOf(entries.slice(0, MAX_ENTRIES))) as [string[], string[]];
    const kind = then.length === 0 ? "added" : now.length === 0 ? "removed" : "changed";
    const alike = kind === "added" ? known.filter((other) => isLookAlike(name, other)) : [];
    const concerns = [
      ...(isFlood
        ? [`it is listed ${then.length + now.length} times, too often to be compared`]
        : findConcerns({ before: then, after: now, knownHosts, node })),
      ...alike.map((other) => `its name is one slip from ${JSON.stringify(other)}, which the project uses`),
    ];
    const bump = isFlood ? "unknown" : judgeVersions(from, to);
    if (bump === "downgrade") concerns.push("it goes back to an older version");
    if (kind === "changed" && concerns.length === 0 && bump === "none" && from.join() === to.join()) return [];
    const shown = now.length === 0 ? then : now;
    return [
      {
        name,
        manager: (after ?? before)?.manager ?? "npm",
        lockfile: path,
        kind,
        from,
        to,
        bump,
        direct: anyOf(shown.map((entry) => entry.isDirect ?? (now.length === 0 ? directs.before : directs.after)?.has(name) ?? null)),
        installScripts: anyOf(shown.map(({ hasInstallScript }) => hasInstallScript)),
        engines: [...new Set(shown.flatMap(({ engines }) => engines ?? []))].join(" and ").slice(0, 300) || null,
        concerns,
      },
    ];
  });
}

/** Every added name is held against each of these. */
const MAX_KNOWN = 5_000;

/** Of the lockfile before: in the one after, a slip and what it imitates may both be new, and neither tells which it is. */
function namesOfDirect(lockfile: Lockfile | undefined, said: ReadonlySet<string> | null): Set<string> {
  const names = new Set(said ?? []);
  for (const [name, entries] of lockfile?.packages ?? []) if (entries.some(({ isDirect }) => isDirect === true)) names.add(name);
  return names;
}

/** How often and where the same bytes are installed changes nothing. */
function isSame(then: readonly LockedPackage[], now: readonly LockedPackage[]): boolean {
  const [before, after] = [new Set(then.map(identityOf)), new Set(now.map(identityOf))];
  return before.size === after.size && [...before].every((identity) => after.has(identity));
}

/** Not whether it is direct: that alone installs nothing else. */
const identityOf = ({ version, integrity, resolved, hasInstallScript, engines }: LockedPackage): string =>
  JSON.stringify([version, integrity, resolved.protocol, resolved.at, hasInstallScript, engines]);

const versionsOf = (entries: readonly LockedPackage[]): string[] =>
  [...new Set(entries.map(({ version, resolved }) => version || (resolved.at ?? "unknown").slice(0, 200)))].sort();

function anyOf(answers: readonly (boolean | null)[]): boolean | null {
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
