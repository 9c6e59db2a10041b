import type { RehearsalFinding } from "@instar/protocol";
import type { Settings } from "../settings/settings.ts";
import type { RehearsedPair } from "./ask-both.ts";
import { makeFinding } from "./compare-shown.ts";
import { findDifferences } from "./find-differences.ts";
import { explainEnd, type GuardedAgent, type RehearsalTime } from "./guard-agent.ts";
import { planQuestions } from "./plan-requests.ts";
import type { Answer, Question } from "./rehearsed-agent.ts";

const SHOWN_AT_MOST = 10;

interface Compared {
  readonly asked: string;
  /** Undefined where the old version did not answer twice: there is nothing to compare with. */
  readonly differences: readonly string[] | undefined;
  readonly noise: number;
}

/** Every scripted request once: the old version before and after the new one, so that what it does not say twice alike is known for noise. */
export async function compareAnswers(pair: RehearsedPair, settings: Pick<Settings, "rehearsal" | "health">, time: RehearsalTime): Promise<RehearsalFinding[]> {
  if (settings.rehearsal.compareAnswers === "off") return [];
  const questions = planQuestions(settings);
  const { old, new: its } = pair;
  if (old === undefined) return [makeFinding("answers", "nodata", "there is no old version to compare with")];
  if (questions.length === 0) return [makeFinding("answers", "nodata", "nothing to ask: instar.yaml has neither rehearsal.requests nor health.http")];
  const compared: Compared[] = [];
  for (const { weight: _, ...question } of questions) {
    if (explainEnd(time) !== undefined) break;
    const one = await compareAnswer({ old, new: its }, question, planIgnored(settings, question));
    if (explainEnd(time) === undefined) compared.push(one);
  }
  return [judgeAnswers(compared, questions.length, explainEnd(time))];
}

async function compareAnswer(
  { old, new: its }: { readonly old: GuardedAgent; readonly new: GuardedAgent },
  question: Question,
  ignore: readonly string[],
): Promise<Compared> {
  const asked = `${question.method} ${question.path}`;
  const first = withoutVersion(await old.ask(question), old.version);
  const answer = withoutVersion(await its.ask(question), its.version);
  const second = withoutVersion(await old.ask(question), old.version);
  if (first.kind !== "answered" || second.kind !== "answered") return { asked, differences: undefined, noise: 0 };
  if (answer.kind === "silent") return { asked, differences: [`was answered with ${first.status}, is not answered: ${answer.because}`], noise: 0 };
  return { asked, ...findDifferences([first, second], answer, ignore) };
}

/** A version says its own name where it likes; shorter ones would be found in any number. */
const SHORTEST_VERSION = 5;
function withoutVersion(answer: Answer, version: string): Answer {
  if (answer.kind === "silent" || version.length < SHORTEST_VERSION) return answer;
  return { ...answer, body: answer.body.replaceAll(version, "<version>") };
}

/** The version itself must differ. */
function planIgnored({ rehearsal, health }: Pick<Settings, "rehearsal" | "health">, question: Question): readonly string[] {
  return health.version?.path === question.path ? [...rehearsal.ignore, health.version.at] : rehearsal.ignore;
}

function judgeAnswers(compared: readonly Compared[], planned: number, ended: string | undefined): RehearsalFinding {
  const told = compared.filter(({ differences }) => differences !== undefined);
  const differing = told.filter(({ differences }) => differences?.length !== 0);
  const noise = compared.reduce((sum, one) => sum + one.noise, 0);
  const parts = { old: told.length, new: told.length - differing.length, samples: told.length, unit: "answers alike" };
  const passedOver = noise === 0 ? "" : `; ${noise} places that two answers of the old version do not have alike either were passed over`;
  if (differing.length > 0) {
    const all = differing.flatMap(({ asked, differences }) => (differences ?? []).map((one) => `${asked}: ${one}`));
    const shown = all.slice(0, SHOWN_AT_MOST).join("; ");
    const more = all.length > SHOWN_AT_MOST ? `; and ${all.length - SHOWN_AT_MOST} more differences` : "";
    return makeFinding("answers", "fail", `${differing.length} of ${told.length} answers differ: ${shown}${more}${passedOver}`, parts);
  }
  if (told.length === 0)
    return makeFinding("answers", "nodata", ended === undefined ? "the old version answered none of them twice" : `not asked: ${ended}`, parts);
  if (told.length < planned)
    return makeFinding(
      "answers",
      "insufficient",
      `${told.length} of ${planned} answers are alike; the others were not compared: ${ended ?? "the old version did not answer them twice"}`,
      parts,
    );
  return makeFinding("answers", "pass", `${told.length === 1 ? "the answer is" : `all ${told.length} answers are`} alike${passedOver}`, parts);
}
