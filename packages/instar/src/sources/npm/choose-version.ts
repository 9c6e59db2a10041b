import { InstarError } from "@instar/protocol";
import semver from "semver";
import { plainText, quoteText } from "../../platform/plain-text.ts";
import { nearestName } from "../../settings/nearest-name.ts";
import type { Packument } from "./parse-packument.ts";

export interface VersionChoice {
  readonly version: string;
  /** As the registry has it, not yet looked at. */
  readonly manifest: unknown;
  readonly publishedAt: string | null;
  readonly notes: readonly string[];
}

/**
 * What is followed: with a range the highest version within, else what the tag says. Pure.
 *
 * @throws InstarError SOURCE_EMPTY
 */
export function chooseVersion(
  packument: Packument,
  { package: name, range, tag }: { readonly package: string; readonly range?: string | undefined; readonly tag: string },
): VersionChoice {
  const versions = Object.keys(packument.versions);
  const empty = (because: string) => new InstarError("SOURCE_EMPTY", `${name} has ${because}`, { facts: { package: name, newest: newestOf(versions) } });
  if (range !== undefined) {
    const highest = semver.maxSatisfying(versions, range);
    if (highest === null) throw empty(`no version in ${range}`);
    return choose(packument, highest);
  }
  const tagged = tagOf(packument, tag);
  if (tagged === undefined) throw empty(`no tag ${tag}`);
  if (!Object.hasOwn(packument.versions, tagged)) throw empty(`a tag ${tag} that points nowhere: there is no version ${quoteText(tagged, 100)}`);
  return choose(packument, tagged);
}

/**
 * What a person names: a version, a tag, or a range. Pure.
 *
 * @throws InstarError NOT_FOUND, with what is nearest
 */
export function findNamedVersion(packument: Packument, wanted: string): VersionChoice {
  const versions = Object.keys(packument.versions);
  const named = semver.valid(wanted) === null ? (tagOf(packument, wanted) ?? semver.maxSatisfying(versions, wanted)) : wanted;
  if (named !== null && Object.hasOwn(packument.versions, named)) return choose(packument, named);
  const near = nearestTo(packument, wanted);
  throw new InstarError("NOT_FOUND", `the package has no version ${quoteText(wanted, 100)}`, {
    facts: { nearest: near },
    ...(near.length === 0 ? {} : { advice: `There are ${near.join(", ")}.` }),
  });
}

const tagOf = ({ tags }: Packument, tag: string): string | undefined => (Object.hasOwn(tags, tag) ? tags[tag] : undefined);

function choose({ versions, times, passedOver }: Packument, version: string): VersionChoice {
  const publishedMs = Date.parse((Object.hasOwn(times, version) ? times[version] : undefined) ?? "");
  return {
    version,
    manifest: versions[version],
    publishedAt: Number.isNaN(publishedMs) ? null : new Date(publishedMs).toISOString(),
    notes: passedOver.length === 0 ? [] : [renderPassedOver(passedOver)],
  };
}

function renderPassedOver(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => plainText(name, 40) || "an empty one");
  return `passed over what is no version: ${shown.join(", ")}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ""}`;
}

const newestOf = (versions: readonly string[]) => [...versions].sort(semver.rcompare).slice(0, 3);

/** Around a version its neighbours; for anything else a tag of nearly that name, and the newest. */
function nearestTo({ versions, tags }: Packument, wanted: string): string[] {
  const sorted = Object.keys(versions).sort(semver.compare);
  if (semver.valid(wanted) !== null) {
    const place = sorted.filter((version) => semver.lt(version, wanted)).length;
    return sorted.slice(Math.max(0, place - 2), place + 2);
  }
  const tag = nearestName(wanted, Object.keys(tags));
  return [...(tag === undefined ? [] : [plainText(tag, 100)]), ...newestOf(sorted)];
}
