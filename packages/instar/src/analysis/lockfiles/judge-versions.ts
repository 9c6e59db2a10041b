import type { DependencyChange } from "@instar/protocol";
import semver from "semver";

type Bump = DependencyChange["bump"];

/**
 * How far the versions of one package moved, the largest step of them. Several versions may be installed at once: the newest one going back is a
 * downgrade; else each version that is new is held against the nearest that was there. Anything that is no version is `unknown`. Pure.
 */
export function judgeVersions(from: readonly string[], to: readonly string[]): Bump {
  if (from.length === 0 || to.length === 0) return "none";
  if ([...from, ...to].some((version) => semver.valid(version) === null)) return sameSet(from, to) ? "none" : "unknown";
  const before = [...from].sort(semver.compare);
  if (semver.lt(newest(to), newest(from))) return "downgrade";
  const steps = to.filter((version) => !from.includes(version)).map((version) => stepTo(version, before));
  return SIZES.find((size) => steps.includes(size)) ?? "none";
}

const SIZES: readonly Bump[] = ["major", "minor", "patch"];

/** From the highest below it, or where all are above, from the lowest. */
function stepTo(version: string, before: readonly string[]): Bump {
  const nearest = before.findLast((other) => semver.lte(other, version)) ?? before[0] ?? version;
  const step = semver.diff(nearest, version);
  if (step === null) return "none";
  if (step.endsWith("major")) return "major";
  return step.endsWith("minor") ? "minor" : "patch";
}

function newest(versions: readonly string[]): string {
  return versions.reduce((highest, version) => (semver.gt(version, highest) ? version : highest));
}

function sameSet(from: readonly string[], to: readonly string[]): boolean {
  return from.length === to.length && from.every((version) => to.includes(version));
}
