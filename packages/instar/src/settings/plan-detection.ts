import { basename } from "node:path";
import { satisfies, validRange } from "semver";
import { type AgentListing, inside } from "./agent-listing.ts";
import { type Finding, found, notFound, strongest } from "./finding.ts";
import { parseEnvironmentFile } from "./parse-environment-file.ts";
import { planAgentDirectory } from "./plan-agent-directory.ts";
import { planDeclaredStart, planDeclaredTests, planGoParts } from "./plan-declared-parts.ts";
import { type HealthAnswer, planHealthFinding } from "./plan-health-finding.ts";
import { type InstallAnswer, type LanguageParts, planNodeParts } from "./plan-node-parts.ts";
import { type PortAnswer, planPortFinding } from "./plan-port-finding.ts";
import { insideVenv, planPythonParts } from "./plan-python-parts.ts";
import { planStateFinding, type StateAnswer } from "./plan-state-finding.ts";
import { planTrustFinding, type TrustAnswer } from "./plan-trust-finding.ts";
import { readablePackage } from "./readable-package.ts";
import type { Command } from "./settings.ts";

/** One finding for each question that `instar.yaml` answers. Relative folders outside releases count from the asked folder. */
export interface Detection {
  readonly name: Finding<string>;
  readonly source: Finding<{ readonly git: string; readonly branch: string }>;
  readonly directory: Finding<string>;
  readonly start: Finding<Command>;
  /** agent.path: the folders of the programs that the agent needs, then the system's. */
  readonly path: Finding<readonly string[]>;
  readonly install: Finding<InstallAnswer>;
  readonly build: Finding<Command>;
  readonly tests: Finding<Command>;
  readonly environmentFile: Finding<string>;
  readonly port: Finding<PortAnswer>;
  /** The front's port, first choice first. */
  readonly frontPorts: Finding<readonly number[]>;
  readonly health: Finding<HealthAnswer>;
  readonly state: Finding<StateAnswer>;
  /** Whether callers from this machine are special to it. */
  readonly trust: Finding<TrustAnswer>;
}

/** What the listing says about the agent. Decides only; nothing is read here. */
export function planDetection(listing: AgentListing): Detection {
  const { directory, workspaces } = planAgentDirectory(listing);
  const place = directory.value ?? ".";
  const parts = planNodeParts(listing, place, workspaces) ?? planPythonParts(listing, place) ?? planOtherParts(listing, place);
  const start = planStart(listing, place, parts);
  const environmentFile = planEnvironmentFile(listing, place, parts.environmentFile);
  const environment = environmentIn(listing, place);
  const port = planPortFinding(listing, place, start.value, environment);
  return {
    name: planName(listing, place),
    source: planSource(listing),
    directory,
    start,
    path: planPath(listing, parts),
    install: parts.install,
    build: parts.build,
    tests: strongest(parts.tests, ...planDeclaredTests(listing, place)),
    environmentFile,
    port,
    frontPorts: planFrontPorts(port.value),
    health: planHealthFinding(listing, place, port.value?.port),
    state: planStateFinding(listing, place, environment),
    trust: planTrustFinding(listing, place),
  };
}

function planOtherParts(listing: AgentListing, directory: string): LanguageParts {
  const go = planGoParts(listing, directory);
  return {
    start: go?.start ?? notFound("there is no package.json, Python file, Procfile or Dockerfile that says how it starts"),
    install: notFound("no lockfile of a known package manager is there"),
    build: go?.build ?? notFound("nothing says that it is built"),
    tests: notFound("no tests of a known kind were found"),
    programs: go === undefined ? [] : ["go"],
  };
}

function planStart(listing: AgentListing, directory: string, parts: LanguageParts): Finding<Command> {
  const hasVenv = parts.install.value?.produces.includes(inside(directory, ".venv")) === true;
  const declared = planDeclaredStart(listing, directory).map((finding) =>
    hasVenv && finding.value !== undefined ? { ...finding, value: fromVenv(finding.value) } : finding,
  );
  return strongest(parts.start, ...declared);
}

function fromVenv(command: Command): Command {
  if (typeof command === "string") return insideVenv(command);
  return [insideVenv(command[0] ?? ""), ...command.slice(1)];
}

function planName(listing: AgentListing, directory: string): Finding<string> {
  const written =
    readablePackage(listing, directory)?.name ?? /^\s*name\s*=\s*["']([^"']+)["']/m.exec(listing.texts.get(inside(directory, "pyproject.toml")) ?? "")?.[1];
  const name = nameFrom(written ?? "");
  if (name !== "") return found(name, "certain", `its manifest calls it ${written}`);
  const byFolder = nameFrom(basename(directory === "." ? listing.root : directory));
  return byFolder === ""
    ? found("agent", "guess", "neither a manifest nor the folder has a name that could be used")
    : found(byFolder, "likely", "the folder is called so");
}

function nameFrom(text: string): string {
  return text
    .replace(/^@[^/]+\//, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

function planSource(listing: AgentListing): Detection["source"] {
  const { git, root } = listing;
  if (git.kind === "none") return notFound(git.because, "Instar follows a git repository: run `git init` and commit, or say --source");
  const branch = git.remoteBranch ?? git.branch ?? "main";
  if (git.remote === undefined)
    return found(
      { git: root, branch: git.branch ?? "main" },
      "likely",
      `this folder is a git repository without a remote; its own branch ${git.branch ?? "main"} is followed`,
    );
  if (git.remote.startsWith("-")) return notFound("the remote's address looks like an option of git");
  const clean = git.remote.replace(/^([a-z+]+:\/\/)[^/@]*:[^/@]*@/i, "$1");
  const warning = clean === git.remote ? undefined : "the remote's address holds a password; it was left out, so give git a credential helper";
  return found(
    { git: clean, branch },
    git.remoteBranch === undefined ? "likely" : "certain",
    `the remote that git knows, and its ${git.remoteBranch === undefined ? "checked-out" : "main"} branch`,
    warning,
  );
}

const SYSTEM_PATH = ["/usr/local/bin", "/usr/bin", "/bin"];

function planPath(listing: AgentListing, { programs, wantedVersions }: LanguageParts): Finding<readonly string[]> {
  const [first] = programs;
  if (first === undefined) return notFound("no runtime is known to be needed");
  const program = listing.programs.get(first);
  if (program === undefined)
    return notFound(
      `${first} is not on your PATH (Instar's own runtime does not count: it changes with Instar)`,
      `install ${first}, or say in agent.path where it is`,
    );
  const folders = programs.flatMap((name) => listing.programs.get(name)?.path.replace(/[\\/][^\\/]+$/, "") ?? []);
  const unfit =
    wantedVersions !== undefined && program.version !== undefined && validRange(wantedVersions) !== null && !satisfies(program.version, wantedVersions)
      ? `package.json wants ${first} ${wantedVersions}, and ${program.path} is ${program.version}`
      : undefined;
  return found(
    [...new Set([...folders, ...SYSTEM_PATH])],
    unfit === undefined ? "certain" : "guess",
    `${first} ${program.version ?? "of an unknown version"} is ${program.path}`,
    unfit,
  );
}

/** Not part of a release: it is named as it is seen from the folder of instar.yaml. */
function planEnvironmentFile(listing: AgentListing, directory: string, named: string | undefined): Finding<string> {
  const name = named ?? ".env";
  const path = inside(directory, name);
  if (!listing.files.has(path)) return notFound(`there is no ${name}`);
  const relative = directory === listing.asked ? name : path;
  return found(
    relative,
    "certain",
    `${path} is there`,
    listing.tracked?.has(path) === true ? `${path} is under version control: secrets do not belong there` : undefined,
  );
}

function environmentIn(listing: AgentListing, directory: string): Readonly<Record<string, string>> {
  const path = inside(directory, ".env");
  try {
    return parseEnvironmentFile(listing.texts.get(path) ?? "", path);
  } catch {
    // A line that Instar does not understand is reported when the file is used; here it only means that nothing is known.
    return {};
  }
}

function planFrontPorts(port: PortAnswer | undefined): Finding<readonly number[]> {
  if (port === undefined || port.port === "none") return notFound("an agent without a port needs no front");
  const others = [8080, 8000, 3000, 8081, 8082, 8090, 8888, 9080].filter((other) => other !== port.usual);
  if (port.port === "given" && port.usual !== undefined) return found([port.usual, ...others], "certain", `people know the agent at ${port.usual}`);
  return found(others, "guess", "no port that people know was found");
}
