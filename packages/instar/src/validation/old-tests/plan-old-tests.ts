export interface OldTestsQuestion {
  /** path → digest of its content, of all files of a tree, relative to it. */
  readonly candidate: ReadonlyMap<string, string>;
  readonly running: ReadonlyMap<string, string>;
  /** Tests, what tests stand on, and settings of tests. */
  readonly isTestPath: (path: string) => boolean;
  /** Folders that installing makes: tests of dependencies are nobody's business here. */
  readonly produces: readonly string[];
  /** The text of package.json in each; null where there is none. */
  readonly manifests: { readonly candidate: string | null; readonly running: string | null };
}

export type OldTestsPlan =
  | { readonly kind: "same"; readonly because: string }
  | {
      readonly kind: "lay";
      /** Taken out of the running version's tree and put over the candidate's. */
      readonly copied: readonly string[];
      /** Tests of the candidate that the running version does not have. */
      readonly removed: readonly string[];
      /** All tests of the running version that are programs: nobody but Instar has a reason to write them. */
      readonly programs: readonly string[];
      /** What package.json then says; null where it stays as it is. */
      readonly manifest: string | null;
    };

/** How the running version's tests come to stand around the candidate's code, with the settings that they run by. */
export function planOldTests({ candidate, running, isTestPath, produces, manifests }: OldTestsQuestion): OldTestsPlan {
  const isOurs = (path: string) => isTestPath(path) && path !== "package.json" && !isInstalled(path, produces);
  const copied = [...running].flatMap(([path, digest]) => (isOurs(path) && candidate.get(path) !== digest ? [path] : []));
  const removed = [...candidate.keys()].filter((path) => isOurs(path) && !running.has(path));
  const manifest = mergeManifest(manifests);
  if (![...running.keys()].some(isOurs)) return { kind: "same", because: "the running version has no tests that are known by their names" };
  if (copied.length === 0 && removed.length === 0 && manifest === null)
    return { kind: "same", because: "its tests and what they run by are the running version's" };
  const programs = [...running.keys()].filter((path) => isOurs(path) && PROGRAM.test(path));
  return { kind: "lay", copied: copied.sort(), removed: removed.sort(), programs: programs.sort(), manifest };
}

const PROGRAM = /\.([cm]?[jt]sx?|py|feature|sh|rb)$/;
const INSTALLED = /(^|\/)(node_modules|site-packages|\.venv|\.git)\//;

function isInstalled(path: string, produces: readonly string[]): boolean {
  return INSTALLED.test(path) || produces.some((folder) => path === folder || path.startsWith(`${folder.replace(/\/$/, "")}/`));
}

/** Where runners of tests keep their settings in package.json. */
const SETTINGS = ["jest", "mocha", "ava", "tap", "vitest", "c8", "nyc"] as const;

/** The candidate's own, with the scripts and the test settings of the running one. */
function mergeManifest({ candidate, running }: OldTestsQuestion["manifests"]): string | null {
  const [fresh, old] = [readObject(candidate), readObject(running)];
  if (fresh === undefined || old === undefined) return null;
  const merged: Record<string, unknown> = { ...fresh, scripts: { ...readRecord(fresh.scripts), ...readRecord(old.scripts) } };
  for (const name of SETTINGS) {
    delete merged[name];
    if (old[name] !== undefined) merged[name] = old[name];
  }
  const isSame =
    JSON.stringify([readRecord(fresh.scripts), ...SETTINGS.map((name) => fresh[name])]) ===
    JSON.stringify([merged.scripts, ...SETTINGS.map((name) => merged[name])]);
  return isSame ? null : `${JSON.stringify(merged, null, 2)}\n`;
}

function readObject(text: string | null): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? "");
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const readRecord = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
