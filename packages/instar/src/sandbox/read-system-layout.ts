import { lstat, readdir, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ProgramFolder } from "./plan-program-folders.ts";

/** What every program of this machine needs to start: its own system folders and some files of /etc. */
export interface SystemLayout {
  /** `linkTo` where the folder is a symbolic link, as /bin is to usr/bin. */
  readonly roots: readonly { readonly path: string; readonly linkTo?: string }[];
  readonly etc: readonly string[];
}

/** Distributions differ; /nix/store and /gnu/store hold nothing but programs. */
const ROOTS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];
/** Read by loaders, TLS libraries and clocks. Not passwd, shadow, hosts, resolv.conf or machine-id: who and where this machine is, is nobody's business. */
const ETC = [
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "alternatives",
  "ssl",
  "ca-certificates",
  "ca-certificates.conf",
  "pki",
  "localtime",
  "timezone",
  "mime.types",
];

export async function readSystemLayout(): Promise<SystemLayout> {
  const roots = await Promise.all(ROOTS.map(readRoot));
  const etc = await Promise.all(ETC.map(async (name) => ((await stat(join("/etc", name)).catch(() => undefined)) === undefined ? [] : [join("/etc", name)])));
  return { roots: roots.flat(), etc: etc.flat() };
}

async function readRoot(path: string): Promise<SystemLayout["roots"]> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return [];
  return [found.isSymbolicLink() ? { path, linkTo: await readlink(path) } : { path }];
}

const known = new Map<string, { readonly mtimeMs: number; readonly folder: ProgramFolder }>();

/** The folders of a PATH that are there, and where their symbolic links lead. Remembered while a folder does not change: /usr/bin has a thousand names. */
export async function readProgramFolders(path: string): Promise<ProgramFolder[]> {
  const folders = await Promise.all([...new Set(path.split(":"))].filter((folder) => folder.startsWith("/")).map(readProgramFolder));
  return folders.flatMap((folder) => folder ?? []);
}

async function readProgramFolder(path: string): Promise<ProgramFolder | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) return undefined;
  const before = known.get(path);
  if (before?.mtimeMs === found.mtimeMs) return before.folder;
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const targets = await Promise.all(
    entries.filter((entry) => entry.isSymbolicLink()).map(async (entry) => realpath(join(path, entry.name)).catch(() => undefined)),
  );
  const folder = { path, realPath: await realpath(path), programs: [...new Set(targets.flatMap((target) => target ?? []))] };
  known.set(path, { mtimeMs: found.mtimeMs, folder });
  return folder;
}

/** Those of the paths that are there. */
export async function readPresent(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(async (path) => ((await stat(path).catch(() => undefined)) === undefined ? [] : [path])));
  return found.flat();
}
