import type { Verdict } from "@instar/protocol";
import type { JobResult } from "../platform/run-job.ts";

/** What a run of tests says. Only a clean exit passes: silence, a signal or a deadline never does. */
export function decideTests(result: JobResult, withinMs: number): { verdict: Verdict; because: string } {
  const left = result.leftBehind === 0 ? "" : `; ${result.leftBehind} processes that it left behind were ended`;
  const tail = pickWords(result.tail);
  switch (result.kind) {
    case "exited":
      return result.status === 0
        ? { verdict: "pass", because: `the tests passed in ${Math.round(result.durationMs / 100) / 10} s${left}` }
        : { verdict: "fail", because: `the tests exited with ${result.status}${left}: ${tail}` };
    case "signalled":
      return { verdict: "fail", because: `the tests were ended by ${result.signal}${left}: ${tail}` };
    case "timed-out":
      return { verdict: "fail", because: `the tests did not end within ${Math.round(withinMs / 1_000)} s and were ended with everything they had started` };
    case "stopped":
      return { verdict: "nodata", because: "the tests were stopped before they ended" };
    case "not-started":
      return { verdict: "error", because: `the tests could not be started: ${result.because}` };
    default:
      return result satisfies never;
  }
}

/** The lines that say what went wrong, where there are such; else the last ones. For people: nothing is decided by them. */
function pickWords(tail: string): string {
  const lines = tail.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
  const telling = lines.filter((line) => /^(not ok|✖|✗|×|FAIL(ED)?\b|ERROR\b|\w*Error\b)/.test(line));
  return (telling.length > 0 ? telling.slice(0, 3) : lines.slice(-3)).join(" | ").slice(0, 400);
}
