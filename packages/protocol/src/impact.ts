import { z } from "zod";
import { VERDICTS } from "./verdict.ts";

/** How likely a change is to do harm, from the factors together. */
export const RISKS = ["minimal", "low", "medium", "high", "critical"] as const;
export type Risk = (typeof RISKS)[number];

/** How deep a change reaches (`self-updating-loop` §3.1). The first two are reviewed by default, the others go on by themselves. */
export const IMPACT_LEVELS = ["critical", "high", "medium", "low"] as const;
export type ImpactLevel = (typeof IMPACT_LEVELS)[number];

/** `self-updating-loop` §2.5. */
export const UPDATE_TYPES = ["patch", "minor", "major", "hotfix", "config", "security"] as const;
export type UpdateType = (typeof UPDATE_TYPES)[number];

/** What two versions promise by semver. */
export const BUMPS = ["first", "none", "patch", "minor", "major", "unknown", "downgrade"] as const;
export type Bump = (typeof BUMPS)[number];

/** A list that may be long: its first ones, and how many there are. */
const some = <Item extends z.ZodType>(item: Item) => z.object({ total: z.int(), first: z.array(item) });

const factor = z.object({
  name: z.string().describe("What kind of reason it is, always the same word for the same thing"),
  weight: z.number().describe("Points of 100 that it adds"),
  atLeast: z.enum(RISKS).nullable().describe("The risk is at least this by rule, whatever the points say"),
  because: z.string(),
  paths: some(z.string()),
});
export type Factor = z.output<typeof factor>;

/** What a change lays hands on that is not ordinary code. */
export const TOUCH_KINDS = ["tests", "test-settings", "ci", "policy", "sign-in", "migrations", "runner", "dependencies", "environment", "permissions"] as const;
export type TouchKind = (typeof TOUCH_KINDS)[number];

const touch = z.object({
  kind: z.enum(TOUCH_KINDS),
  path: z.string(),
  line: z.int().nullable().describe("Of the new text, or of the old one where something was deleted; null where it is the whole file"),
  by: z.enum(["name", "content"]).describe("What it was recognised by"),
  weakens: z.boolean().describe("It takes something away that judges or protects: an assertion, a test, a threshold"),
  because: z.string(),
});
export type Touch = z.output<typeof touch>;

const dependencyChange = z.object({
  name: z.string(),
  manager: z.enum(["npm", "pnpm", "yarn"]),
  lockfile: z.string(),
  kind: z.enum(["added", "removed", "changed"]),
  from: z.array(z.string()).describe("Versions before"),
  to: z.array(z.string()).describe("Versions after"),
  bump: z.enum(["none", "patch", "minor", "major", "unknown", "downgrade"]),
  direct: z.boolean().nullable().describe("Named by a package.json of the project; null where the lockfile does not say"),
  installScripts: z.boolean().nullable().describe("It runs a program of its own while it is installed; null where the lockfile does not say"),
  engines: z.string().nullable().describe("The Node versions it asks for"),
  concerns: z.array(z.string()).describe("What a person should look at: the same version with other bytes, another registry, a git address"),
});
export type DependencyChange = z.output<typeof dependencyChange>;

/** One thing that a static check found. */
const finding = z.object({
  rule: z.string(),
  path: z.string(),
  line: z.int().nullable(),
  severity: z.enum(["error", "warning", "note"]),
  message: z.string(),
  isNew: z.boolean().describe("The change brought it; what was there before counts against nobody"),
});
export type Finding = z.output<typeof finding>;

export const CHECKS = ["syntax", "types", "style", "security", "complexity", "imports"] as const;
export type CheckName = (typeof CHECKS)[number];

const checkResult = z.object({
  check: z.enum(CHECKS),
  tool: z.string().describe("What looked, with its version where it is a program"),
  verdict: z.enum(VERDICTS).describe("fail: the change made it worse; nodata: it could not be asked here"),
  because: z.string(),
  before: z.int().nullable().describe("Findings in the version before; null where that was not asked"),
  after: z.int().describe("Findings in the candidate"),
  findings: some(finding).describe("New ones first"),
});
export type CheckResult = z.output<typeof checkResult>;
export const checkResults = z.array(checkResult);

/** `self-updating-loop` §4.5. */
export const CONFLICT_KINDS = ["file_modified", "concurrent_update", "dependency_conflict", "resource_lock", "version_mismatch"] as const;
export const CONFLICT_STRATEGIES = ["local-wins", "update-wins", "merge", "manual"] as const;
export type ConflictStrategy = (typeof CONFLICT_STRATEGIES)[number];

const conflict = z.object({
  kind: z.enum(CONFLICT_KINDS),
  what: z.string().describe("The file, package, update or resource"),
  because: z.string(),
  resolution: z.enum(CONFLICT_STRATEGIES).describe("What was done, or is to be done, about it; manual: a person decides"),
  blocks: z.boolean().describe("The update cannot go on like this"),
  advice: z.string(),
});
export type Conflict = z.output<typeof conflict>;

/** `self-updating-loop` §3.3. */
export const ROLLBACK_COMPLEXITIES = ["simple", "moderate", "complex", "critical"] as const;

export const impactReport = z.object({
  updateType: z.enum(UPDATE_TYPES),
  bump: z.enum(BUMPS),
  impactLevel: z.enum(IMPACT_LEVELS),
  impactBecause: z.string(),
  requiresReview: z.boolean().describe("By the specification's default for this level; what applies, the policy says"),
  risk: z.enum(RISKS),
  score: z.number().describe("0 to 100: the factors' points together"),
  factors: z.array(factor),
  files: z.object({ changed: z.int(), added: z.int(), deleted: z.int(), addedLines: z.int(), deletedLines: z.int(), sample: z.array(z.string()) }),
  modules: z.object({
    total: z.int().describe("Modules in the graph"),
    directly: some(z.string()).describe("Changed modules, and those that import them"),
    indirectly: some(z.string()).describe("Everything else that reaches a changed module"),
    unexplained: some(z.string()).describe("Changed files that no graph explains: they count as affecting everything"),
    isEverything: z.boolean(),
  }),
  components: z.object({ directly: some(z.string()), indirectly: some(z.string()) }),
  entryPoints: some(z.string()).describe("Entry points that the change reaches"),
  requiredTests: some(z.string()).describe("Tests to run first, nearest to the change first"),
  estimatedTestMs: z.int().nullable().describe("From this instance's own history; null where there is none"),
  touches: some(touch),
  dependencies: some(dependencyChange),
  checks: z.array(checkResult),
  conflicts: z.array(conflict),
  rollback: z.object({ complexity: z.enum(ROLLBACK_COMPLEXITIES), because: z.string(), estimatedMs: z.int().nullable() }),
  recommendations: z.array(z.string()),
});
export type ImpactReport = z.output<typeof impactReport>;
