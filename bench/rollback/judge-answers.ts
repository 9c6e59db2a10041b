import type { Answered } from "./ask-steadily.ts";

export interface WayBack {
  /** From the first bad answer of the new version until the old one answers for good, ms. */
  readonly ms: number;
  /** Bad answers that callers met, from the first to the last. */
  readonly failed: number;
  /** Bad answers after the old version was back. */
  readonly failedAfter: number;
}

/** What callers met of a bad version. Undefined where it never served badly, or the old one never came back. */
export function judgeAnswers(answers: readonly Answered[], old: string): WayBack | undefined {
  const isBad = ({ status }: Answered) => status < 200 || status > 299;
  const first = answers.find((answer) => isBad(answer));
  const lastOfNew = answers.findLast(({ version }) => version !== undefined && version !== old);
  if (first === undefined || lastOfNew === undefined) return undefined;
  const back = answers.find((answer) => answer.atMs > lastOfNew.atMs && answer.version === old && !isBad(answer));
  if (back === undefined) return undefined;
  return {
    ms: back.atMs - first.atMs,
    failed: answers.filter(isBad).length,
    failedAfter: answers.filter((answer) => answer.atMs > back.atMs && isBad(answer)).length,
  };
}
