import { type Row, row } from "../bench-report.ts";
import { median, percentile } from "../percentile.ts";
import type { SandboxFigures } from "./plan-sandbox-bars.ts";
import type { ByWay, SandboxSamples, Way } from "./sandbox-samples.ts";

const SANDBOXED = ["none", "bubblewrap", "sandbox-runtime"] as const;

/** Pure: medians; a ratio is the median of the rounds' ratios, each of neighbours in time. What is not there is null, with its reason. */
export function summariseSandbox({ starts, calls, suites, tests }: SandboxSamples): { rows: Row[]; figures: SandboxFigures } {
  const rows = [
    ...(["sh", "node"] as const).flatMap((program) => [
      ...compare(`${NAMES[program]}: asked for until its first output`, "ms", pick(starts[program], "firstOutputMs")),
      ...compare(`${NAMES[program]}: asked for until nothing of it is left`, "ms", pick(starts[program], "endMs")),
    ]),
    ...compare("a request to an agent that stays, median", "us", toMicroseconds(calls), median),
    ...compare("a request to an agent that stays, 99th percentile", "us", toMicroseconds(calls), (values) => percentile(values, 0.99)),
    ...compare(`node --test, ${tests} tests`, "ms", suites.own),
    ...compare("Vitest, tests of Instar's own decisions", "ms", suites.real),
  ];
  const inBubblewrap = (what: string) => rows.find((found) => found.what === `${what} (bubblewrap)`);
  return {
    rows,
    figures: {
      startMs: inBubblewrap(`${NAMES.node}: asked for until its first output`)?.ours ?? null,
      ownSuiteRatio: inBubblewrap(`node --test, ${tests} tests`)?.ratio ?? null,
      realSuiteRatio: inBubblewrap("Vitest, tests of Instar's own decisions")?.ratio ?? null,
    },
  };
}

const NAMES = { sh: "a shell", node: "Node" };

function compare(what: string, unit: string, values: ByWay<readonly number[]>, fold: (values: readonly number[]) => number = median): Row[] {
  const bare = typeof values.bare === "string" ? [] : values.bare;
  return SANDBOXED.map((way) => {
    const found = values[way];
    if (typeof found === "string") return row(`${what} (${way})`, unit, null, "bare", fold(bare), found);
    const isPaired = found.length === bare.length && unit === "ms";
    const ratio = isPaired ? median(found.map((value, turn) => value / (bare[turn] ?? Number.NaN))) : undefined;
    return ratio === undefined
      ? row(`${what} (${way})`, unit, fold(found), "bare", fold(bare))
      : row(`${what} (${way})`, unit, fold(found), "bare", fold(bare), undefined, ratio);
  });
}

function pick<Name extends string>(byWay: ByWay<readonly Readonly<Record<Name, number>>[]>, name: Name): ByWay<number[]> {
  return mapWays(byWay, (samples) => samples.map((sample) => sample[name]));
}

const toMicroseconds = (byWay: ByWay<readonly number[]>) => mapWays(byWay, (values) => values.map((value) => value * 1_000));

function mapWays<From, To>(byWay: ByWay<From>, change: (value: From) => To): ByWay<To> {
  return Object.fromEntries(Object.entries(byWay).map(([way, found]) => [way, typeof found === "string" ? found : change(found as From)])) as Record<
    Way,
    To | string
  >;
}
