import { endsAgent, type Sight } from "./crash-point.ts";
import type { Answer } from "./drive-clients.ts";
import { outcomeOf, releaseOf, versionOf } from "./judge-journals.ts";
import type { Evidence, JournalRow } from "./read-evidence.ts";

/** Of 32 callers a share of 0.3 takes more than this once in a million trials. */
const MOST_IN_SHARE = 22;

/**
 * Who met which version, and when: nobody one that showed beforehand that it is unfit; nobody any before the keeper had written down
 * that requests go there, which it does only once the version answered well; and in a trial each caller met one of the two.
 */
export function judgeMeetings(evidence: Evidence): string[] {
  const unfit = new Set(evidence.answers.flatMap(({ version }) => (version !== null && evidence.unfit.has(version) ? [version] : [])));
  return [
    ...[...unfit].map((version) => `clients met ${version}, which had shown that nobody should`),
    ...evidence.journals.flatMap((journal) => judgeOpening(evidence, journal)),
    ...evidence.journals.flatMap((journal) => judgeTrial(evidence, journal)),
    ...evidence.journals.flatMap((journal) => judgeTrialsEnd(evidence, journal)),
  ];
}

function judgeOpening({ sights, shown, answers }: Evidence, journal: readonly JournalRow[]): string[] {
  const release = releaseOf(journal);
  if (release === undefined) return [];
  const version = versionOf(journal);
  const opened = sights.find(({ world }) => (world.routed === release && !world.holding) || world.share === release);
  const openedMs = opened?.atMs ?? Number.POSITIVE_INFINITY;
  const early = answers.filter((answer) => answer.version === version && answer.endedMs < openedMs).length;
  const missing = (["healthy", "smoked"] as const).filter((kind) => !shown.some((one) => one.kind === kind && one.release === release && one.atMs <= openedMs));
  return [
    ...(early === 0 ? [] : [`${early} requests were answered by ${version} before the keeper had written down that they go there`]),
    ...(opened === undefined ? [] : missing.map((kind) => `requests were to go to ${version} before it was ${kind}`)),
  ];
}

/** From the first answer of the version on trial until it is over, every answer is of the share or not, and so is every caller. */
function judgeTrial({ sights, answers, kills }: Evidence, journal: readonly JournalRow[]): string[] {
  const release = releaseOf(journal);
  const began = sights.findIndex(({ world }) => release !== undefined && world.share === release);
  if (release === undefined || began === -1) return [];
  const version = versionOf(journal);
  const over = sights.slice(began).find(isOver(release));
  const overMs = over?.atMs ?? Number.POSITIVE_INFINITY;
  const met = answers.filter((answer) => answer.version === version);
  const inTrialMs = Math.min(...met.map(({ endedMs }) => endedMs));
  const during = answers.filter(({ beganMs, endedMs, version: by }) => by !== null && beganMs > inTrialMs && endedMs < overMs);
  const outside = callersOf(during.filter((answer) => answer.version !== version));
  const inside = callersOf(isOnlyTried(journal) ? met : during.filter((answer) => answer.version === version));
  const both = [...inside].filter((caller) => outside.has(caller));
  // Without the version on trial its callers go to the one that serves.
  const hasDied = kills.some((kill) => endsAgent(kill) && kill.atMs >= (sights[began]?.atMs ?? 0) - DEAD_BEFORE_MS && kill.atMs <= overMs);
  return [
    ...(both.length === 0 || hasDied ? [] : [`${both.length} callers met ${version} and the version before during its trial, ${both.slice(0, 3).join(", ")}`]),
    ...(inside.size > MOST_IN_SHARE ? [`${inside.size} callers met ${version} on trial`] : []),
  ];
}

/** A version that misbehaves does so on trial: nobody outside the share is to meet it. */
function judgeTrialsEnd({ kind, misbehaving }: Evidence, journal: readonly JournalRow[]): string[] {
  const version = versionOf(journal);
  const isForAll = journal.some((row) => row.kind === "applying" && row.step === "switch");
  return kind.hasTrial && misbehaving.has(version) && isForAll ? [`${version} misbehaved on trial and was put in place for everybody`] : [];
}

/** An agent that was killed before the trial is started again within this time. */
const DEAD_BEFORE_MS = 30_000;

const isOver =
  (release: string) =>
  ({ world }: Sight) =>
    world.share !== release;

/** Rolled back, and never exchanged for everybody: then whoever met it was in the share, whenever that was. */
function isOnlyTried(journal: readonly JournalRow[]): boolean {
  return outcomeOf(journal) === "rolled-back" && !journal.some(({ kind, step }) => kind === "applying" && step === "switch");
}

const callersOf = (answers: readonly Answer[]) => new Set(answers.map(({ caller }) => caller));
