/** What a lockfile says, whichever package manager wrote it. Nothing of it is proved: it is text from the tree. */
export interface Lockfile {
  readonly manager: "npm" | "pnpm" | "yarn";
  /** The version of the format, as the file names it: `3`, `9.0`, `1`, `berry 8`. */
  readonly format: string;
  /** By the package's own name; an alias is listed under what it stands for. */
  readonly packages: ReadonlyMap<string, readonly LockedPackage[]>;
  readonly answers: Answers;
}

export interface LockedPackage {
  /** Empty where there is none to tell. */
  readonly version: string;
  /** As written: one or more `algorithm-base64`, yarn's `cacheKey/hex`, or `sha1:hex` from an address of yarn 1. */
  readonly integrity: string | null;
  readonly resolved: Resolved;
  /** null: the format does not say. */
  readonly hasInstallScript: boolean | null;
  /** The Node versions it asks for; null where nothing is written, which with yarn is always. */
  readonly engines: string | null;
  readonly isDirect: boolean | null;
  readonly isDev: boolean | null;
}

/** Where a package's bytes come from. */
export interface Resolved {
  readonly protocol: "registry" | "git" | "file" | "http" | "link" | "unknown";
  /** Lower case; null where the file leaves it to the machine's settings, and for what is local. */
  readonly host: string | null;
  /** The whole address without user and password; null as above. */
  readonly at: string | null;
  readonly isEncrypted: boolean;
}

/** How to ask a lockfile whether it holds what a package.json wants. Each manager decides that by other means. */
export type Answers =
  /** npm: what is installed in which folder (`node_modules/a/node_modules/b`), and what each project had asked for (null: not written). */
  | { readonly by: "place"; readonly places: ReadonlyMap<string, PlacedPackage>; readonly projects: Projects | null }
  /** pnpm: the wanted ranges must be the written ones, letter by letter, unless they are overridden. */
  | { readonly by: "specifier"; readonly projects: Projects; readonly overridden: ReadonlySet<string> }
  /** yarn: every wanted `name@range` is a key. The folders are null where the format does not name its projects. */
  | { readonly by: "pattern"; readonly patterns: ReadonlySet<string>; readonly folders: ReadonlySet<string> | null };

export interface PlacedPackage {
  readonly name: string;
  readonly version: string;
  readonly isLink: boolean;
  readonly engines: string | null;
  /** What must stand beside it, without what may be absent: name → range. */
  readonly peers: ReadonlyMap<string, string>;
}

/** Project folder (empty for the lockfile's own) → name → range. */
export type Projects = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface Unreadable {
  readonly unreadable: string;
}

export function addPackage(packages: Map<string, LockedPackage[]>, name: string, entry: LockedPackage): void {
  const there = packages.get(name);
  if (there === undefined) packages.set(name, [entry]);
  else there.push(entry);
}
