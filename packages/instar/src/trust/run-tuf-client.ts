import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { InstarError } from "@instar/protocol";
import { systemClock } from "../platform/clock.ts";
import { explainFileError, renameDurably, writeFileDurably } from "../platform/durable-files.ts";
import { BoundedFetcher } from "./bounded-fetcher.ts";
import { keepMetadataFiles, readMetadataFiles, withStaging } from "./metadata-folder.ts";
import { askUpdater, openUpdater, type TargetFile } from "./run-updater.ts";
import { withDeadline } from "./with-deadline.ts";

export interface TufClientRoom {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Those of the specification's reference client, so that the suite's files fit. */
const LIMITS = { rootBytes: 512_000, timestampBytes: 16_384, snapshotBytes: 2_000_000, targetsBytes: 5_000_000 };
const TOTAL_BYTES = 1_024 ** 3;
const DEADLINE_MS = 300_000;

/**
 * Plain TUF for the conformance suite: `init <root>`, `refresh`, `download`, without the floors and rules that Instar's own client adds. What one run accepts is
 * kept also where the run fails later, as TUF asks. Metadata files have no version in their names.
 *
 * @returns 0, or 1 where any part failed
 */
export async function runTufClient(argv: readonly string[], { stdout, stderr }: TufClientRoom): Promise<number> {
  try {
    const asked = parseQuestion(argv);
    if (asked.command === "init") await runInit(asked);
    else await withDeadline({ clock: systemClock, deadlineMs: DEADLINE_MS }, (signal) => runRefresh(asked, signal, stdout));
    return 0;
  } catch (error) {
    stderr(`${describeError(error)}\n`);
    return 1;
  }
}

type Question =
  | { readonly command: "init"; readonly metadataFolder: string; readonly root: string }
  | { readonly command: "refresh"; readonly metadataFolder: string; readonly metadataUrl: string; readonly targets: null }
  | { readonly command: "download"; readonly metadataFolder: string; readonly metadataUrl: string; readonly targets: Targets };

interface Targets {
  readonly names: readonly string[];
  readonly url: string;
  readonly folder: string;
}

function parseQuestion(argv: readonly string[]): Question {
  const option = { type: "string" } as const;
  const options = {
    "metadata-dir": option,
    "metadata-url": option,
    "target-name": { type: "string", multiple: true },
    "target-base-url": option,
    "target-dir": option,
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ args: string[]; options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (cause) {
    throw new InstarError("INPUT_INVALID", "the command line has a mistake", { cause });
  }
  const { values, positionals } = parsed;
  const demand = (name: keyof typeof options): string => {
    const value = values[name];
    if (typeof value === "string" && value !== "") return value;
    throw new InstarError("INPUT_INVALID", `--${name} is missing`);
  };
  const [command, root, ...more] = positionals;
  const metadataFolder = demand("metadata-dir");
  if (command === "init" && root !== undefined && more.length === 0) return { command, metadataFolder, root };
  if (root !== undefined || (command !== "refresh" && command !== "download"))
    throw new InstarError("INPUT_INVALID", "say `init <root>`, `refresh` or `download`");
  const metadataUrl = demand("metadata-url");
  if (command === "refresh") return { command, metadataFolder, metadataUrl, targets: null };
  const names = values["target-name"] ?? [];
  if (names.length === 0) throw new InstarError("INPUT_INVALID", "--target-name is missing");
  return { command, metadataFolder, metadataUrl, targets: { names, url: demand("target-base-url"), folder: demand("target-dir") } };
}

async function runInit({ metadataFolder, root }: Extract<Question, { command: "init" }>): Promise<void> {
  const bytes = await readFile(root).catch((error: unknown) => {
    throw explainFileError(error, `could not read ${root}`);
  });
  await mkdir(metadataFolder, { recursive: true });
  await writeFileDurably(join(metadataFolder, "root.json"), bytes, 0o644);
}

async function runRefresh(
  { metadataFolder, metadataUrl, targets }: Exclude<Question, { command: "init" }>,
  signal: AbortSignal,
  stdout: TufClientRoom["stdout"],
) {
  const before = await readMetadataFiles(metadataFolder);
  await withStaging(metadataFolder, before, async (staging) => {
    const fetcher = new BoundedFetcher({ scratch: staging, signal, totalBytes: TOTAL_BYTES });
    try {
      await askUpdater(fetcher, async () => {
        const place = targets === null ? {} : { targetUrl: targets.url, targetFolder: targets.folder };
        const updater = openUpdater({ staging, metadataUrl, fetcher, limits: LIMITS, wallMs: systemClock.wallMs(), ...place });
        await updater.refresh();
        for (const name of targets?.names ?? []) {
          const target = await updater.getTargetInfo(name);
          if (target === undefined) throw new InstarError("NOT_FOUND", `no target is named ${JSON.stringify(name.slice(0, 200))}`);
          stdout(`${await fetchTarget(updater, target, targets?.folder ?? "", staging)}\n`);
        }
      });
    } finally {
      await keepMetadataFiles(metadataFolder, before, await readMetadataFiles(staging));
    }
  });
}

/** Where it lies then. One that is there with the signed content is not asked for again. The name is encoded, so it is one name whatever is in it. */
async function fetchTarget(updater: ReturnType<typeof openUpdater>, target: TargetFile, folder: string, staging: string): Promise<string> {
  if (Object.keys(target.hashes).length === 0) throw new InstarError("PACKAGE_REFUSED", "the target has no digest, so any content of its length would do");
  const place = join(folder, encodeURIComponent(target.path));
  if ((await updater.findCachedTarget(target, place)) !== undefined) return place;
  const fetched = join(staging, `target-${randomBytes(6).toString("hex")}`);
  await updater.downloadTarget(target, fetched);
  await mkdir(dirname(place), { recursive: true });
  const beside = join(dirname(place), `.tmp-${randomBytes(6).toString("hex")}`);
  try {
    await copyFile(fetched, beside, constants.COPYFILE_EXCL);
    const file = await open(beside, "r+");
    await file.sync().finally(() => file.close());
    await renameDurably(beside, place);
  } finally {
    await rm(beside, { force: true });
    await rm(fetched, { force: true });
  }
  return place;
}

function describeError(error: unknown): string {
  const words: string[] = [];
  for (let at: unknown = error; at instanceof Error && words.length < 4; at = at.cause) words.push(at.message);
  return words.join(": ");
}
