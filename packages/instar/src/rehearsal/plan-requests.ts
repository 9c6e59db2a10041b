import type { Settings } from "../settings/settings.ts";
import { createSeededRandom } from "../statistics/seeded-random.ts";
import { ANSWER_WITHIN_MS } from "./ask-both.ts";
import type { Question } from "./rehearsed-agent.ts";

export interface PlannedPair {
  readonly question: Question;
  readonly isOldFirst: boolean;
}

export interface RequestPlan {
  /** Asked of both and passed over: the first answers come from cold caches and code that is not compiled yet. */
  readonly warmUp: readonly PlannedPair[];
  /** One pair after the other, in blocks between which processor time and the event loop are read. */
  readonly blocks: readonly (readonly PlannedPair[])[];
  /** Several at once, by turns. */
  readonly rounds: readonly { readonly questions: readonly Question[]; readonly isOldFirst: boolean }[];
  /** Before each reading of the memory one more. */
  readonly readings: readonly PlannedPair[];
}

/** Comparing two medians at 0.05 takes seven; twelve leave room for a lame one. */
export const GROUPS = 12;
const WARM_UP_SHARE = 0.05;
const ROUND_SHARE = 0.25;

/** What both versions are asked: rehearsal.requests, or the health page; empty where there is neither. */
export function planQuestions({ rehearsal, health }: Pick<Settings, "rehearsal" | "health">): readonly (Question & { readonly weight: number })[] {
  if (rehearsal.requests.length > 0) return rehearsal.requests.map((request) => ({ ...request, timeoutMs: ANSWER_WITHIN_MS }));
  if (health.http === undefined) return [];
  return [{ path: health.http.path, method: "GET", headers: {}, weight: 1, timeoutMs: ANSWER_WITHIN_MS }];
}

/**
 * Which requests, and who is asked first. Both get the same requests, at most `samples` each, drawn by weight; who comes first changes as ABBA or BAAB by
 * the seed's coin, so that neither a drift of the machine nor a rhythm of its own favours one of them.
 */
export function planRequests(questions: readonly (Question & { readonly weight: number })[], samples: number, seed: number): RequestPlan {
  const random = createSeededRandom(seed);
  const draw = () => drawByWeight(questions, random());
  const turns = planTurns(random);
  const pairs = (count: number) => Array.from({ length: Math.max(0, count) }, () => ({ question: draw(), isOldFirst: turns() }));
  const warmUpCount = Math.ceil(samples * WARM_UP_SHARE);
  const roundSize = Math.floor((samples * ROUND_SHARE) / GROUPS);
  const readingCount = Math.min(GROUPS, samples - warmUpCount);
  const pairCount = Math.max(0, samples - warmUpCount - readingCount - roundSize * GROUPS);
  const warmUp = pairs(warmUpCount);
  const blockSize = Math.max(1, Math.ceil(pairCount / GROUPS));
  const compared = pairs(pairCount);
  const blocks = Array.from({ length: Math.ceil(pairCount / blockSize) }, (_, index) => compared.slice(index * blockSize, (index + 1) * blockSize));
  const rounds = Array.from({ length: roundSize === 0 ? 0 : GROUPS }, () => ({
    questions: Array.from({ length: roundSize }, draw),
    isOldFirst: turns(),
  }));
  return { warmUp, blocks, rounds, readings: pairs(readingCount) };
}

function drawByWeight(questions: readonly (Question & { readonly weight: number })[], at: number): Question {
  const total = questions.reduce((sum, { weight }) => sum + weight, 0);
  let left = at * total;
  const drawn = questions.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  const { weight: _, ...question } = drawn ?? (questions.at(-1) as Question & { readonly weight: number });
  return question;
}

/** True, false, false, true; or the other way round, by a coin for every four. */
function planTurns(random: () => number): () => boolean {
  let left: boolean[] = [];
  return () => {
    if (left.length === 0) left = random() < 0.5 ? [true, false, false, true] : [false, true, true, false];
    return left.shift() === true;
  };
}
