import { basename, dirname, join } from "node:path";

/** A folder of a PATH as it lies on disk. */
export interface ProgramFolder {
  readonly path: string;
  readonly realPath: string;
  /** Where its symbolic links end. */
  readonly programs: readonly string[];
}

/** What belongs to programs in `<prefix>/bin`. */
const PARTS = ["bin", "lib", "lib64", "libexec", "share", "include"];
/** In a prefix straight below a home folder, such as ~/.local, `share` and the rest hold a person's own data. */
const PARTS_AT_HOME = ["bin", "lib", "lib64"];
/** pyenv, rbenv, nodenv and asdf put small scripts on the PATH that start what lies beside them. */
const PARTS_OF_SHIMS = ["shims", "bin", "libexec", "versions", "version", "plugins", "installs", "lib"];

/** Where people's homes lie: everything straight below is one. */
const HOUSES = ["/home", "/Users"];
/** No program's prefix, whatever a PATH says: what lies beside a bin in them is the machine's. */
const NO_PREFIX = ["/", "/etc", "/var", "/run", "/tmp", "/boot", "/dev", "/proc", "/sys"];

/**
 * The folders that the programs on a PATH need, beside the system's own. A program brings its prefix (`/opt/node/bin` brings `/opt/node/lib` and so
 * on), and so does what a link on the PATH leads to. Never a whole home folder, never `/`, and nothing around a path that must stay out of sight.
 * Whether they are there is for others to see.
 *
 * @param system folders that are visible anyway
 * @param homes home folders: nothing of them but programs' folders
 * @param hidden paths that no result may contain or be
 */
export function planProgramFolders(options: {
  readonly folders: readonly ProgramFolder[];
  readonly system: readonly string[];
  readonly homes: readonly string[];
  readonly hidden: readonly string[];
}): string[] {
  const { homes } = options;
  const isHome = (path: string) => NO_PREFIX.includes(path) || homes.includes(path) || HOUSES.includes(dirname(path));
  const wanted = options.folders.flatMap(({ path, realPath, programs }) => [
    ...planPrefix(path, isHome),
    ...planPrefix(realPath, isHome),
    ...programs.flatMap((program) => planLinked(program, isHome)),
  ]);
  const isAllowed = (path: string) => !isHome(path) && !homes.some((home) => isWithin(home, path)) && !options.hidden.some((hidden) => isWithin(hidden, path));
  const needed = [...new Set(wanted)].filter((path) => isAllowed(path) && !options.system.some((root) => isWithin(path, root)));
  return needed.filter((path) => !needed.some((other) => other !== path && isWithin(path, other))).sort();
}

/**
 * What a linked program needs: the outermost node_modules around it, since packages lie beside each other; its prefix; or where it lies in
 * no bin (a script in somebody's project) itself and nothing beside it.
 */
function planLinked(program: string, isHome: (path: string) => boolean): string[] {
  const at = program.indexOf("/node_modules/");
  if (at >= 0) return [join(program.slice(0, at), "node_modules")];
  return basename(dirname(program)) === "bin" ? planPrefix(dirname(program), isHome) : [program];
}

function planPrefix(folder: string, isHome: (path: string) => boolean): string[] {
  const prefix = dirname(folder);
  if (basename(folder) === "shims") return PARTS_OF_SHIMS.map((part) => join(prefix, part));
  if (basename(folder) !== "bin" || isHome(prefix)) return [folder];
  return (isHome(dirname(prefix)) && !NO_PREFIX.includes(dirname(prefix)) ? PARTS_AT_HOME : PARTS).map((part) => join(prefix, part));
}

/** Whether `path` is `around` or lies in it. */
export function isWithin(path: string, around: string): boolean {
  return path === around || path.startsWith(around.endsWith("/") ? around : `${around}/`);
}
