import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { z } from "zod";
import type { Clock } from "../platform/clock.ts";
import { makePrivateFolder } from "../platform/durable-files.ts";
import { BoundedFetcher } from "./bounded-fetcher.ts";
import { chooseRoot } from "./choose-root.ts";
import { CLIENT_LIMITS, type ClientLimits } from "./client-limits.ts";
import { type DownloadedRelease, downloadReleases } from "./download-releases.ts";
import { findLayoutProblem } from "./judge-metadata.ts";
import { SELF } from "./metadata-bodies.ts";
import { type KeepFile, keepMetadataFiles, type MetadataFiles, readMetadataFiles, withStaging } from "./metadata-folder.ts";
import { listTargets, planRelease, type ReleaseChoice, type ReleasePolicy, type ReleaseTarget } from "./plan-release.ts";
import { askUpdater, openUpdater, type RefusalReason } from "./run-updater.ts";
import {
  isSigned,
  rootDocumentSchema,
  ruleOfDelegation,
  ruleOfRoot,
  type SignedDocument,
  type SigningRule,
  snapshotDocumentSchema,
  targetsDocumentSchema,
  timestampDocumentSchema,
} from "./signed-document.ts";
import { judgeFloors, planReferenceTime, type TrustFloors } from "./trust-floors.ts";
import { withDeadline } from "./with-deadline.ts";
import { withLock } from "./with-lock.ts";

export interface ClientQuestion {
  /** A cache, this client's alone. Nothing in it is believed but what the floors or the shipped root vouch for. */
  readonly metadataFolder: string;
  /** The root.json that Instar was given by a person. */
  readonly shippedRoot: Buffer;
  readonly metadataUrl: string;
  readonly targetUrl: string;
  /** What was seen last, from where the agent cannot write; null the first time. */
  readonly floors: TrustFloors | null;
  readonly clock: Clock;
  readonly limits?: Partial<ClientLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly keep?: KeepFile | undefined;
}

export interface RefreshAnswer {
  /** To be recorded outside of the metadata folder before anything is done with what was found. */
  readonly floors: TrustFloors;
  /** What an operator should know, such as a damaged file that was replaced. */
  readonly notes: readonly string[];
}

export interface TrustedClient {
  /**
   * Asks the repository, and believes all of its answer or nothing: what is refused leaves the folder as it was.
   *
   * @throws InstarError PACKAGE_REFUSED (`facts.reason`, a RefusalReason), SOURCE_GONE, TIMED_OUT, CONFLICT (another one refreshes), DISK_FULL, PLATFORM_FAILED,
   *   the signal's reason
   */
  refresh(): Promise<RefreshAnswer>;
  /** Of what the last refresh found. @throws InstarError CONFLICT before the first, PACKAGE_REFUSED where that has expired since */
  findRelease(component: string, channel: string, policy: ReleasePolicy): ReleaseChoice;
  /** Into a folder, as `<component>-<version>.tgz`. One that is there and is the right one is not asked for again. @throws InstarError as `refresh` */
  download(release: ReleaseTarget, folder: string): Promise<DownloadedRelease>;
  /** All of them or none: the folder must not be there, and appears with all of them in it. @throws InstarError as `refresh` */
  downloadBundle(releases: readonly ReleaseTarget[], folder: string): Promise<readonly DownloadedRelease[]>;
}

interface Trusted {
  readonly releases: readonly ReleaseTarget[];
  readonly expiresMs: number;
}

/**
 * A client of a repository of signed releases. TUF's own workflow is tuf-js's; what TUF leaves to whoever uses it is done here: time and versions that were seen
 * are never gone below, the folder is replaced file by file and durably, one deadline and one size hold for all, and a release is what its signed description says.
 */
export function openTrustedClient(question: ClientQuestion): TrustedClient {
  const limits: ClientLimits = { ...CLIENT_LIMITS, ...question.limits };
  const { clock, metadataFolder } = question;
  let floors = question.floors;
  let trusted: Trusted | undefined;

  const demandTrusted = (): Trusted => {
    if (trusted === undefined) throw new InstarError("CONFLICT", "the repository was not asked yet", { advice: "Refresh first." });
    if (planReferenceTime(floors, clock.wallMs()) >= trusted.expiresMs) throw refused("expired", "what it said last has expired", "Refresh first.");
    return trusted;
  };
  const assertListed = (release: ReleaseTarget): void => {
    const listed = demandTrusted().releases.find(({ path, role }) => path === release.path && role === release.role);
    if (listed === undefined || listed.sha256 !== release.sha256 || listed.lengthBytes !== release.lengthBytes)
      throw refused("wrong-release", `${JSON.stringify(release.path.slice(0, 200))} is not what it lists now`, "Look for the release again.");
  };
  const fetchInto = (releases: readonly ReleaseTarget[], folder: string, isBundle: boolean): Promise<readonly DownloadedRelease[]> => {
    for (const release of releases) assertListed(release);
    return withDeadline({ clock, deadlineMs: limits.deadlineMs, signal: question.signal }, (signal) =>
      downloadReleases({ releases, folder, isBundle, targetUrl: question.targetUrl, limits, signal }),
    );
  };

  return {
    async refresh() {
      await makePrivateFolder(metadataFolder);
      return withLock(join(metadataFolder, "lock"), "another refresh of the same metadata is under way", async () => {
        const found = await withDeadline({ clock, deadlineMs: limits.deadlineMs, signal: question.signal }, (signal) =>
          refreshOnce(question, limits, floors, signal),
        );
        floors = found.answer.floors;
        trusted = found.trusted;
        return found.answer;
      });
    },
    findRelease: (component, channel, policy) => planRelease(demandTrusted().releases, component, channel, policy),
    download: async (release, folder) => {
      const [downloaded] = await fetchInto([release], folder, false);
      if (downloaded === undefined) throw new InstarError("PLATFORM_FAILED", "nothing was downloaded");
      return downloaded;
    },
    downloadBundle: (releases, folder) => fetchInto(releases, folder, true),
  };
}

async function refreshOnce(
  { metadataFolder, shippedRoot, metadataUrl, clock, keep }: ClientQuestion,
  limits: ClientLimits,
  floors: TrustFloors | null,
  signal: AbortSignal,
): Promise<{ answer: RefreshAnswer; trusted: Trusted }> {
  const wallMs = planReferenceTime(floors, clock.wallMs());
  const before = await readMetadataFiles(metadataFolder);
  const root = chooseRoot(before.get("root.json"), shippedRoot, floors);
  const after = await withStaging(metadataFolder, new Map([...before, ["root.json", root.bytes]]), async (staging) => {
    const fetcher = new BoundedFetcher({ scratch: staging, signal, totalBytes: limits.metadataBytes });
    await askUpdater(fetcher, async () => {
      const updater = openUpdater({ staging, metadataUrl, fetcher, limits, wallMs });
      await updater.refresh();
      // Makes it read the role `self`: nobody can have listed this name in `targets`, where the search would end.
      await updater.getTargetInfo(`${SELF}/${randomBytes(12).toString("hex")}`);
    });
    return readMetadataFiles(staging);
  });
  const { bodies, releases, unsigned } = parseAccepted(after);
  const problem = findLayoutProblem(bodies);
  if (problem !== undefined) throw refused("layout", problem);
  if (unsigned !== undefined) throw refused("unsigned", `${unsigned} lacks good signatures of the keys that count`);
  const verdict = judgeFloors(floors, bodies, clock.wallMs());
  if (verdict.kind === "older") throw refused("older", verdict.because, "If nobody at the repository knows why, somebody shows this machine old releases.");
  signal.throwIfAborted();
  // A crash in here leaves files of both; whoever comes next starts from the floors again, which were not recorded yet.
  await keepMetadataFiles(metadataFolder, before, after, keep);
  const expiresMs = Math.min(...[bodies.root, bodies.timestamp, bodies.snapshot, bodies.targets].map(({ expires }) => Date.parse(expires)));
  return { answer: { floors: verdict.floors, notes: root.note === null ? [] : [root.note] }, trusted: { releases, expiresMs } };
}

/** What tuf-js accepted just now, read once more because it shows its own copy to nobody. Signatures are counted again, so that the file and what was judged are one. */
function parseAccepted(files: MetadataFiles) {
  const parse = <T extends z.ZodType>(name: string, schema: T): z.infer<T> => {
    const parsed = schema.safeParse(JSON.parse(files.get(name)?.toString("utf8") ?? "null"));
    if (!parsed.success) throw refused("layout", `its ${name} has a form that is not known here`, undefined, parsed.error);
    return parsed.data;
  };
  const root = parse("root.json", rootDocumentSchema);
  const timestamp = parse("timestamp.json", timestampDocumentSchema);
  const snapshot = parse("snapshot.json", snapshotDocumentSchema);
  const targets = parse("targets.json", targetsDocumentSchema);
  const delegation = ruleOfDelegation(targets.signed, SELF);
  const self = delegation === undefined ? undefined : parse(`${SELF}.json`, targetsDocumentSchema);
  const signed: [string, SignedDocument, SigningRule][] = [
    ["root", root, ruleOfRoot(root.signed, "root")],
    ["timestamp", timestamp, ruleOfRoot(root.signed, "timestamp")],
    ["snapshot", snapshot, ruleOfRoot(root.signed, "snapshot")],
    ["targets", targets, ruleOfRoot(root.signed, "targets")],
  ];
  if (self !== undefined && delegation !== undefined) signed.push([SELF, self, delegation]);
  const fromTargets = listTargets("targets", targets.signed);
  // What both list, `targets` decides.
  const fromSelf = self === undefined ? [] : listTargets("self", self.signed).filter(({ path }) => targets.signed.targets[path] === undefined);
  return {
    bodies: { root: root.signed, timestamp: timestamp.signed, snapshot: snapshot.signed, targets: targets.signed, self: self?.signed },
    releases: [...fromTargets, ...fromSelf],
    unsigned: signed.find(([, document, rule]) => !isSigned(document, rule))?.[0],
  };
}

function refused(reason: RefusalReason, because: string, advice?: string, cause?: unknown): InstarError {
  return new InstarError("PACKAGE_REFUSED", `the repository is not to be trusted now: ${because}`, {
    facts: { reason },
    ...(advice === undefined ? {} : { advice }),
    ...(cause === undefined ? {} : { cause }),
  });
}
