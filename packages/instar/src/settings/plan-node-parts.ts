import { type AgentListing, inside } from "./agent-listing.ts";
import { type Finding, found, notFound, strongest } from "./finding.ts";
import { plainWords } from "./plain-words.ts";
import { type ReadablePackage, readablePackage } from "./readable-package.ts";
import type { Command, SettingsFile } from "./settings.ts";

export type InstallAnswer = NonNullable<SettingsFile["install"]>;

/** What an agent's language tells about it. */
export interface LanguageParts {
  readonly start: Finding<Command>;
  readonly install: Finding<InstallAnswer>;
  readonly build: Finding<Command>;
  readonly tests: Finding<Command>;
  /** The programs that all of it needs, the most important one first. */
  readonly programs: readonly string[];
  /** Which versions of the first of them, as a range. */
  readonly wantedVersions?: string;
  /** A file of variables that the start command names itself. */
  readonly environmentFile?: string;
}

type Manager = "npm" | "pnpm" | "yarn" | "bun";

/** A Node agent, or undefined where the folder has no package.json that can be read. */
export function planNodeParts(listing: AgentListing, directory: string, workspaces: readonly string[]): LanguageParts | undefined {
  const manifest = readablePackage(listing, directory);
  if (manifest === undefined) return undefined;
  const lock = lockOf(listing, directory, workspaces);
  const manager = lock?.manager ?? managerNamed(manifest) ?? "npm";
  const { environmentFile, ...start } = planStart(listing, directory, manifest, manager);
  return {
    start,
    install: planInstall(listing, directory, workspaces, lock, manager),
    build: planBuild(manifest, directory, manager),
    tests: planTests(manifest, directory, manager),
    programs: ["node", manager],
    ...(manifest.engines.node === undefined ? {} : { wantedVersions: manifest.engines.node }),
    ...(environmentFile === undefined ? {} : { environmentFile }),
  };
}

interface Lock {
  readonly manager: Manager;
  readonly place: string;
  readonly path: string;
}

const LOCKFILES: readonly (readonly [string, Manager])[] = [
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

/** A workspace's lockfile lies at the root; any other folder has its own. */
function lockOf(listing: AgentListing, directory: string, workspaces: readonly string[]): Lock | undefined {
  for (const place of workspaces.includes(directory) ? [directory, "."] : [directory])
    for (const [name, manager] of LOCKFILES) if (listing.files.has(inside(place, name))) return { manager, place, path: inside(place, name) };
  return undefined;
}

function managerNamed(manifest: ReadablePackage): Manager | undefined {
  return (["npm", "pnpm", "yarn", "bun"] as const).find((name) => manifest.packageManager?.startsWith(`${name}@`));
}

function planInstall(
  listing: AgentListing,
  directory: string,
  workspaces: readonly string[],
  lock: Lock | undefined,
  manager: Manager,
): Finding<InstallAnswer> {
  const place = lock?.place ?? (workspaces.includes(directory) ? "." : directory);
  const together = [...new Set([place, directory, ...(place === "." ? workspaces : [])])];
  if (workspaces.length === 0 && !together.some((folder) => hasDependencies(readablePackage(listing, folder))))
    return notFound("package.json names no dependencies: there is nothing to install");
  const produces = manager === "pnpm" ? together.filter((folder) => folder === place || hasDependencies(readablePackage(listing, folder))) : [place];
  const answer = (line: string, lockfile: string): InstallAnswer => ({
    command: inFolder(place, line),
    lockfiles: [lockfile],
    produces: produces.map((folder) => inside(folder, "node_modules")),
    share: "copy",
  });
  if (lock === undefined)
    return found(
      answer(`${manager} install`, inside(place, "package.json")),
      "guess",
      "package.json has dependencies",
      "there is no lockfile: two installs of one release may differ",
    );
  const missing = listing.programs.has(manager) ? undefined : `${manager} is not on your PATH`;
  return found(answer(installLine(listing, lock), lock.path), "certain", `${lock.path} is ${manager}'s lockfile`, missing);
}

function installLine(listing: AgentListing, { manager, place }: Lock): string {
  if (manager === "npm") return "npm ci --no-audit --no-fund";
  const isYarnBerry =
    manager === "yarn" && (listing.files.has(inside(place, ".yarnrc.yml")) || /^yarn@[2-9]/.test(readablePackage(listing, place)?.packageManager ?? ""));
  return isYarnBerry ? "yarn install --immutable" : `${manager} install --frozen-lockfile`;
}

function hasDependencies(manifest: ReadablePackage | undefined): boolean {
  return (
    manifest !== undefined && [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].some((names) => Object.keys(names).length > 0)
  );
}

function planStart(listing: AgentListing, directory: string, manifest: ReadablePackage, manager: Manager): Finding<Command> & { environmentFile?: string } {
  const script = manifest.scripts.start;
  if (script === undefined) return planStartFile(listing, directory, manifest);
  const words = manifest.scripts.prestart === undefined ? plainWords(script) : undefined;
  if (words?.[0] === "node") {
    const environmentFile = words.find((word) => word.startsWith("--env-file="))?.slice("--env-file=".length);
    const command = words.filter((word) => !word.startsWith("--env-file"));
    const evidence = `scripts.start in package.json is \`${script}\`; it is started without ${manager} between, so that signals reach it`;
    return { ...found(command, "certain", evidence), ...(environmentFile === undefined ? {} : { environmentFile }) };
  }
  return found([manager, "start"], "certain", `scripts.start in package.json is \`${script}\`, which needs ${manager} to find its programs`);
}

function planStartFile(listing: AgentListing, directory: string, manifest: ReadablePackage): Finding<Command> {
  const main = manifest.main?.replace(/^\.\//, "");
  const byMain =
    main !== undefined && listing.files.has(inside(directory, main)) ? found(["node", main], "likely", `main in package.json is ${main}`) : undefined;
  const name = START_FILES.find((file) => listing.files.has(inside(directory, file)));
  const byName = name === undefined ? undefined : found(["node", name], "guess", `there is no start script, and ${name} looks like the beginning`);
  const nothing = notFound("package.json has no scripts.start and no main that exists");
  return strongest<Command>(nothing, ...[byMain, byName].filter((finding) => finding !== undefined));
}

const START_FILES = [
  "server.js",
  "server.mjs",
  "agent.js",
  "agent.mjs",
  "app.js",
  "bot.js",
  "main.js",
  "index.js",
  "index.mjs",
  "src/server.js",
  "src/index.js",
  "src/main.js",
  "server.ts",
  "agent.ts",
  "index.ts",
  "src/index.ts",
  "src/main.ts",
];

function planBuild(manifest: ReadablePackage, directory: string, manager: Manager): Finding<Command> {
  const script = manifest.scripts.build;
  if (script === undefined) return notFound("package.json has no scripts.build");
  return found(runScript(directory, manager, "build"), "certain", `scripts.build in package.json is \`${script}\``);
}

function planTests(manifest: ReadablePackage, directory: string, manager: Manager): Finding<Command> {
  const script = manifest.scripts.test;
  if (script === undefined) return notFound("package.json has no scripts.test");
  if (isNoTest(script)) return notFound(`scripts.test in package.json tests nothing: \`${script}\``);
  const warning = /--watch(?!=false|All=false)\b/.test(script) ? "the test script watches for changes and may never end" : undefined;
  return found(runScript(directory, manager, "test"), "certain", `scripts.test in package.json is \`${script}\``, warning);
}

/** `npm init` writes a test that only says that there is none. */
function isNoTest(script: string): boolean {
  return script.split(/&&|\|\||;/).every((part) => /^(echo\b.*|exit(\s+\d+)?|true|false|:|)$/.test(part.trim()));
}

function runScript(directory: string, manager: Manager, name: string): Command {
  const words = [manager, "run", name];
  return directory === "." ? words : inFolder(directory, words.join(" "));
}

/** Install, build and tests run at the top of the repository. */
export function inFolder(folder: string, line: string): string {
  if (folder === ".") return line;
  return `cd ${/^[\w./@-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`} && ${line}`;
}
