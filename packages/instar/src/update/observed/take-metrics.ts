import { type CounterReading, differCounter } from "../../observation/gather/differ-counter.ts";
import type { Sample } from "../../observation/gather/parse-prometheus.ts";
import type { Reading } from "../../observation/gather/reading.ts";
import { selectSample } from "../../observation/gather/select-sample.ts";
import type { MetricSettings, SlotSources } from "./slot-sources.ts";

export interface TakenMetrics {
  readonly metrics: Record<string, number>;
  readonly counters: Record<string, CounterReading>;
  readonly eventLoopDelayMs: number | null;
}

/**
 * What the operator's metrics said in the span: gauges as they were last, counters as what came since they were read before.
 *
 * @param silences changed in place: a metric is silent from its first bad answer to its next good one
 */
export function takeMetrics(
  { pages, programs }: SlotSources,
  run: string,
  kept: Readonly<Record<string, CounterReading>>,
  silences: Record<string, string>,
): TakenMetrics {
  const taken: Taking = { metrics: {}, counters: { ...kept }, silences, eventLoopDelayMs: null };
  for (const page of pages) {
    const { answers, missing } = page.source.take(page.everyMs);
    const newest = answers.at(-1);
    if (newest?.kind === "value") taken.eventLoopDelayMs = readEventLoopDelay(newest.value) ?? taken.eventLoopDelayMs;
    for (const metric of page.metrics) {
      const { prometheus } = metric;
      if (prometheus === undefined) continue;
      const read = (answer: Reading<readonly Sample[]>): Reading<number> =>
        answer.kind === "silent" ? answer : selectSample(answer.value, { ...prometheus, kind: metric.kind });
      note(taken, metric, run, answers.map(read), missing);
    }
  }
  for (const { metric, source } of programs) {
    const { answers, missing } = source.take(metric.every);
    note(taken, metric, run, answers, missing);
  }
  return taken;
}

type Taking = Omit<TakenMetrics, "eventLoopDelayMs"> & { eventLoopDelayMs: number | null; readonly silences: Record<string, string> };

function note(taken: Taking, { name, kind }: MetricSettings, run: string, answers: readonly Reading<number>[], missing: string | null): void {
  const last = answers.at(-1);
  if (missing !== null) taken.silences[sourceOf(name)] = missing;
  if (last === undefined) return;
  if (last.kind === "silent") {
    taken.silences[sourceOf(name)] = last.because;
    return;
  }
  delete taken.silences[sourceOf(name)];
  if (kind === "gauge") {
    taken.metrics[name] = last.value;
    return;
  }
  const now = { run, value: last.value };
  const since = differCounter(taken.counters[name] ?? null, now);
  taken.counters[name] = now;
  if (since.kind === "value") taken.metrics[name] = since.value;
  else if (since.kind === "silent") taken.silences[sourceOf(name)] = since.because;
}

const sourceOf = (metric: string) => `metric ${metric}`;

/** As prom-client names it, the collector of nearly every agent on Node; where it is not shown, nothing is known. */
function readEventLoopDelay(samples: readonly Sample[]): number | null {
  for (const metric of ["nodejs_eventloop_lag_mean_seconds", "nodejs_eventloop_lag_seconds"]) {
    const found = selectSample(samples, { metric, kind: "gauge" });
    if (found.kind === "value" && found.value >= 0) return found.value * 1_000;
  }
  return null;
}
