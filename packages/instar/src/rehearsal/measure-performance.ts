import type { RehearsalFinding } from "@instar/protocol";
import type { Settings } from "../settings/settings.ts";
import type { RehearsedPair } from "./ask-both.ts";
import { makeFinding } from "./compare-shown.ts";
import { explainEnd, type GuardedAgent, type RehearsalTime } from "./guard-agent.ts";
import { explainEarlyEnd, judgePerformance } from "./judge-performance.ts";
import type { MeasuredBlock, MeasuredPair, MeasuredRequest } from "./measured-pair.ts";
import { GROUPS, type PlannedPair, planQuestions, planRequests, type RequestPlan } from "./plan-requests.ts";
import type { Question } from "./rehearsed-agent.ts";

/** So many at once: what a few people do to an agent, and less than what its own limits would turn away. */
const AT_ONCE = 4;

/**
 * Both versions under the same requests, side by side and by turns, so that whatever else the machine does meets both. Ends early only by rules that keep
 * what is then claimed valid: on failures beyond doubt at any time, on slowness beyond doubt at looks that were fixed before.
 */
export async function measurePerformance(
  pair: RehearsedPair,
  settings: Pick<Settings, "rehearsal" | "health">,
  time: RehearsalTime,
  options: { readonly seed: number; readonly onProgress: (say: string) => void },
): Promise<RehearsalFinding[]> {
  const { performance, samples, limits } = settings.rehearsal;
  const { old, new: its } = pair;
  if (performance === "off") return [];
  const questions = planQuestions(settings);
  if (questions.length === 0) return [makeFinding("performance", "nodata", "nothing to ask: instar.yaml has neither rehearsal.requests nor health.http")];
  if (old === undefined) return [makeFinding("performance", "nodata", "there is no old version to compare with")];
  const ended = explainEnd(time);
  if (ended !== undefined) return [makeFinding("performance", "nodata", `not measured: ${ended}`)];
  const plan = planRequests(questions, samples, options.seed);
  // Where nothing is refused for it, all of it is measured: whoever reads it wants the whole picture.
  const early = (seen: Pick<MeasuredPair, "pairs" | "plannedPairs">) => (performance === "required" ? explainEarlyEnd(seen, limits) : undefined);
  return judgePerformance(await measure({ old, new: its }, plan, time, early, options.onProgress), limits);
}

type Both = { readonly old: GuardedAgent; readonly new: GuardedAgent };

async function measure(
  both: Both,
  plan: RequestPlan,
  time: RehearsalTime,
  early: (seen: Pick<MeasuredPair, "pairs" | "plannedPairs">) => string | undefined,
  onProgress: (say: string) => void,
): Promise<MeasuredPair> {
  const pairs: MeasuredPair["pairs"][number][] = [];
  const blocks: MeasuredPair["blocks"][number][] = [];
  const rounds: MeasuredPair["rounds"][number][] = [];
  const memory: MeasuredPair["memory"][number][] = [];
  const plannedPairs = plan.blocks.reduce((sum, block) => sum + block.length, 0);
  const result = (endedBecause: string | null): MeasuredPair => ({ pairs, plannedPairs, plannedGroups: GROUPS, blocks, rounds, memory, endedBecause });
  const explain = () =>
    explainEnd(time) ?? (both.new.isAlive() ? undefined : "its process ended") ?? (both.old.isAlive() ? undefined : "the old version's process ended");

  for (const planned of plan.warmUp) if (explain() === undefined) await askPair(both, planned);
  let before = await readBoth(both);
  for (const block of plan.blocks) {
    for (const planned of block) {
      const ended = explain();
      if (ended !== undefined) return result(ended);
      const asked = await askPair(both, planned);
      // An answer that was cut by the end of the time says nothing about whoever was cut.
      const cut = explainEnd(time);
      if (cut !== undefined) return result(cut);
      pairs.push(asked);
      const isDecided = early({ pairs, plannedPairs });
      if (isDecided !== undefined) return result(isDecided);
    }
    const after = await readBoth(both);
    blocks.push({ old: describeBlock(before.old, after.old, block.length), new: describeBlock(before.new, after.new, block.length) });
    before = after;
    onProgress(`compared ${pairs.length} of ${plannedPairs} requests`);
  }
  for (const { questions, isOldFirst } of plan.rounds) {
    const ended = explain();
    if (ended !== undefined) return result(ended);
    const round = await inTurn(both, isOldFirst, (agent) => timeRound(agent, questions, time));
    if (explainEnd(time) === undefined) rounds.push(round);
  }
  for (const planned of plan.readings) {
    const ended = explain();
    if (ended !== undefined) return result(ended);
    await askPair(both, planned);
    memory.push({ old: (await both.old.readUsage())?.residentBytes, new: (await both.new.readUsage())?.residentBytes });
  }
  return result(null);
}

const askPair = (both: Both, { question, isOldFirst }: PlannedPair) => inTurn(both, isOldFirst, (agent) => askTimed(agent, question));

async function inTurn<Value>({ old, new: its }: Both, isOldFirst: boolean, ask: (agent: GuardedAgent) => Promise<Value>): Promise<{ old: Value; new: Value }> {
  if (isOldFirst) {
    const first = await ask(old);
    return { old: first, new: await ask(its) };
  }
  const first = await ask(its);
  return { old: await ask(old), new: first };
}

async function askTimed(agent: GuardedAgent, question: Question): Promise<MeasuredRequest> {
  const answer = await agent.ask(question);
  return { tookMs: answer.tookMs, isFailed: answer.kind === "silent" || answer.status >= 500 };
}

/** Milliseconds for each good answer. */
async function timeRound(agent: GuardedAgent, questions: readonly Question[], { clock }: RehearsalTime): Promise<number> {
  const left = [...questions];
  let answered = 0;
  const from = clock.monotonicMs();
  const askOn = async (): Promise<void> => {
    for (let question = left.shift(); question !== undefined; question = left.shift()) if (!(await askTimed(agent, question)).isFailed) answered += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askOn));
  return answered === 0 ? Number.POSITIVE_INFINITY : (clock.monotonicMs() - from) / answered;
}

interface BlockReading {
  readonly cpuMs: number | undefined;
  readonly loopMs: number | undefined;
}

async function readBoth({ old, new: its }: Both): Promise<{ readonly old: BlockReading; readonly new: BlockReading }> {
  return { old: await readBlock(old), new: await readBlock(its) };
}

async function readBlock(agent: GuardedAgent): Promise<BlockReading> {
  return { cpuMs: (await agent.readUsage())?.cpuMs, loopMs: (await agent.readEventLoop())?.p99Ms };
}

function describeBlock(before: BlockReading, after: BlockReading, requests: number): MeasuredBlock {
  const cpuMs = before.cpuMs === undefined || after.cpuMs === undefined ? undefined : Math.max(0, after.cpuMs - before.cpuMs);
  return { cpuMsPerRequest: cpuMs === undefined ? undefined : cpuMs / requests, loopMs: after.loopMs };
}
