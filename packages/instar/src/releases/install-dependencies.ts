import { constants } from "node:fs";
import { cp, lstat, mkdir, rename, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, makePrivateFolder, removeTree, syncFolder, writeFileDurably } from "../platform/durable-files.ts";
import { syncTree } from "../platform/sync-tree.ts";
import { planCommand } from "../settings/plan-command.ts";
import type { Settings } from "../settings/settings.ts";
import { dependencyKey, type InstallSettings, readLockfiles, readRuntime } from "./dependency-key.ts";
import { lockTree } from "./lock-tree.ts";
import { type BuildJobs, runBuildJob } from "./run-build-job.ts";

export interface Installation extends BuildJobs {
  readonly settings: Pick<Settings, "install">;
  /** The release's tree; install.command, lockfiles and produces count from its root. */
  readonly tree: string;
  /** <data>/dependencies. */
  readonly folder: string;
  /** Default: what node and python3 on the jobs' PATH answer. */
  readonly runtime?: string;
}

export interface Installed {
  /** Null where nothing is to be installed. */
  readonly key: string | null;
  readonly from: "nowhere" | "installed" | "kept";
  /** The same for people. */
  readonly said: string;
}

/**
 * Brings the dependencies into a release's tree, once per lockfile (and command, runtime, platform). What was installed before
 * is known by the marker `.complete`, which is written last: a folder without it is removed and done again.
 *
 * @throws InstarError BUILD_FAILED, TIMED_OUT, DISK_FULL, PLATFORM_FAILED; the signal's reason where it was stopped
 */
export async function installDependencies(installation: Installation): Promise<Installed> {
  const { install } = installation.settings;
  if (install === undefined) return { key: null, from: "nowhere", said: "no dependencies to install" };
  try {
    const lockfiles = await readLockfiles(installation.tree, install);
    const runtime = installation.runtime ?? (await readRuntime({ ...installation, cwd: installation.tree }));
    const key = dependencyKey({ install, lockfiles, runtime, platform: `${process.platform}-${process.arch}` });
    const kept = join(installation.folder, key);
    const isKept = await alone(kept, async () => {
      installation.signal?.throwIfAborted();
      await makePrivateFolder(installation.folder);
      const isThere = await exists(join(kept, ".complete"));
      if (!isThere) await removeTree(kept);
      await (install.share === "link" ? linkFrom(kept, isThere, install, installation) : copyFrom(kept, isThere, install, installation));
      return isThere;
    });
    const said = isKept ? "dependencies as installed before: the lockfiles are the same" : "dependencies installed";
    return { key, from: isKept ? "kept" : "installed", said };
  } catch (error) {
    throw installation.signal?.aborted === true ? installation.signal.reason : explainFileError(error, "could not put the dependencies in place");
  }
}

/** By where they are kept: what is installed there now. */
const installing = new Map<string, Promise<unknown>>();

/** An update and a check of an agent's own code may want the same at once; whoever comes second finds it there. One daemon acts in a folder, so this process is all. */
async function alone<T>(kept: string, act: () => Promise<T>): Promise<T> {
  const before = installing.get(kept) ?? Promise.resolve();
  const done = before.then(act, act);
  installing.set(kept, done);
  try {
    return await done;
  } finally {
    if (installing.get(kept) === done) installing.delete(kept);
  }
}

/** Installed in the tree, and a copy kept, made under another name: a crash leaves a `.new` that the next one removes. */
async function copyFrom(kept: string, isKept: boolean, install: InstallSettings, installation: Installation): Promise<void> {
  const { tree } = installation;
  if (isKept) {
    for (const path of install.produces) await copyProduced(join(kept, "content", path), join(tree, path));
    return;
  }
  await runInstall(tree, install, installation);
  const making = `${kept}.new`;
  await removeTree(making);
  for (const path of install.produces) await copyProduced(join(tree, path), join(making, "content", path));
  await mkdir(making, { recursive: true });
  await syncTree(making);
  await writeFileDurably(join(making, ".complete"), "");
  await rename(making, kept);
  await syncFolder(dirname(kept));
}

/**
 * Installed once, at the path where it will be used: a Python environment writes its own path into what it holds. Read-only from
 * then on, because several releases run on it.
 */
async function linkFrom(kept: string, isKept: boolean, install: InstallSettings, installation: Installation): Promise<void> {
  const { tree } = installation;
  if (!isKept) {
    for (const path of install.lockfiles) {
      await mkdir(dirname(join(kept, path)), { recursive: true });
      await cp(join(tree, path), join(kept, path), { dereference: true });
    }
    await runInstall(kept, install, installation);
    for (const path of install.produces) if (await exists(join(kept, path))) await lockTree(join(kept, path));
    await syncTree(kept);
    await writeFileDurably(join(kept, ".complete"), "");
  }
  for (const path of install.produces) {
    await removeTree(join(tree, path));
    if (!(await exists(join(kept, path)))) continue;
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await symlink(join(kept, path), join(tree, path));
  }
}

async function runInstall(cwd: string, install: InstallSettings, installation: Installation): Promise<void> {
  const argv = planCommand(install.command, { release: cwd });
  await runBuildJob(installation, { argv, cwd, timeoutMs: install.within, title: "installing the dependencies" });
  if (install.allowScripts.length === 0) return;
  const unknown = install.allowScripts.find((name) => !/^(@[\w.-]+\/)?\w[\w.-]*$/.test(name));
  if (unknown !== undefined) throw new InstarError("SETTINGS_INVALID", `install.allowScripts holds ${JSON.stringify(unknown)}, which is no package's name`);
  // Where the lockfile lies, the packages lie. Only the named packages' scripts run, after all packages are there.
  const place = join(cwd, dirname(install.lockfiles[0] ?? "."));
  const rebuild = ["npm", "rebuild", "--ignore-scripts=false", "--foreground-scripts", "--", ...install.allowScripts];
  await runBuildJob(installation, {
    argv: rebuild,
    cwd: place,
    timeoutMs: install.within,
    title: `running the install scripts of ${install.allowScripts.join(", ")}`,
  });
}

/** Copies by reflink where the file system can. An install of nothing makes no folder; then none is kept either. */
async function copyProduced(from: string, to: string): Promise<void> {
  await removeTree(to);
  if (!(await exists(from))) return;
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
