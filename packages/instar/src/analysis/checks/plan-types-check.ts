import { isAbsolute, join, normalize } from "node:path";
import semver from "semver";

export interface TypesQuestion {
  /** Absolute: a copy of the candidate, with what it installs. */
  readonly tree: string;
  readonly hasTsconfig: boolean;
  /** Its own `typescript/bin/tsc`, absolute; null where it has none. */
  readonly tscPath: string | null;
  /** The version in that package's package.json; null where it says none. */
  readonly tscVersion: string | null;
  /** The Node it would be run with. */
  readonly node: string;
}

export type PlannedCheck =
  | { readonly kind: "run"; readonly argv: readonly string[]; readonly tool: string }
  | { readonly kind: "nodata"; readonly because: string };

/** `--explainFiles` is younger than the other options that are taken back. */
const OLDEST = "4.2.0";
/** Before it, `noCheck` was not there to be used. */
const KNOWS_NO_CHECK = "5.6.0";

/**
 * The candidate's own compiler with its own settings. The settings are hostile: whatever in them writes a file, lists files among the findings,
 * or turns the checking off is taken back on the command line, which goes before. `declaration` stays: with it more is checked, and `--noEmit`
 * writes none. Plugins are an editor's, and references are built by `--build` alone.
 */
export function planTypesCheck({ tree, hasTsconfig, tscPath, tscVersion, node }: TypesQuestion): PlannedCheck {
  if (!hasTsconfig) return { kind: "nodata", because: "it has no tsconfig.json" };
  if (tscPath === null) return { kind: "nodata", because: "it has a tsconfig.json and no TypeScript of its own installed" };
  if (!isAbsolute(tscPath) || !normalize(tscPath).startsWith(join(tree, "/"))) return { kind: "nodata", because: "its TypeScript lies outside of it" };
  const version = semver.valid(tscVersion);
  if (version === null) return { kind: "nodata", because: "which TypeScript it has cannot be told" };
  if (semver.lt(version, OLDEST)) return { kind: "nodata", because: `TypeScript ${version} cannot be kept from writing files` };
  const argv = [node, tscPath, "-p", join(tree, "tsconfig.json"), "--noEmit", "--pretty", "false", ...TAKEN_BACK];
  return { kind: "run", argv: semver.gte(version, KNOWS_NO_CHECK) ? [...argv, "--noCheck", "false"] : argv, tool: `typescript ${version}` };
}

const TAKEN_BACK: readonly string[] = [
  ...["incremental", "composite", "emitDeclarationOnly", "declarationMap"].flatMap(off),
  ...["declarationDir", "tsBuildInfoFile", "generateTrace", "generateCpuProfile"].flatMap((name) => [`--${name}`, "null"]),
  ...["listFiles", "listEmittedFiles", "explainFiles", "traceResolution", "diagnostics", "extendedDiagnostics"].flatMap(off),
];

function off(name: string): string[] {
  return [`--${name}`, "false"];
}
