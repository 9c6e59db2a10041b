import { findStartScript } from "./find-start-script.ts";
import { findTreeProblem, type TreeEntry } from "./find-tree-problem.ts";

export interface PackageQuestion {
  readonly entries: readonly TreeEntry[];
  /** agent.start: a program and its arguments, or a line for the shell. */
  readonly startCommand: string | readonly string[];
  /** agent.directory: relative to the repository's root, `.` for the root. */
  readonly agentDirectory: string;
  /** The text of the agent folder's package.json, where there is one: `npm start` can only be judged by it. */
  readonly packageJson?: string | undefined;
  /** Folders that installing makes (install.produces), relative to the repository's root. */
  readonly produces?: readonly string[];
  /** With a build, a start script that the commit lacks may still come to be. */
  readonly hasBuild: boolean;
  readonly limits?: { readonly files: number; readonly sizeBytes: number };
}

export type PackageDecision = { readonly kind: "acceptable" } | { readonly kind: "refused"; readonly because: string };

/** A tree larger than this is a mistake (a committed data set) or an attack on the disk. */
const PACKAGE_LIMITS = { files: 200_000, sizeBytes: 2 * 1_024 ** 3 } as const;

/** Whether a commit is acceptable as a release, judged before anything of it is written or run. Pure. */
export function decidePackage(question: PackageQuestion): PackageDecision {
  const because = findSizeProblem(question) ?? findTreeProblem(question.entries) ?? findNameClash(question.entries) ?? findStartProblem(question);
  return because === undefined ? { kind: "acceptable" } : { kind: "refused", because };
}

function findSizeProblem({ entries, limits = PACKAGE_LIMITS }: PackageQuestion): string | undefined {
  if (entries.length === 0) return "the commit holds no file";
  if (entries.length > limits.files) return `the commit holds ${entries.length} files; at most ${limits.files} are taken`;
  const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  return sizeBytes > limits.sizeBytes ? `the commit holds ${sizeBytes} bytes; at most ${limits.sizeBytes} are taken` : undefined;
}

/** Two names that a case-insensitive file system holds for one would give different trees on different machines. */
function findNameClash(entries: readonly TreeEntry[]): string | undefined {
  const seen = new Map<string, string>();
  for (const { path } of entries)
    for (const prefix of prefixesOf(path)) {
      const folded = prefix.normalize("NFC").toLowerCase();
      const other = seen.get(folded);
      if (other === undefined) seen.set(folded, prefix);
      else if (other !== prefix) return `${JSON.stringify(other)} and ${JSON.stringify(prefix)} are the same name on some systems`;
    }
  return undefined;
}

function* prefixesOf(path: string): Iterable<string> {
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) yield path.slice(0, end);
  yield path;
}

function findStartProblem(question: PackageQuestion): string | undefined {
  const folder = normalise(question.agentDirectory) ?? "";
  const paths = new Set(question.entries.flatMap(({ path }) => [...prefixesOf(path)]));
  if (folder !== "" && !paths.has(folder)) return `the commit has no folder ${JSON.stringify(folder)}, where the agent should lie`;
  const script = findStartScript(question.startCommand);
  if (script.kind === "npm-script") return findNpmProblem(script.name, question, paths.has(join(folder, "server.js")));
  if (script.kind === "elsewhere" || question.hasBuild) return undefined;
  const options = script.options.map((option) =>
    option.startsWith("{release}/") ? normalise(option.slice("{release}/".length)) : normalise(join(folder, option)),
  );
  const named = options[0];
  if (named === undefined) return `the start command's ${JSON.stringify(script.options[0])} lies outside the repository`;
  const isMade = (question.produces ?? []).some((made) => `${named}/`.startsWith(`${normalise(made)}/`));
  if (isMade || options.some((option) => option !== undefined && paths.has(option))) return undefined;
  return `the start command runs ${JSON.stringify(named)}, which the commit does not hold`;
}

function findNpmProblem(name: string, { packageJson, agentDirectory }: PackageQuestion, hasServer: boolean): string | undefined {
  if (packageJson === undefined)
    return `the start command runs the npm script ${JSON.stringify(name)}, but there is no package.json in ${JSON.stringify(agentDirectory)}`;
  const scripts = parseScripts(packageJson);
  if (scripts === undefined) return "package.json is not a JSON object";
  // npm's own default for `npm start`.
  const isThere = typeof scripts[name] === "string" || (name === "start" && hasServer);
  return isThere ? undefined : `the start command runs the npm script ${JSON.stringify(name)}, which package.json does not have`;
}

function parseScripts(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
    const scripts = (parsed as { scripts?: unknown }).scripts;
    return typeof scripts === "object" && scripts !== null ? { ...scripts } : {};
  } catch {
    return undefined;
  }
}

function join(folder: string, path: string): string {
  return folder === "" ? path : `${folder}/${path}`;
}

/** Without `.` and `..`; undefined where it leaves the root. */
function normalise(path: string): string | undefined {
  const at: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") at.push(name);
    else if (at.pop() === undefined) return undefined;
  }
  return at.join("/");
}
