// Where new versions come from, wired: the mirror that every version ends up in, and the sources of instar.yaml.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import type { Facts } from "./database/facts.ts";
import type { Clock } from "./platform/clock.ts";
import type { RunJob } from "./platform/run-job.ts";
import { filesSourceSettings } from "./settings/files-source-settings.ts";
import type { ReadSettings } from "./settings/read-settings.ts";
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
import { readTokenFile } from "./sources/npm/read-token-file.ts";
import type { Source } from "./sources/source.ts";

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
  const remote = source.git === undefined || isRemoteAddress(source.git) ? source.git : pathOf(source.git, read.folder);
  const git = createGitSource({
    remote,
    ...follow,
    mirrorFolder: join(folder, "git"),
    path: `${parts.environment.INSTAR_OPERATOR_PATH ?? parts.environment.PATH ?? ""}:${parts.agentPath}`,
    ...(parts.environment.SSH_AUTH_SOCK === undefined ? {} : { sshAgent: parts.environment.SSH_AUTH_SOCK }),
    ...(source.sshKey === undefined ? {} : { sshKey: pathOf(source.sshKey, read.folder) }),
    ...planToken(read, remote),
  });
  const toolsOf = (name: string): PackageTools => ({ git, facts, scratchFolder: join(folder, "sources", name) });
  const tokenOf = (file: string | undefined) => (file === undefined ? {} : { readToken: () => readTokenFile(pathOf(file, read.folder)) });
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
      clock,
    });
  };
  const { npm, files, endpoint } = source;
  const sources: Source[] = [
    ...(remote === undefined ? [] : [gitAsSource(git, { remote, ...follow, checkEveryMs: source.checkEvery })]),
    ...(npm === undefined ? [] : [npmAsSource(npmOf(npm.package), { ...npm, checkEveryMs: npm.checkEvery }, toolsOf("npm"))]),
    ...(files === undefined
      ? []
      : [filesAsSource(git, { settings: files, folder: pathOf(files.folder, read.folder), checkEveryMs: source.checkEvery, clock, facts })]),
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
            { url: endpoint.url, checkEveryMs: endpoint.checkEvery },
            toolsOf("endpoint"),
          ),
        ]),
  ];
  return {
    git,
    sources,
    bringByHand: createBringByHand({ ...toolsOf("by-hand"), npmOf, isIgnored: createPathRules(files ?? filesSourceSettings.parse({ folder })).isIgnored }),
  };
}

/** Read anew for each question, so that a new token counts at once. Of the file nothing is ever in an error. */
function planToken({ settings: { source }, folder }: ReadSettings, remote: string | undefined) {
  const { tokenFile, tokenUser } = source;
  if (tokenFile === undefined || remote === undefined || !/^https?:\/\//i.test(remote)) return {};
  const path = pathOf(tokenFile, folder);
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

function pathOf(path: string, folder: string): string {
  if (/^~[\\/]/.test(path)) return resolve(homedir(), path.slice(2));
  return isAbsolute(path) ? path : join(folder, path);
}
