import { parse } from "yaml";
import { type AgentListing, inside, isUnder } from "./agent-listing.ts";
import { type Finding, found } from "./finding.ts";
import { readablePackage } from "./readable-package.ts";

export interface AgentDirectory {
  readonly directory: Finding<string>;
  /** The folders that are installed together with the agent from the repository's root; none without workspaces. */
  readonly workspaces: readonly string[];
}

/** Which folder of the repository is the agent: the one asked about, or the workspace that can be started. */
export function planAgentDirectory(listing: AgentListing): AgentDirectory {
  const workspaces = workspacesOf(listing);
  if (listing.asked !== ".")
    return {
      directory: found(listing.asked, "certain", `init was run in ${listing.asked} of the repository`),
      workspaces: workspaces.filter((place) => place === listing.asked).length > 0 ? workspaces : [],
    };
  const startable = workspaces.filter((place) => readablePackage(listing, place)?.scripts.start !== undefined);
  const [first] = startable.toSorted((a, b) => rank(a) - rank(b));
  if (workspaces.length === 0 || readablePackage(listing, ".")?.scripts.start !== undefined || first === undefined)
    return { directory: found(".", "certain", "the agent is the whole repository"), workspaces };
  const others = startable.filter((place) => place !== first);
  const directory =
    others.length === 0
      ? found(first, "likely", `${first} is the only workspace with a start script`)
      : found(first, "guess", `${first} has a start script`, `${others.join(", ")} can be started too; say --directory if the agent is there`);
  return { directory, workspaces };
}

/** The folders that the root's package.json or pnpm-workspace.yaml counts as one installation. */
function workspacesOf(listing: AgentListing): string[] {
  const patterns = [...(readablePackage(listing, ".")?.workspaces ?? []), ...pnpmPatterns(listing)];
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!")).map(matcherOf);
  const unwanted = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => matcherOf(pattern.slice(1)));
  return [...listing.folders]
    .filter((folder) => listing.files.has(inside(folder, "package.json")))
    .filter((folder) => wanted.some((matcher) => matcher.test(folder)) && !unwanted.some((matcher) => matcher.test(folder)))
    .toSorted();
}

function pnpmPatterns(listing: AgentListing): string[] {
  const text = listing.texts.get("pnpm-workspace.yaml");
  if (text === undefined) return [];
  try {
    const packages: unknown = parse(text, { maxAliasCount: 10 })?.packages;
    return Array.isArray(packages) ? packages.filter((entry) => typeof entry === "string") : [];
  } catch {
    return [];
  }
}

function matcherOf(pattern: string): RegExp {
  const parts = pattern.replace(/^\.\//, "").replace(/\/$/, "").split(/(\*+)/);
  return new RegExp(
    `^${parts.map((part) => (part === "*" ? "[^/]+" : part.startsWith("*") ? ".+" : part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"))).join("")}$`,
  );
}

const LIKELY_NAMES = ["agent", "bot", "server", "app", "api", "worker"];

function rank(place: string): number {
  const index = LIKELY_NAMES.findIndex((name) => isUnder(place, name) || place.endsWith(`/${name}`));
  return index < 0 ? LIKELY_NAMES.length : index;
}
