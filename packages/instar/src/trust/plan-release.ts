import { compare, prerelease } from "semver";
import { customSchema, type ReleaseCustom, SELF, type TargetsBody } from "./metadata-bodies.ts";
import { targetPathOf } from "./release-path.ts";

/** A release as the signed metadata name it. */
export interface ReleaseTarget {
  readonly path: string;
  /** Who signed for it. */
  readonly role: "targets" | "self";
  readonly lengthBytes: number;
  readonly sha256: string;
  readonly custom: ReleaseCustom;
}

export interface ReleasePolicy {
  /** What runs now; null where nothing does. Only newer ones are offered. */
  readonly current: string | null;
  /** Also what is older than `current`: a person asked for it. */
  readonly allowsOlder?: boolean | undefined;
  readonly allowsPrereleases?: boolean | undefined;
  /** This instance's place among a hundred, 0 to 99: a release for 20 of 100 is offered to places 0 to 19. */
  readonly place: number;
  /** This version and no other. */
  readonly version?: string | undefined;
}

export type ReleaseChoice =
  | { readonly kind: "found"; readonly release: ReleaseTarget }
  /** `yanked`: why the version that runs now was taken back; null where it was not. */
  | { readonly kind: "none"; readonly because: string; readonly yanked: string | null };

/**
 * The releases of a role, each only where it lies at the path that its own description gives it: so a description cannot be moved to another component, version or
 * channel. What is not like that is left out. Pure.
 */
export function listTargets(role: "targets" | "self", { targets }: TargetsBody): ReleaseTarget[] {
  return Object.entries(targets).flatMap(([path, { length, hashes, custom }]) => {
    const parsed = customSchema.safeParse(custom);
    if (!parsed.success || targetPathOf(parsed.data) !== path || (role === "self") !== (parsed.data.channel === SELF)) return [];
    return [{ path, role, lengthBytes: length, sha256: hashes.sha256, custom: parsed.data }];
  });
}

/** The newest release of a component in a channel that this instance may take, or why there is none. Pure. */
export function planRelease(releases: readonly ReleaseTarget[], component: string, channel: string, policy: ReleasePolicy): ReleaseChoice {
  const listed = releases.filter(({ custom }) => custom.component === component && custom.channel === channel);
  const yanked = listed.find(({ custom }) => custom.version === policy.current)?.custom.yanked?.reason ?? null;
  const none = (because: string): ReleaseChoice => ({ kind: "none", because, yanked });
  if (listed.length === 0) return none(`${component} has no release in ${channel}`);
  const reasons = new Map(listed.map((release) => [release, findReason(release, policy)]));
  const offered = listed.filter((release) => reasons.get(release) === undefined).toSorted((one, other) => compare(other.custom.version, one.custom.version));
  const [release] = offered;
  if (release !== undefined) return { kind: "found", release };
  const newest = listed.toSorted((one, other) => compare(other.custom.version, one.custom.version))[0];
  const asked = listed.find(({ custom }) => custom.version === policy.version);
  if (asked !== undefined) return none(`${asked.custom.version} ${reasons.get(asked)}`);
  if (policy.version !== undefined || newest === undefined) return none(`${component} has no release ${policy.version} in ${channel}`);
  return none(`the newest, ${newest.custom.version}, ${reasons.get(newest)}`);
}

function findReason({ custom: { version, yanked, percentage } }: ReleaseTarget, policy: ReleasePolicy): string | undefined {
  if (policy.version !== undefined && version !== policy.version) return `is not the version that was asked for, ${policy.version}`;
  if (yanked !== undefined) return "was taken back";
  if (policy.current !== null && version === policy.current) return "runs already";
  if (policy.current !== null && policy.allowsOlder !== true && compare(version, policy.current) < 0) return `is older than ${policy.current}, which runs`;
  if (prerelease(version) !== null && policy.allowsPrereleases !== true && policy.version === undefined) return "is no finished version";
  // Written so that a place that is no number is offered nothing but what all get.
  if (percentage < 100 && !(policy.place >= 0 && policy.place < percentage))
    return `is for ${percentage} of 100 instances so far, and this one is not among them`;
  return undefined;
}
