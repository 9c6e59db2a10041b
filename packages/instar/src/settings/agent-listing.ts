import { posix } from "node:path";

export interface FoundProgram {
  /** As it is on the PATH: a link there may later lead to a newer one. */
  readonly path: string;
  readonly version: string | undefined;
}

export type GitFacts =
  | { readonly kind: "repository"; readonly remote: string | undefined; readonly remoteBranch: string | undefined; readonly branch: string | undefined }
  | { readonly kind: "none"; readonly because: string };

/** What was seen of an agent's folder: the only thing that detection decides on. Paths are relative to `root`, with `/`. */
export interface AgentListing {
  /** Absolute: the top of the git work tree, or the folder itself where there is none. */
  readonly root: string;
  /** The folder that was asked about; "." for the root. */
  readonly asked: string;
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  /** Manifests and sources, as far as they are small. */
  readonly texts: ReadonlyMap<string, string>;
  /** What git has under version control; undefined without git. */
  readonly tracked: ReadonlySet<string> | undefined;
  /** Folder → who owns it, in words. */
  readonly owners: ReadonlyMap<string, string>;
  readonly git: GitFacts;
  readonly programs: ReadonlyMap<string, FoundProgram>;
}

/** The path of something inside a folder of the listing. */
export function inside(folder: string, name: string): string {
  return posix.join(folder, name);
}

/** Sources of the agent itself: tests, examples and documents listen at ports that nobody uses. */
export function sourcesOf(listing: AgentListing, directory: string): [path: string, text: string][] {
  return [...listing.texts].filter(([path]) => SOURCE.test(path) && isUnder(path, directory) && !BESIDE.test(path));
}

export function isUnder(path: string, directory: string): boolean {
  return directory === "." || path === directory || path.startsWith(`${directory}/`);
}

const SOURCE = /\.(?:[cm]?[jt]sx?|py|go|rb|rs|java|kt|ex|php)$/;
const BESIDE =
  /(?:^|\/)(?:tests?|__tests__|spec|fixtures|examples?|docs|scripts|bench|benchmarks)\/|[._](?:test|spec)\.[^/]+$|(?:^|\/)(?:test_[^/]+|conftest)\.py$/;
