import { brokenReport, MOST_TESTS, type ParsedReport, type SeenTest, wholeReport } from "./test-report.ts";

export interface TapReader {
  /** A line of the output, without its end. What is no TAP is passed over. */
  readonly push: (line: string) => void;
  readonly end: () => ParsedReport;
}

export const NO_TAP = "there is no TAP in it";
const LONGEST = 4_000;

/**
 * Reads TAP, of any version, as it comes. A stream without a plan, or one whose plan is not what came, was cut off. Where a point sums up points that
 * are indented before it, those are the tests; it counts only where it failed.
 */
export function createTapReader(): TapReader {
  const tests: SeenTest[] = [];
  let stream = startStream();
  let streams = 0;
  let broken: string | undefined;

  const close = () => {
    if (stream.points === 0 && stream.plan === undefined) return;
    streams += 1;
    if (stream.plan === undefined) broken ??= "it has no plan: it was cut off";
    else if (stream.plan !== stream.points) broken ??= `its plan says ${stream.plan}, and ${stream.points} came`;
    stream = startStream();
  };
  const push = (line: string) => {
    if (line.length > LONGEST || tests.length > MOST_TESTS) return;
    const found = /^( *)(?:(TAP version \d+)|(Bail out!.*)|1\.\.(\d+)|(not )?ok\b(.*))/.exec(line);
    if (found === null) return;
    const [, indent = "", version, bail, plan, not, rest = ""] = found;
    const depth = indent.length;
    if (bail !== undefined) tests.push({ name: bail, file: null, outcome: "failed", isGroup: true });
    else if (version !== undefined) depth === 0 && close();
    else if (plan !== undefined) {
      if (depth === 0) stream.plan = Number(plan);
    } else {
      if (depth === 0) stream.points += 1;
      const test = readPoint(rest, not !== undefined);
      const isSum = stream.deepest > depth;
      stream.deepest = depth;
      if (!isSum) tests.push(test);
      else if (test.outcome === "failed") tests.push({ ...test, isGroup: true });
    }
  };
  const end = (): ParsedReport => {
    close();
    if (broken !== undefined) return brokenReport(broken);
    return streams === 0 ? brokenReport(NO_TAP) : wholeReport(tests);
  };
  return { push, end };
}

const startStream = (): { points: number; plan: number | undefined; deepest: number } => ({ points: 0, plan: undefined, deepest: 0 });

function readPoint(rest: string, isNot: boolean): SeenTest {
  const [, text = "", directive] = /^\s*\d*\s*(?:- )?(.*?)(?:\s#\s*(skip|todo)\b.*)?$/i.exec(rest) ?? [];
  return { name: text, file: null, outcome: directive !== undefined ? "skipped" : isNot ? "failed" : "passed" };
}
