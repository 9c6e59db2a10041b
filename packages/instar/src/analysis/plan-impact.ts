export type Risk = "minimal" | "low" | "medium" | "high" | "critical";

export type ImpactBump = "first" | "none" | "patch" | "minor" | "major" | "unknown" | "downgrade";

export interface ImpactQuestion {
  readonly bump: ImpactBump;
  readonly lockfiles: readonly string[];
}

export interface Impact {
  readonly filesChanged: number;
  readonly bump: ImpactBump;
  readonly updateType: "patch" | "minor" | "major" | "config";
  readonly risk: Risk;
  /** Why the risk is what it is, one sentence a factor. */
  readonly factors: readonly string[];
}

const RISKS: readonly Risk[] = ["minimal", "low", "medium", "high", "critical"];

/**
 * A first estimate of what a change touches, from file names alone: what no rule explains counts as code. It never lowers a
 * risk below what the version's bump says. Pure.
 */
export function planImpact(
  files: readonly { readonly path: string; readonly addedLines: number; readonly deletedLines: number }[],
  question: ImpactQuestion,
): Impact {
  const { bump } = question;
  const factors: string[] = [];
  let level = 0;
  const raise = (to: Risk, because: string): void => {
    level = Math.max(level, RISKS.indexOf(to));
    factors.push(because);
  };

  const code = files.filter((file) => !isDocument(file.path));
  if (files.length === 0) factors.push("no file changed");
  else if (code.length === 0) factors.push("only documents changed");
  else raise(code.length > 50 ? "medium" : "low", `${code.length} files that can change behaviour`);
  if (files.some((file) => question.lockfiles.includes(file.path))) raise("medium", "dependencies change");
  if (files.some((file) => /(^|\/)(migrations?|schema)(\/|\.|$)/i.test(file.path))) raise("high", "it touches migrations or a schema");
  if (files.some((file) => /(^|\/)(tests?|__tests__|spec)\/|\.(test|spec)\.[a-z]+$/i.test(file.path))) raise("medium", "it changes the tests that judge it");
  if (bump === "minor") raise("low", "a minor version");
  if (bump === "major") raise("high", "a major version");
  if (bump === "downgrade") raise("high", "a lower version than the one that runs");
  if (bump === "unknown") raise("medium", "versions that cannot be compared");
  return {
    filesChanged: files.length,
    bump,
    updateType:
      files.length > 0 && files.every((file) => /\.(ya?ml|json|toml|ini)$/i.test(file.path)) ? "config" : bump === "major" || bump === "minor" ? bump : "patch",
    risk: RISKS[level] ?? "critical",
    factors,
  };
}

const isDocument = (path: string): boolean => /\.(md|txt|rst|adoc)$/i.test(path) || /(^|\/)(LICENSE|CHANGELOG|docs)(\/|\.|$)/i.test(path);
