import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { renderSample, type SampleLabels } from "./render-sample.ts";

export interface Counter {
  /** @param by not negative @throws RangeError where it is no number to count with */
  add(labels?: SampleLabels, by?: number): void;
}

export interface Histogram {
  /** @param value in the metric's unit: seconds, bytes @throws RangeError where it is no finite number */
  observe(value: number, labels?: SampleLabels): void;
}

export interface Metrics {
  /** By convention a counter's name ends in `_total`. @throws RangeError for a name that is taken or none */
  counter(name: string, help: string): Counter;
  /** What is read when it is asked for. A value that is no finite number is left out: Instar takes it for silence. */
  gauge(name: string, help: string, read: () => number): void;
  /** @param bounds the buckets' upper bounds, ascending */
  histogram(name: string, help: string, bounds?: readonly number[]): Histogram;
  /** Counts a server's requests from now on: `http_requests_total{method,status}` and `http_request_duration_seconds`. */
  countRequests(server: Server): void;
  /** The page: Prometheus text format 0.0.4. */
  render(): string;
  /** A handler for node:http that answers GET `path` (/metrics); it says whether the request was its own. */
  handler(path?: string): (request: IncomingMessage, response: ServerResponse) => boolean;
}

type Render = () => string[];

const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Of one metric. A label that is different in each request would fill the memory, and Instar refuses pages above 1 MiB. */
const MOST_SERIES = 500;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Counts of the agent's own, for `watch.metrics` of instar.yaml. The delay of the event loop is shown as Instar looks for it. */
export function createMetrics(): Metrics {
  const pages = new Map<string, { readonly head: string; readonly render: Render }>();
  let dropped = 0;
  const define = (name: string, type: string, help: string, render: Render): void => {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a metric`);
    if (pages.has(name)) throw new RangeError(`the metric ${name} is there already`);
    pages.set(name, { head: `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}`, render });
  };
  /** The series of one metric, by its labels. */
  const openSeries = <Value>(create: () => Value) => {
    const series = new Map<string, { readonly labels: SampleLabels; readonly value: Value }>();
    const take = (labels: SampleLabels): Value | undefined => {
      const key = renderSample("", labels, 0);
      const found = series.get(key);
      if (found !== undefined) return found.value;
      if (series.size >= MOST_SERIES) {
        dropped += 1;
        return undefined;
      }
      const value = create();
      series.set(key, { labels, value });
      return value;
    };
    return { series, take };
  };

  const metrics: Metrics = {
    counter: (name, help) => {
      const { series, take } = openSeries(() => ({ count: 0 }));
      define(name, "counter", help, () => [...series.values()].map(({ labels, value }) => renderSample(name, labels, value.count)));
      return {
        add: (labels = {}, by = 1) => {
          if (!Number.isFinite(by) || by < 0) throw new RangeError(`${name} cannot be counted up by ${by}`);
          const value = take(labels);
          if (value !== undefined) value.count += by;
        },
      };
    },
    gauge: (name, help, read) =>
      define(name, "gauge", help, () => {
        const value = read();
        return Number.isFinite(value) ? [renderSample(name, {}, value)] : [];
      }),
    histogram: (name, help, bounds = BOUNDS_SECONDS) => {
      if (bounds.some((bound, index) => !Number.isFinite(bound) || bound <= (bounds[index - 1] ?? Number.NEGATIVE_INFINITY)))
        throw new RangeError(`the bounds of ${name} must be finite and ascend`);
      const { series, take } = openSeries(() => ({ counts: bounds.map(() => 0), count: 0, sum: 0 }));
      define(name, "histogram", help, () =>
        [...series.values()].flatMap(({ labels, value }) => [
          ...bounds.map((bound, index) => renderSample(`${name}_bucket`, { ...labels, le: String(bound) }, value.counts[index] ?? 0)),
          renderSample(`${name}_bucket`, { ...labels, le: "+Inf" }, value.count),
          renderSample(`${name}_sum`, labels, value.sum),
          renderSample(`${name}_count`, labels, value.count),
        ]),
      );
      return {
        observe: (seen, labels = {}) => {
          if (!Number.isFinite(seen)) throw new RangeError(`${name} cannot take ${seen}`);
          const value = take(labels);
          if (value === undefined) return;
          value.count += 1;
          value.sum += seen;
          for (const [index, bound] of bounds.entries()) if (seen <= bound) value.counts[index] = (value.counts[index] ?? 0) + 1;
        },
      };
    },
    countRequests: (server) => {
      const requests = metrics.counter("http_requests_total", "Requests that were answered, or broke off");
      const durations = metrics.histogram("http_request_duration_seconds", "From a request's head to its answer's end");
      server.prependListener("request", (request, response) => {
        const begunMs = performance.now();
        response.once("close", () => {
          // Callers choose the method: what is not of the list is one series.
          const method = METHODS.includes(request.method ?? "") ? (request.method ?? "") : "other";
          requests.add({ method, status: response.writableFinished ? String(response.statusCode) : "broken" });
          durations.observe((performance.now() - begunMs) / 1_000);
        });
      });
    },
    render: () => {
      const lines = [...pages.values()].flatMap(({ head, render }) => {
        const samples = render();
        return samples.length === 0 ? [] : [head, ...samples];
      });
      return `${lines.join("\n")}\n`;
    },
    handler:
      (path = "/metrics") =>
      (request, response) => {
        if (request.method !== "GET" || (request.url ?? "").split("?")[0] !== path) return false;
        response.writeHead(200, { "content-type": CONTENT_TYPE, "cache-control": "no-store" });
        response.end(metrics.render());
        return true;
      },
  };

  const delay = monitorEventLoopDelay();
  delay.enable();
  metrics.gauge("nodejs_eventloop_lag_mean_seconds", "The mean delay of the event loop since this was asked last", () => {
    const meanSeconds = delay.mean / 1e9;
    delay.reset();
    return meanSeconds;
  });
  define("metrics_dropped_total", "counter", "Counts that were left out: their metric has too many series", () => [
    renderSample("metrics_dropped_total", {}, dropped),
  ]);
  return metrics;
}
