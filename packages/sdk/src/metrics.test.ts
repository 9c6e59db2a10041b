import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, describe, expect, it } from "vitest";
import { parsePrometheus, type Sample } from "../../instar/src/observation/gather/parse-prometheus.ts";
import { selectSample } from "../../instar/src/observation/gather/select-sample.ts";
import { createMetrics, type Metrics } from "./metrics.ts";

/** As Instar reads it. */
function read(metrics: Metrics): readonly Sample[] {
  const parsed = parsePrometheus(metrics.render());
  if (parsed.kind === "refused") throw new Error(parsed.because);
  return parsed.samples;
}
const value = (metrics: Metrics, metric: string, labels = {}, kind: "gauge" | "counter" = "counter") => selectSample(read(metrics), { metric, labels, kind });

describe("metrics as Instar reads them", () => {
  it("a counter: its series are added up, or chosen by labels", () => {
    const metrics = createMetrics();
    const tasks = metrics.counter("tasks_total", "Tasks\nby outcome");
    tasks.add({ outcome: "done" });
    tasks.add({ outcome: "done" }, 2);
    tasks.add({ outcome: 'odd "\\\n' });
    expect(value(metrics, "tasks_total")).toEqual({ kind: "value", value: 4 });
    expect(value(metrics, "tasks_total", { outcome: "done" })).toEqual({ kind: "value", value: 3 });
    expect(value(metrics, "tasks_total", { outcome: 'odd "\\\n' })).toEqual({ kind: "value", value: 1 });
  });

  it("the order of labels is no difference", () => {
    const metrics = createMetrics();
    const counter = metrics.counter("a_total", "a");
    counter.add({ x: "1", y: "2" });
    counter.add({ y: "2", x: "1" });
    expect(read(metrics).filter(({ name }) => name === "a_total")).toHaveLength(1);
  });

  it("a histogram: buckets that hold what is below, sum and count", () => {
    const metrics = createMetrics();
    const seconds = metrics.histogram("work_seconds", "work", [0.1, 1]);
    for (const each of [0.1, 0.5, 7]) seconds.observe(each);
    expect(value(metrics, "work_seconds_bucket", { le: "0.1" })).toMatchObject({ value: 1 });
    expect(value(metrics, "work_seconds_bucket", { le: "1" })).toMatchObject({ value: 2 });
    expect(value(metrics, "work_seconds_bucket", { le: "+Inf" })).toMatchObject({ value: 3 });
    expect(value(metrics, "work_seconds_count")).toMatchObject({ value: 3 });
    expect(value(metrics, "work_seconds_sum")).toMatchObject({ value: 7.6 });
  });

  it("a gauge is read when it is asked for; one that is no number is left out, and the page stays whole", () => {
    const metrics = createMetrics();
    let queue = 3;
    metrics.gauge("queue_length", "queue", () => queue);
    expect(value(metrics, "queue_length", {}, "gauge")).toMatchObject({ value: 3 });
    queue = Number.NaN;
    expect(value(metrics, "queue_length", {}, "gauge")).toMatchObject({ kind: "silent" });
    expect(metrics.render()).not.toContain("queue_length");
  });

  it("shows the event loop's delay under the name that Instar looks for", async () => {
    const metrics = createMetrics();
    // Asking begins it anew, so it is asked once there must be something.
    const delay = monitorEventLoopDelay();
    delay.enable();
    while (delay.count < 5) await new Promise(setImmediate);
    delay.disable();
    expect(value(metrics, "nodejs_eventloop_lag_mean_seconds", {}, "gauge")).toMatchObject({ kind: "value" });
  });

  it("a label that is different each time fills no memory, and what was left out is counted", () => {
    const metrics = createMetrics();
    const counter = metrics.counter("a_total", "a");
    for (let each = 0; each < 600; each += 1) counter.add({ id: String(each) });
    expect(value(metrics, "a_total")).toMatchObject({ value: 500 });
    expect(value(metrics, "metrics_dropped_total")).toMatchObject({ value: 100 });
  });

  it("what cannot be counted is refused where it is said, and spoils no page", () => {
    const metrics = createMetrics();
    const counter = metrics.counter("a_total", "a");
    const histogram = metrics.histogram("b_seconds", "b");
    for (const by of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => counter.add({}, by)).toThrow(RangeError);
    expect(() => histogram.observe(Number.NaN)).toThrow(RangeError);
    expect(() => counter.add({ "no label": "x" })).toThrow(RangeError);
    expect(() => metrics.counter("a_total", "again")).toThrow("is there already");
    expect(() => metrics.counter("no name", "x")).toThrow("no name of a metric");
    for (const bounds of [[1, 1], [2, 1], [Number.NaN], [Number.POSITIVE_INFINITY]]) expect(() => metrics.histogram("c", "c", bounds)).toThrow("ascend");
    read(metrics);
  });
});

describe("requests of a server", () => {
  let server: Server | undefined;
  afterEach(
    () =>
      new Promise<void>((resolve) => {
        server?.close(() => resolve());
        server?.closeAllConnections();
      }),
  );

  it("are counted by method and status, also those that break off", async () => {
    const metrics = createMetrics();
    const page = metrics.handler();
    server = createServer((asked, response) => {
      if (page(asked, response)) return;
      if (asked.url === "/broken") response.destroy();
      else response.writeHead(asked.url === "/bad" ? 500 : 200).end();
    });
    metrics.countRequests(server);
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const ask = (path: string, method = "GET") =>
      new Promise<void>((resolve) => {
        const call = request({ port, host: "127.0.0.1", path, method, agent: false }, (response) => response.resume().on("close", resolve));
        call.on("error", () => resolve());
        call.end();
      });
    await ask("/");
    await ask("/");
    await ask("/bad");
    await ask("/broken");
    await ask("/", "PURGE");
    await ask("/metrics", "GET");
    const counted = () => value(metrics, "http_requests_total");
    for (let now = counted(); now.kind !== "value" || now.value < 6; now = counted()) await new Promise(setImmediate);
    const of = (labels: object) => value(metrics, "http_requests_total", labels);
    expect(of({ method: "GET", status: "200" })).toMatchObject({ value: 3 });
    expect(of({ method: "GET", status: "500" })).toMatchObject({ value: 1 });
    expect(of({ method: "GET", status: "broken" })).toMatchObject({ value: 1 });
    expect(of({ method: "other" })).toMatchObject({ value: 1 });
    expect(value(metrics, "http_request_duration_seconds_count")).toMatchObject({ value: 6 });
  });
});
