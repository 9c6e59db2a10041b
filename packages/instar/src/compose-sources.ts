// Where new versions come from, wired: the mirror that every version ends up in, and the sources of instar.yaml.
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Facts } from "./database/facts.ts";
import type { Clock } from "./platform/clock.ts";
import type { RunJob } from "./platform/run-job.ts";
import { filesSourceSettings } from "./settings/files-source-settings.ts";
import type { NpmOrigin } from "./settings/npm-source-settings.ts";
import type { ReadSettings } from "./settings/read-settings.ts";
import { readSmallFile } from "./settings/read-small-file.ts";
import type { RegistrySourceSettings } from "./settings/registry-source-settings.ts";
import { resolveSettingsPath } from "./settings/resolve-settings-path.ts";
import { planGitFollow } from "./settings/source-settings.ts";
import { extractTarball } from "./sources/archive/extract-tarball.ts";
import { type BringByHand, createBringByHand } from "./sources/bring-by-hand.ts";
import type { PackageTools } from "./sources/bring-package.ts";
import { endpointAsSource } from "./sources/endpoint/endpoint-as-source.ts";
import { createEndpointSource } from "./sources/endpoint/endpoint-source.ts";
import { filesAsSource } from "./sources/files/files-as-source.ts";
import { createPathRules } from "./sources/files/path-rules.ts";
import { gitAsSource } from "./sources/git-as-source.ts";
import { createGitSource, type GitSource } from "./sources/git-source.ts";
import { npmAsSource } from "./sources/npm/npm-as-source.ts";
import { createNpmSource, type NpmSource } from "./sources/npm/npm-source.ts";
import { parseRegistryKeys } from "./sources/npm/origin/parse-registry-keys.ts";
import type { NpmOriginQuestion } from "./sources/npm/origin/prove-npm-origin.ts";
import { readTokenFile } from "./sources/npm/read-token-file.ts";
import type { GitSigners } from "./sources/origin/prove-git-origin.ts";
import type { FloorsRecord } from "./sources/registry/floors-record.ts";
import { planPlace } from "./sources/registry/plan-place.ts";
import { registryAsSource } from "./sources/registry/registry-as-source.ts";
import type { RegistryFound, ReleaseRegistry } from "./sources/registry/release-registry.ts";
import type { Source } from "./sources/source.ts";
import { checkFiles } from "./trust/check-files.ts";
import type { DownloadedRelease } from "./trust/download-releases.ts";
import { openTrustedClient } from "./trust/open-trusted-client.ts";
import { MANIFEST_NAME } from "./trust/release-manifest.ts";
import type { TrustFloors } from "./trust/trust-floors.ts";

export interface SourceParts {
  readonly read: ReadSettings;
  /** The instance's data folder. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the agent's programs are found: its Node, for one. */
  readonly agentPath: string;
  readonly facts: Facts;
  readonly runJob: RunJob;
  readonly clock: Clock;
  /** What no other instance has, and this one always: which share of the instances it belongs to hangs on it. */
  readonly instanceId: string;
  /** Null where nothing runs. */
  readonly runningVersion: () => string | null;
  /** What was seen of the registry. */
  readonly floors: FloorsRecord<TrustFloors>;
}

export interface OpenedSources {
  readonly git: GitSource;
  readonly sources: readonly Source[];
  readonly bringByHand: BringByHand;
}

export function openSources(parts: SourceParts): OpenedSources {
  const { read, folder, facts, clock } = parts;
  const { source } = read.settings;
  const follow = planGitFollow(source);
  const remote = source.git === undefined || isRemoteAddress(source.git) ? source.git : resolveSettingsPath(source.git, read.folder);
  const git = createGitSource({
    remote,
    ...follow,
    mirrorFolder: join(folder, "git"),
    path: `${parts.environment.INSTAR_OPERATOR_PATH ?? parts.environment.PATH ?? ""}:${parts.agentPath}`,
    ...(parts.environment.SSH_AUTH_SOCK === undefined ? {} : { sshAgent: parts.environment.SSH_AUTH_SOCK }),
    ...(source.sshKey === undefined ? {} : { sshKey: resolveSettingsPath(source.sshKey, read.folder) }),
    ...planToken(read, remote),
    origin: { readSigners: () => readSigners(read), clock },
  });
  const toolsOf = (name: string): PackageTools => ({ git, facts, scratchFolder: join(folder, "sources", name) });
  const tokenOf = (file: string | undefined) => (file === undefined ? {} : { readToken: () => readTokenFile(resolveSettingsPath(file, read.folder)) });
  const agentNode = once(() => askNode(parts));
  const npmOf = (name: string): NpmSource => {
    const { npm } = source;
    const isFollowed = npm?.package === name;
    return createNpmSource({
      package: name,
      tag: isFollowed ? npm.tag : "latest",
      ...(isFollowed && npm.range !== undefined ? { range: npm.range } : {}),
      registry: npm?.registry ?? "https://registry.npmjs.org",
      ...tokenOf(npm?.tokenFile),
      deprecated: npm?.deprecated ?? "refuse",
      agentNode,
      platform: { os: process.platform, cpu: process.arch, libc: libcHere() },
      scratchFolder: join(folder, "sources"),
      ...(isFollowed && npm.origin !== undefined ? { readVouchers: () => readVouchers(read, npm.origin ?? {}) } : {}),
      clock,
    });
  };
  const { npm, files, endpoint, registry } = source;
  const sources: Source[] = [
    ...(remote === undefined ? [] : [gitAsSource(git, { remote, ...follow, checkEveryMs: source.checkEvery })]),
    ...(npm === undefined ? [] : [npmAsSource(npmOf(npm.package), { ...npm, checkEveryMs: npm.checkEvery }, toolsOf("npm"))]),
    ...(files === undefined
      ? []
      : [filesAsSource(git, { settings: files, folder: resolveSettingsPath(files.folder, read.folder), checkEveryMs: source.checkEvery, clock, facts })]),
    ...(endpoint === undefined
      ? []
      : [
          endpointAsSource(
            createEndpointSource({
              url: endpoint.url,
              readToken: tokenOf(endpoint.tokenFile).readToken ?? (async () => null),
              clock,
              scratchFolder: join(folder, "sources"),
              extract: (tarball, into, signal) => extractTarball({ tarball, into, signal }),
              maxBytes: endpoint.maxBytes,
              maxArchiveBytes: endpoint.maxArchive,
            }),
            { url: endpoint.url, checkEveryMs: endpoint.checkEvery, readKey: () => readTrusted(read, endpoint.publicKey, "source.endpoint.publicKey") },
            toolsOf("endpoint"),
          ),
        ]),
    ...(registry === undefined
      ? []
      : [
          registryAsSource(openReleaseRegistry(registry, parts), registry, {
            ...toolsOf("registry/unpacked"),
            downloadFolder: join(folder, "sources", "registry", "downloads"),
            runningVersion: parts.runningVersion,
          }),
        ]),
  ];
  return {
    git,
    sources,
    bringByHand: createBringByHand({ ...toolsOf("by-hand"), npmOf, isIgnored: createPathRules(files ?? filesSourceSettings.parse({ folder })).isIgnored }),
  };
}

/** Joins the room that trusts to the room that brings: neither knows the other. */
export function openReleaseRegistry(
  settings: RegistrySourceSettings,
  { read, folder, clock, floors, instanceId }: Pick<SourceParts, "read" | "folder" | "clock" | "floors" | "instanceId">,
): ReleaseRegistry {
  const { component, channel, prereleases } = settings;
  const place = planPlace(instanceId);
  const url = settings.url.replace(/\/*$/, "");
  let asking: Promise<unknown> = Promise.resolve();
  // A client of its own for each question: with the floors as they are recorded now, and the signal of who asks.
  const ask = async (signal: AbortSignal) => {
    const before = floors.read();
    const client = openTrustedClient({
      metadataFolder: join(folder, "sources", "registry", "metadata"),
      shippedRoot: await readRoot(resolveSettingsPath(settings.root, read.folder)),
      metadataUrl: `${url}/metadata`,
      targetUrl: `${url}/targets`,
      floors: before,
      clock,
      signal,
    });
    const { floors: after, notes } = await client.refresh();
    // A crash before this leaves newer metadata than floors: they are asked for and judged again.
    floors.advance(before, after);
    return { client, notes, floors: after };
  };
  /** One after the other: the metadata folder is one client's alone. */
  const inTurn = (signal: AbortSignal): ReturnType<typeof ask> => {
    const done = asking.then(() => ask(signal));
    asking = done.catch(() => {});
    return done;
  };
  return {
    look: async (current, signal) => {
      const { client, notes, floors: seen } = await inTurn(signal);
      const choice = client.findRelease(component, channel, { current, allowsPrereleases: prereleases, place });
      if (choice.kind === "none") return { ...choice, notes };
      const { custom, sha256, role } = choice.release;
      const signedBy = `role ${role} ${(role === "targets" ? seen.targets : seen.self)?.version ?? ""} under root ${seen.root.version}`;
      return { kind: "found", found: { component: custom.component, version: custom.version, sha256, signedBy } };
    },
    download: async (found, into, signal) => {
      const { client } = await inTurn(signal);
      const choice = client.findRelease(component, channel, { current: null, allowsPrereleases: prereleases, place, version: found.version });
      if (choice.kind === "none") throw gone(found, choice.because);
      if (choice.release.sha256 !== found.sha256) throw gone(found, "it has other content now");
      const downloaded = await client.download(choice.release, into);
      return { file: downloaded.file, settle: (unpacked) => settleRelease(downloaded, unpacked) };
    },
  };
}

const gone = ({ component, version }: RegistryFound, because: string) =>
  new InstarError("CONFLICT", `the registry no longer offers ${component} ${version}: ${because}`, { transient: true, advice: "It is looked for again." });

async function settleRelease({ manifest }: DownloadedRelease, unpacked: string): Promise<void> {
  const verdict = await checkFiles(unpacked, manifest);
  if (verdict.kind === "different")
    throw new InstarError("PACKAGE_REFUSED", `the unpacked release is not what was signed: ${verdict.because[0]}`, {
      facts: { version: manifest.version, files: verdict.because },
    });
  await rm(join(unpacked, MANIFEST_NAME), { force: true });
}

/** Read anew for each question, so that one that was put right counts at once. */
async function readRoot(path: string): Promise<Buffer> {
  const root = await readSmallFile(path);
  if (root !== undefined) return root;
  throw new InstarError("SETTINGS_INVALID", `there is no ${path}, which trust in the registry begins with`, {
    facts: { path },
    advice: "Put the root.json there that whoever publishes handed over, and check source.registry.root in instar.yaml.",
  });
}

/** Read anew for each question, so that a key that was taken away counts no more. */
async function readSigners(read: ReadSettings): Promise<GitSigners> {
  const { signers } = read.settings.source;
  const [ssh, openpgp] = await Promise.all([
    readTrusted(read, signers.ssh, "source.signers.ssh"),
    readTrusted(read, signers.openpgp, "source.signers.openpgp"),
  ]);
  return { allowedSigners: ssh, openPgpKeys: openpgp };
}

async function readVouchers(read: ReadSettings, { keys, provenance }: NpmOrigin): Promise<NpmOriginQuestion["accepts"]> {
  const [pinned, root] = await Promise.all([
    readTrusted(read, keys, "source.npm.origin.keys"),
    readTrusted(read, provenance?.trustedRoot, "source.npm.origin.provenance.trustedRoot"),
  ]);
  return {
    ...(pinned === null ? {} : { keys: parseRegistryKeys(pinned) }),
    ...(provenance === undefined ? {} : { provenance: { ...provenance, trustRoot: root === null ? null : Buffer.from(root) } }),
  };
}

/** Null where instar.yaml names no file. @throws InstarError SETTINGS_INVALID where it does and there is none: nobody is not everybody */
async function readTrusted({ folder }: Pick<ReadSettings, "folder">, file: string | undefined, setting: string): Promise<string | null> {
  if (file === undefined) return null;
  const path = resolveSettingsPath(file, folder);
  const bytes = await readSmallFile(path);
  if (bytes !== undefined) return bytes.toString("utf8");
  throw new InstarError("SETTINGS_INVALID", `there is no ${path}, which says who may vouch for a version`, {
    facts: { path },
    advice: `Check ${setting} in instar.yaml.`,
  });
}

/** Read anew for each question, so that a new token counts at once. Of the file nothing is ever in an error. */
function planToken({ settings: { source }, folder }: ReadSettings, remote: string | undefined) {
  const { tokenFile, tokenUser } = source;
  if (tokenFile === undefined || remote === undefined || !/^https?:\/\//i.test(remote)) return {};
  const path = resolveSettingsPath(tokenFile, folder);
  const read = () => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch (cause) {
      throw new InstarError("SETTINGS_INVALID", `the token file ${path} cannot be read`, { cause, advice: "Check source.tokenFile in instar.yaml." });
    }
  };
  return { token: { origin: new URL(remote).origin, user: tokenUser, read } };
}

/** The version of the Node that the agent would find; null where there is none. */
async function askNode({ runJob, agentPath, folder }: SourceParts): Promise<string | null> {
  const asked = await runJob({
    argv: ["node", "--version"],
    cwd: folder,
    environment: { PATH: agentPath },
    timeoutMs: 30_000,
    logPath: join(folder, "logs", "sources.log"),
    title: "which Node the agent has",
    signal: AbortSignal.timeout(30_000),
  }).catch((error: unknown) => {
    if (InstarError.is(error)) return undefined;
    throw error;
  });
  return (asked?.kind === "exited" && asked.status === 0 && /\d+\.\d+\.\d+/.exec(asked.tail)?.[0]) || null;
}

function libcHere(): "glibc" | "musl" | null {
  if (process.platform !== "linux") return null;
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined ? "musl" : "glibc";
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

const isRemoteAddress = (text: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[^/\\]+@?[^/\\]*:[^\\]/.test(text);
