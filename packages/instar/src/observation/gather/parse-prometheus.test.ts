import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePrometheus } from "./parse-prometheus.ts";
import { selectSample } from "./select-sample.ts";

const PAGE = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
http_request_duration_seconds_bucket{le="+Inf",} 144320
a:recorded:rule -Inf
queue_length NaN
`;
const samplesOf = (text: string) => {
  const parsed = parsePrometheus(text);
  if (parsed.kind === "refused") throw new Error(parsed.because);
  return parsed.samples;
};

describe("what an agent shows to Prometheus", () => {
  it("is read as the format's own example says", () => {
    const samples = samplesOf(PAGE);
    expect(samples.map(({ name, value }) => [name, value])).toEqual([
      ["http_requests_total", 1027],
      ["http_requests_total", 3],
      ["msdos_file_access_time_seconds", 1458255915],
      ["metric_without_timestamp_and_labels", 12.47],
      ["http_request_duration_seconds_bucket", 144320],
      ["a:recorded:rule", Number.NEGATIVE_INFINITY],
      ["queue_length", Number.NaN],
    ]);
    expect(samples[2]?.labels.get("error")).toBe('Cannot find file:\n"FILE.TXT"');
  });

  it("may be OpenMetrics: exemplars, created series, and an end that must be there", () => {
    const text = '# TYPE foo counter\nfoo_total{a="b"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67\nfoo_created 1520430000.123\n';
    expect(parsePrometheus(`${text}# EOF\n`, true)).toMatchObject({ kind: "samples", samples: [{ value: 17 }, {}] });
    expect(parsePrometheus(text, true)).toEqual({ kind: "refused", because: "it does not end with # EOF: it was cut" });
    expect(parsePrometheus(`${text}# EOF\nmore 1\n`, true)).toMatchObject({ kind: "refused", because: expect.stringContaining("after # EOF") });
  });

  for (const [name, text, because] of [
    ["was cut in the middle of a line", "up 1\nhttp_requests_tot", "line 2 has no space before its value"],
    ["has a page of something else", "<!doctype html>", "line 1 does not begin with a metric's name"],
    ["says the same series twice", 'up{a="1",b="2"} 1\nup{b="2",a="1"} 2\n', "a second time"],
    ["says a label twice", 'up{a="1",a="2"} 1\n', "a label twice"],
    ["has a value that only JavaScript takes for a number", "up 0x10\n", "no number for a value"],
    ["has no value", "up \n", "no number for a value"],
    ["has something behind its time", "up 1 2 3\n", "goes on after its time"],
    ["has a label that does not end", 'up{a="1\n', "does not end"],
    ["has a line without end", `up{a="${"x".repeat(20_000)}"} 1\n`, "longer than"],
    ["has lines without end", Array.from({ length: 20_002 }, (_, index) => `m${index} 1`).join("\n"), "more than 20000 samples"],
    ["has labels without end", `up{${Array.from({ length: 65 }, (_, index) => `l${index}="1"`).join(",")}} 1\n`, "more than 64 labels"],
  ] as const)
    it(`is refused as a whole where it ${name}`, () =>
      expect(parsePrometheus(text)).toMatchObject({ kind: "refused", because: expect.stringContaining(because) }));

  it("never throws, whatever an agent writes, and never takes long", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ maxLength: 400 })), (text) =>
        ["samples", "refused"].includes(parsePrometheus(text).kind),
      ),
    );
    const bomb = `up{a="${'\\"'.repeat(8_000)}`;
    expect(parsePrometheus(Array(50).fill(bomb).join("\n")).kind).toBe("refused");
  });

  it("may name things as JavaScript's own properties", () => {
    const samples = samplesOf('__proto__{__proto__="1"} 5\nconstructor 3\n');
    expect(selectSample(samples, { metric: "constructor", kind: "gauge" })).toEqual({ kind: "value", value: 3 });
    expect(selectSample(samples, { metric: "toString", kind: "gauge" }).kind).toBe("silent");
  });
});

describe("one metric of it", () => {
  const select = (metric: string, parts = {}) => selectSample(samplesOf(PAGE), { metric, kind: "gauge", ...parts });
  it("is the one with these labels", () =>
    expect(select("http_requests_total", { kind: "counter", labels: { code: "400" } })).toEqual({ kind: "value", value: 3 }));
  it("is the sum of its series where it counts", () => expect(select("http_requests_total", { kind: "counter" })).toEqual({ kind: "value", value: 1030 }));
  it("is silent where a gauge has several series", () => expect(select("http_requests_total")).toMatchObject({ because: expect.stringContaining("2 series") }));
  it("is silent where it is NaN", () => expect(select("queue_length")).toMatchObject({ kind: "silent", because: expect.stringContaining("NaN") }));
  it("is silent where it is infinite", () => expect(select("a:recorded:rule")).toMatchObject({ because: expect.stringContaining("-Infinity") }));
  it("is silent where it is not shown", () => expect(select("other")).toMatchObject({ because: "it shows no other" }));
  it("is silent where a counter is below zero", () =>
    expect(selectSample(samplesOf("c -1\n"), { metric: "c", kind: "counter" })).toMatchObject({ because: expect.stringContaining("below zero") }));
});
