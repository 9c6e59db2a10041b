import { lstat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { InstarError } from "@instar/protocol";
import { type ChosenRef, chooseBranch, chooseTag, parseAdvertisement } from "./choose-ref.ts";
import { redactCredentials } from "./git-failure.ts";
import type { GitMirror, MirrorRun } from "./git-mirror.ts";

export interface Remote {
  readonly address: string;
  /** The folder, where the remote is on this machine. */
  readonly folder: string | undefined;
  readonly follows: { readonly branch: string } | { readonly tag: string };
  /** Whether pre-releases count among tags and branches that are chosen by their version. */
  readonly prereleases: boolean;
}

/**
 * What is followed, from settings. A tag pattern goes before a branch; without either it is the branch main.
 *
 * @throws InstarError INPUT_INVALID
 */
export function parseRemote(settings: {
  readonly remote: string;
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly prereleases?: boolean | undefined;
}): Remote {
  const name = settings.tag ?? settings.branch ?? "main";
  const allowed = settings.tag === undefined && !isPattern(name) ? /^[^\s~^:?*[\\\p{Cc}-][^\s~^:?*[\\\p{Cc}]*$/u : /^[^\s~^:[\\\p{Cc}-][^\s~^:[\\\p{Cc}]*$/u;
  if (!allowed.test(name) || name.includes("..")) throw new InstarError("INPUT_INVALID", `${JSON.stringify(name)} cannot be the name of a branch or tag`);
  return {
    address: settings.remote,
    folder: localFolderOf(settings.remote),
    follows: settings.tag === undefined ? { branch: name } : { tag: name },
    prereleases: settings.prereleases ?? false,
  };
}

const isPattern = (name: string) => /[*?]/.test(name);

/** As git reads an address: with a colon before the first slash it is a scheme or an ssh host. */
function localFolderOf(address: string): string | undefined {
  if (isAbsolute(address)) return address;
  if (/^file:\/\/\//.test(address)) return fileURLToPath(address);
  if (/^[^/]+:/.test(address)) return undefined;
  throw new InstarError("INPUT_INVALID", `${JSON.stringify(address)} is neither an address nor an absolute path`);
}

/**
 * One ref advertisement; no object is fetched.
 *
 * @throws InstarError SOURCE_GONE, SOURCE_NOT_GIT, SOURCE_EMPTY, TIMED_OUT, PLATFORM_FAILED
 */
export async function readRemote(mirror: GitMirror, remote: Remote, timeoutMs: number, signal?: AbortSignal): Promise<ChosenRef> {
  await assertFolderIsThere(remote);
  const patterns =
    "branch" in remote.follows ? ["HEAD", `refs/heads/${remote.follows.branch}`] : [`refs/tags/${remote.follows.tag}`, `refs/tags/${remote.follows.tag}^{}`];
  const { stdout } = await mirror.run(["ls-remote", "--symref", "--quiet", ...uploadPackOf(remote), "--", remote.address, ...patterns], {
    ...optionsToward(remote),
    timeoutMs,
    signal,
    maxBytes: 64 * 1_024 ** 2,
  });
  const { refs, defaultBranch } = parseAdvertisement(stdout.toString("utf8"));
  if ("tag" in remote.follows)
    return chooseTag(refs, remote.follows.tag, remote.prereleases) ?? nothingThere(remote, `no tag like ${remote.follows.tag} that is a version`);
  if (isPattern(remote.follows.branch))
    return (
      chooseBranch(refs, remote.follows.branch, remote.prereleases) ??
      nothingThere(remote, `no branch like ${remote.follows.branch} with a version in its name`)
    );
  const ref = `refs/heads/${remote.follows.branch}`;
  const found = refs.find((each) => each.ref === ref);
  if (found !== undefined) return found;
  const isEmpty = refs.length === 0 && defaultBranch === undefined;
  const advice = defaultBranch === undefined ? undefined : `Its own default branch is ${defaultBranch}: set source.branch.`;
  return nothingThere(remote, isEmpty ? `no commit, or no branch ${remote.follows.branch}` : `no branch ${remote.follows.branch}`, advice);
}

/**
 * What upstream calls by this name: a branch before a tag. A whole commit name is taken as it is, without asking.
 *
 * @throws InstarError NOT_FOUND, INPUT_INVALID, SOURCE_GONE, SOURCE_NOT_GIT, TIMED_OUT, PLATFORM_FAILED
 */
export async function readNamed(mirror: GitMirror, remote: Remote, name: string, timeoutMs: number, signal?: AbortSignal): Promise<ChosenRef> {
  if (/^[0-9a-f]{40}$/.test(name)) return { ref: name, commit: name };
  if (isPattern(name)) throw new InstarError("INPUT_INVALID", `${JSON.stringify(name)} is a pattern, and not the name of a branch or tag`);
  parseRemote({ remote: remote.address, branch: name });
  await assertFolderIsThere(remote);
  const patterns = [`refs/heads/${name}`, `refs/tags/${name}`, `refs/tags/${name}^{}`];
  const { stdout } = await mirror.run(["ls-remote", "--quiet", ...uploadPackOf(remote), "--", remote.address, ...patterns], {
    ...optionsToward(remote),
    timeoutMs,
    signal,
    maxBytes: 1_024 ** 2,
  });
  const { refs } = parseAdvertisement(stdout.toString("utf8"));
  const found = refs.find((each) => each.ref === `refs/heads/${name}`) ?? refs.find((each) => each.ref === `refs/tags/${name}`);
  if (found !== undefined) return found;
  throw new InstarError("NOT_FOUND", `upstream has no branch or tag ${name}`, { advice: "A commit is given by its whole name of 40 letters and digits." });
}

/** What every command toward a remote shares. */
export function optionsToward(remote: Remote): MirrorRun {
  return { remote: remote.address, needsCredentials: remote.folder === undefined };
}

/**
 * git clears its `-c` settings before it starts the other side on this machine, so the guards are said again. The folder may
 * belong to the agent's user: upload-pack runs nothing from its configuration, so its owner does not matter.
 */
export function uploadPackOf(remote: Remote): readonly string[] {
  return remote.folder === undefined ? [] : ["--upload-pack=git -c safe.directory='*' -c core.fsmonitor=false -c core.hooksPath=/dev/null upload-pack"];
}

/** A folder that is missing and one that is no repository get the same words from git. It may come back: a disk not yet mounted. */
export async function assertFolderIsThere({ folder, address }: Remote): Promise<void> {
  if (folder === undefined) return;
  const isThere = await lstat(folder).then(
    () => true,
    () => false,
  );
  if (!isThere) throw new InstarError("SOURCE_GONE", `there is no ${folder}`, { facts: { remote: redactCredentials(address) }, transient: true });
}

function nothingThere(remote: Remote, what: string, advice?: string): never {
  const address = redactCredentials(remote.address);
  throw new InstarError("SOURCE_EMPTY", `${address} has ${what}`, { facts: { remote: address }, ...(advice === undefined ? {} : { advice }) });
}
