import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { RunJob } from "../platform/run-job.ts";
import type { Settings } from "../settings/settings.ts";

export type InstallSettings = NonNullable<Settings["install"]>;

/** All that decides what an installation holds. */
export interface KeyParts {
  readonly install: InstallSettings;
  readonly lockfiles: readonly { readonly path: string; readonly bytes: Buffer }[];
  /** What the runtimes say of themselves: compiled packages fit one version. */
  readonly runtime: string;
  readonly platform: string;
}

/** The name of an installation, 40 hex digits of a sha256: the same name, the same dependencies. Pure. */
export function dependencyKey({ install, lockfiles, runtime, platform }: KeyParts): string {
  const { command, produces, share, allowScripts } = install;
  const files = lockfiles.map(({ path, bytes }) => [path, createHash("sha256").update(bytes).digest("hex")]);
  const canonical = JSON.stringify([1, command, produces, share, allowScripts.toSorted(), files, runtime, platform]);
  return createHash("sha256").update(canonical).digest("hex").slice(0, 40);
}

/** @throws InstarError BUILD_FAILED where the commit lacks one */
export async function readLockfiles(tree: string, install: InstallSettings): Promise<KeyParts["lockfiles"]> {
  return Promise.all(
    install.lockfiles.map(async (path) => {
      const bytes = await readFile(join(tree, path)).catch((cause: unknown) => {
        throw new InstarError("BUILD_FAILED", `the lockfile ${path} is not in the commit`, {
          cause,
          facts: { lockfile: path },
          advice: "Commit it, or correct install.lockfiles in instar.yaml: without it nobody knows what was installed.",
        });
      });
      return { path, bytes };
    }),
  );
}

/** Asks the runtimes on the jobs' PATH, in the tree: version managers answer by folder. One that is missing is part of the answer. */
export async function readRuntime(ask: {
  readonly runJob: RunJob;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logPath: string;
}): Promise<string> {
  const answers: string[] = [];
  for (const program of ["node", "python3"]) {
    const result = await ask.runJob({ ...ask, argv: [program, "--version"], timeoutMs: 30_000, title: `asking ${program} for its version` });
    answers.push(`${program} ${result.kind === "exited" && result.status === 0 ? result.tail.trim() : "none"}`);
  }
  return answers.join(", ");
}
