import semver from "semver";

export type Bump = "none" | "patch" | "minor" | "major" | "unknown" | "downgrade";

/**
 * What going from one version to another promises, by semver. Anything that is not a version is `unknown`. Between versions
 * of the same number (1.0.0-rc.1 → 1.0.0) the bump is the one that the number itself announces: a release candidate of 1.0.0
 * promised nothing, so leaving it is a major bump.
 */
export function classifyBump(fromVersion: string, toVersion: string): Bump {
  const from = semver.parse(fromVersion);
  const to = semver.parse(toVersion);
  if (from === null || to === null) return "unknown";
  const order = semver.compare(to, from);
  if (order === 0) return "none";
  if (order < 0) return "downgrade";
  if (to.major !== from.major) return "major";
  if (to.minor !== from.minor) return "minor";
  if (to.patch !== from.patch) return "patch";
  if (to.patch !== 0) return "patch";
  return to.minor !== 0 ? "minor" : "major";
}
