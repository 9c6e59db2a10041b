import { posix } from "node:path";
import { type AgentListing, inside, isUnder, sourcesOf } from "./agent-listing.ts";
import { type Finding, found } from "./finding.ts";
import type { SettingsFile } from "./settings.ts";

export type StateAnswer = NonNullable<SettingsFile["state"]>;

/** Where the agent keeps what it must not lose, and how it is told. Nothing found is an answer too, but only a guess. */
export function planStateFinding(listing: AgentListing, directory: string, environment: Readonly<Record<string, string>>): Finding<StateAnswer> {
  const mention = sourcesOf(listing, directory).flatMap(([path, text]) => mentionsIn(path, text))[0];
  if (mention !== undefined) return planNamedFolder(listing, directory, mention, environment[mention.variable]);
  const folder = FOLDERS.map((name) => inside(directory, name)).find((path) => listing.folders.has(path) && !holdsCode(listing, path));
  if (folder !== undefined)
    return found(
      { kind: "exclusive", directory: fromAsked(listing, folder) },
      "likely",
      `${folder}/ is there and not under version control${ownerOf(listing, folder)}`,
      "no variable tells the agent where its state is: each release has a folder of its own, so the agent must be told (state.variable, or {state} in agent.start)",
    );
  const database = [...listing.files].find((path) => isUnder(path, directory) && /\.(?:db|sqlite3?)$/.test(path) && listing.tracked?.has(path) !== true);
  if (database !== undefined) {
    const parent = posix.dirname(database);
    if (parent !== "." && parent !== directory)
      return found(
        { kind: "exclusive", directory: fromAsked(listing, parent) },
        "guess",
        `${database} is a database${ownerOf(listing, parent)}`,
        "no variable tells the agent where its state is (state.variable)",
      );
    return found(
      { kind: "none" },
      "guess",
      `${database} lies beside the code`,
      `${database} looks like state, but lies beside the code, which changes: move it into a folder of its own and name that in state.directory. Until then it is NOT backed up`,
    );
  }
  const outside = [
    ...Object.entries(environment)
      .filter(([name]) => OUTSIDE.test(name))
      .map(() => ".env"),
    ...sourcesOf(listing, directory)
      .filter(([, text]) => OUTSIDE.test(text))
      .map(([path]) => path),
  ][0];
  if (outside !== undefined)
    return found({ kind: "external" }, "likely", `${outside} names a database elsewhere`, "Instar does not back up a database elsewhere");
  return found(
    { kind: "none" },
    "guess",
    "no data/ or state/ folder, no database file and no variable such as DATA_DIR was found",
    "if the agent keeps anything on disk, name it in state.directory: what is not named is not backed up",
  );
}

const FOLDERS = ["data", "state", ".data", ".state", "storage", "memory", "var"];
const OUTSIDE = /\b(?:DATABASE_URL|POSTGRES_URL|MONGO_URL|MONGODB_URI|REDIS_URL|SUPABASE_URL)\b/;

interface Mention {
  readonly path: string;
  readonly variable: string;
  readonly usual: string | undefined;
}

const READS_FOLDER =
  /(?:\benv(?:\.|\[["'])|environ(?:\.get\(|\[)\s*["']|[gG]etenv\(\s*["'])((?:[A-Z][A-Z0-9]*_)*(?:DATA|STATE|STORAGE|MEMORY|WORKSPACE|DB|DATABASE)_(?:DIR|DIRECTORY|FOLDER|ROOT|PATH|HOME))\b["']?[)\]]?\s*(?:(?:\|\||\?\?|,|\bor\b)\s*["'`]([^"'`\n]+)["'`])?/g;

/** A variable that names one file cannot be given a folder. */
function mentionsIn(path: string, text: string): Mention[] {
  return [...text.matchAll(READS_FOLDER)]
    .map(([, variable = "", usual]) => ({ path, variable, usual }))
    .filter(({ variable, usual }) => !variable.endsWith("_PATH") || (usual !== undefined && posix.extname(usual) === ""));
}

function planNamedFolder(listing: AgentListing, directory: string, { path, variable, usual }: Mention, written: string | undefined): Finding<StateAnswer> {
  const told = written ?? usual;
  const usable = told === undefined || /[~$]/.test(told) ? undefined : told;
  const existing = FOLDERS.map((name) => inside(directory, name)).find((folder) => listing.folders.has(folder) && !holdsCode(listing, folder));
  const place = usable === undefined ? (existing ?? inside(directory, "data")) : posix.isAbsolute(usable) ? usable : inside(directory, usable);
  const shown = listing.folders.has(place) ? `${place}/ is there${ownerOf(listing, place)}` : `${place}/ is made at the first start`;
  const said = written !== undefined ? "the .env file gives it" : usual !== undefined ? `${usual} is the usual place` : "where that is was not found";
  return found(
    { kind: "exclusive", directory: fromAsked(listing, place), variable },
    usable === undefined ? "likely" : "certain",
    `${path} reads ${variable}, and ${said}; ${shown}`,
  );
}

/** Files under version control are code; a folder that is kept by an empty marker is not. */
function holdsCode(listing: AgentListing, folder: string): boolean {
  return [...(listing.tracked ?? [])].some((path) => isUnder(path, folder) && !/\/\.(?:gitkeep|gitignore|keep)$/.test(path));
}

function ownerOf(listing: AgentListing, folder: string): string {
  const owner = listing.owners.get(folder);
  return owner === undefined ? "" : `, owned by ${owner}`;
}

/** Relative to the folder where instar.yaml will lie; a folder outside it is named in full. */
function fromAsked(listing: AgentListing, path: string): string {
  if (posix.isAbsolute(path)) return path;
  const relative = posix.relative(listing.asked, path);
  return relative === "" ? "." : relative.startsWith("..") ? posix.join(listing.root, path) : relative;
}
