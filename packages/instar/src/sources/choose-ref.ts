import semver from "semver";

/** One line of a ref advertisement; `peeled` is the commit an annotated tag stands for. */
export interface AdvertisedRef {
  readonly ref: string;
  readonly commit: string;
}

export interface ChosenRef extends AdvertisedRef {
  /** Of the tag, where tags are followed. */
  readonly version?: string;
}

/** Parses what `git ls-remote --symref` printed. Annotated tags come out peeled. Lines it does not know are left out. */
export function parseAdvertisement(text: string): { readonly refs: readonly AdvertisedRef[]; readonly defaultBranch: string | undefined } {
  const refs = new Map<string, string>();
  let defaultBranch: string | undefined;
  for (const line of text.split("\n")) {
    const symbolic = /^ref: refs\/heads\/(\S+)\tHEAD$/.exec(line);
    if (symbolic !== null) defaultBranch = symbolic[1];
    const found = /^([0-9a-f]{40}|[0-9a-f]{64})\t(\S+)$/.exec(line);
    // The peeled line follows the tag's own and takes its place.
    if (found?.[1] !== undefined && found[2] !== undefined) refs.set(found[2].replace(/\^\{\}$/, ""), found[1]);
  }
  return { refs: [...refs].map(([ref, commit]) => ({ ref, commit })), defaultBranch };
}

/** The tag of the highest version among those that match the pattern (`*` and `?`). Pre-releases only where they are asked for. */
export function chooseTag(refs: readonly AdvertisedRef[], pattern: string, prereleases = false): ChosenRef | undefined {
  return chooseHighest(refs, "refs/tags/", pattern, prereleases);
}

/** The branch of the highest version in its name, of those that match: `release/1.10` before `release/1.9`. */
export function chooseBranch(refs: readonly AdvertisedRef[], pattern: string, prereleases = false): AdvertisedRef | undefined {
  const chosen = chooseHighest(refs, "refs/heads/", pattern, prereleases);
  return chosen === undefined ? undefined : { ref: chosen.ref, commit: chosen.commit };
}

function chooseHighest(refs: readonly AdvertisedRef[], folder: "refs/tags/" | "refs/heads/", pattern: string, prereleases: boolean): ChosenRef | undefined {
  const matches = globPattern(pattern);
  return refs
    .flatMap(({ ref, commit }) => {
      const name = ref.startsWith(folder) ? ref.slice(folder.length) : undefined;
      const version = name !== undefined && matches.test(name) ? versionOf(name, folder === "refs/heads/", prereleases) : undefined;
      return version === undefined ? [] : [{ ref, commit, version }];
    })
    .sort((a, b) => semver.compareBuild(b.version, a.version) || (a.ref < b.ref ? -1 : 1))
    .at(0);
}

function globPattern(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s");
}

/** `v1.2.3`, `1.2.3`, `agent-v1.2.3`, `release/1.2.3`: what comes before the version is the name's own affair. A branch may leave parts out. */
function versionOf(name: string, mayBeShort: boolean, prereleases: boolean): string | undefined {
  const found = /(?:^|[^0-9A-Za-z.]|[^0-9A-Za-z.]v|^v)(\d+(?:\.\d+){0,2}(?:[-+][0-9A-Za-z.+-]+)?)$/.exec(name)?.[1];
  if (found === undefined) return undefined;
  const version = semver.parse(found) ?? (mayBeShort ? semver.coerce(found) : null);
  return version === null || (version.prerelease.length > 0 && !prereleases) ? undefined : version.raw;
}
