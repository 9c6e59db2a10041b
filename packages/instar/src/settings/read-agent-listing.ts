import { execFile } from "node:child_process";
import { constants, type Dirent } from "node:fs";
import { access, open, readdir, readFile, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import { explainFileError } from "../platform/durable-files.ts";
import type { AgentListing, FoundProgram, GitFacts } from "./agent-listing.ts";

/** Enough for any agent; a folder of a million files is not walked to its end. */
const MAX_ENTRIES = 8_000;
const MAX_DEPTH = 6;
const MAX_TEXTS = 600;
const MAX_TEXT_BYTES = 262_144;

const SKIPPED = new Set([
  "node_modules",
  ".git",
  ".venv",
  "venv",
  "__pycache__",
  "site-packages",
  "vendor",
  "target",
  "dist",
  "build",
  "coverage",
  ".next",
  ".cache",
  ".tox",
]);
const READ =
  /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|pyproject\.toml|requirements[^/]*\.txt|dev-requirements\.txt|Procfile|Dockerfile|Makefile|go\.mod|\.env)$|\.(?:[cm]?[jt]sx?|py|go|rb|rs|java|kt|ex|php)$/;
const PROGRAMS = ["node", "npm", "pnpm", "yarn", "bun", "python3", "uv", "poetry", "go"];

const run = promisify(execFile);

/**
 * Looks around in an agent's folder, without running or following anything of the agent's: links are not entered, git runs
 * without its hooks and monitors, and of programs only their version is asked.
 *
 * @param folder absolute
 * @param path the operator's PATH
 * @throws InstarError PLATFORM_FAILED where the folder cannot be read
 */
export async function readAgentListing(folder: string, path: string): Promise<AgentListing> {
  const asked = await realpath(folder).catch((error) => {
    throw explainFileError(error, `could not read ${folder}`);
  });
  const place = await readPlace(asked, path);
  const tree = await readTree(place.root);
  const [texts, owners, programs] = await Promise.all([readTexts(place.root, tree.files), readOwners(place.root, tree.folders), readPrograms(path)]);
  return { ...place, ...tree, texts, owners, programs };
}

async function readPlace(folder: string, path: string): Promise<Pick<AgentListing, "root" | "asked" | "git" | "tracked">> {
  const git = (...args: string[]) => askGit(folder, path, args);
  const top = await git("rev-parse", "--show-toplevel");
  if (top.kind !== "answer") return { root: folder, asked: ".", tracked: undefined, git: { kind: "none", because: top.because } };
  const [prefix, files, remote] = [await git("rev-parse", "--show-prefix"), await git("ls-files", "-z", "--full-name", ":/"), await readRemote(git, top.text)];
  return {
    root: resolve(top.text),
    asked: (prefix.kind === "answer" ? prefix.text.replace(/\/$/, "") : "") || ".",
    tracked: files.kind === "answer" ? new Set(files.text.split("\0").filter((name) => name !== "")) : undefined,
    git: remote,
  };
}

type GitAnswer = { readonly kind: "answer"; readonly text: string } | { readonly kind: "refused"; readonly because: string };

async function readRemote(git: (...args: string[]) => Promise<GitAnswer>, top: string): Promise<GitFacts> {
  const head = await git("symbolic-ref", "--short", "--quiet", "HEAD");
  const remotes = await git("remote");
  const names = remotes.kind === "answer" ? remotes.text.split("\n").filter((name) => name !== "" && !name.startsWith("-")) : [];
  const name = names.includes("origin") ? "origin" : names[0];
  const branch = head.kind === "answer" ? head.text : undefined;
  if (name === undefined) return { kind: "repository", remote: undefined, remoteBranch: undefined, branch };
  const address = await git("remote", "get-url", name);
  const remoteHead = await git("symbolic-ref", "--short", "--quiet", `refs/remotes/${name}/HEAD`);
  return {
    kind: "repository",
    remote: address.kind === "answer" ? absoluteAddress(address.text, top) : undefined,
    remoteBranch: remoteHead.kind === "answer" ? remoteHead.text.slice(name.length + 1) : undefined,
    branch,
  };
}

/** A remote such as `../other` counts from the repository; Instar fetches from elsewhere. */
function absoluteAddress(address: string, top: string): string {
  return /^\.{1,2}\//.test(address) ? resolve(top, address) : address;
}

/** The agent can write the repository's configuration: what it could make git run is switched off. */
async function askGit(folder: string, path: string, args: readonly string[]): Promise<GitAnswer> {
  const guards = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", folder];
  const env = { PATH: path, HOME: homedir(), LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" };
  try {
    const { stdout } = await run("git", [...guards, ...args], { env, timeout: 20_000, maxBuffer: 33_554_432 });
    return { kind: "answer", text: stdout.replace(/\n$/, "") };
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return { kind: "refused", because: "git is not on your PATH" };
    if (/dubious ownership/.test(stderr ?? "")) return { kind: "refused", because: "the repository belongs to another user, and git refuses to look at it" };
    return { kind: "refused", because: "this is not a git repository" };
  }
}

async function readTree(root: string): Promise<Pick<AgentListing, "files" | "folders">> {
  const files = new Set<string>();
  const folders = new Set<string>();
  // Breadth first: what lies near the top says most, and the limit must not cut it off.
  let level = [""];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      for (const entry of await readFolder(join(root, folder), folder === "")) {
        if (files.size + folders.size >= MAX_ENTRIES) return { files, folders };
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isFile()) files.add(path);
        if (!entry.isDirectory()) continue;
        folders.add(path);
        if (!SKIPPED.has(entry.name)) next.push(path);
      }
    }
    level = next;
  }
  return { files, folders };
}

/** A folder below that may not be read is no reason to fail; the agent's own folder is. */
async function readFolder(path: string, isRoot: boolean): Promise<Dirent[]> {
  try {
    return (await readdir(path, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isRoot) throw explainFileError(error, `could not read ${path}`);
    return [];
  }
}

async function readTexts(root: string, files: ReadonlySet<string>): Promise<Map<string, string>> {
  const wanted = [...files].filter((path) => READ.test(path)).slice(0, MAX_TEXTS);
  const texts = new Map<string, string>();
  for (const path of wanted) {
    const text = await readText(join(root, path));
    if (text !== undefined) texts.set(path, text);
  }
  return texts;
}

/** The kind is asked of the open file: between the listing and here the agent may have put a link or a pipe in its place. */
async function readText(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    return found.isFile() && found.size <= MAX_TEXT_BYTES ? await file.readFile("utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}

async function readOwners(root: string, folders: ReadonlySet<string>): Promise<Map<string, string>> {
  const names = new Map(
    (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n").map((line) => [line.split(":")[2] ?? "", line.split(":")[0] ?? ""]),
  );
  const owners = new Map<string, string>();
  for (const folder of [...folders].filter((path) => !path.split("/").some((name) => SKIPPED.has(name))).slice(0, 500)) {
    const found = await stat(join(root, folder)).catch(() => undefined);
    const name = names.get(String(found?.uid));
    if (found !== undefined) owners.set(folder, name === undefined ? `uid ${found.uid}` : `${name} (uid ${found.uid})`);
  }
  return owners;
}

async function readPrograms(path: string): Promise<Map<string, FoundProgram>> {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder) && !isInstarsOwn(folder));
  const programs = new Map<string, FoundProgram>();
  for (const name of PROGRAMS) {
    const program = await findProgram(name, folders);
    if (program !== undefined) programs.set(name, { path: program, version: await readVersion(name, program, path) });
  }
  return programs;
}

async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, process.platform === "win32" ? `${name}.exe` : name);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || isInstarsOwn(real) || !(await stat(real)).isFile()) continue;
    const isProgram = await access(real, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isProgram) return path;
  }
  return undefined;
}

/** npm's scripts put node_modules/.bin first, and Instar's pinned Node is an npm package: both go when Instar changes. */
function isInstarsOwn(path: string): boolean {
  return /node_modules[\\/]\.bin|node-gyp-bin|node_modules[\\/]node-(?:bin-)?(?:linux|darwin|win)/.test(path);
}

/** Only of the runtimes: a package manager may fetch another version of itself when it is asked. */
async function readVersion(name: string, program: string, path: string): Promise<string | undefined> {
  if (name !== "node" && name !== "python3") return undefined;
  const answered = await run(program, ["--version"], { env: { PATH: path, HOME: homedir() }, cwd: "/", timeout: 10_000 }).catch(() => undefined);
  return /(\d+\.\d+\.\d+)/.exec(answered?.stdout ?? "")?.[1];
}
