import { describe, expect, it } from "vitest";
import { summarise } from "./measure-throughput.ts";
import { parseWrk } from "./run-round.ts";

const round = (requestsPerSecond: number, medianMs = 1, failed = 0) => ({ requestsPerSecond, medianMs, p99Ms: medianMs * 2, failed });

describe("throughput", () => {
  it("is compared within a round, so that a slow round is everybody's", () => {
    const rates: Record<string, number[]> = {
      "Instar's front": [100, 10, 12],
      "nginx, 1 worker": [200, 20, 24],
      "http-proxy-3": [50, 5, 6],
      "no proxy": [400, 40, 48],
    };
    const found = summarise((name) => (rates[name] ?? []).map((rate) => round(rate)), new Map(), "wrk");
    expect(found).toMatchObject({ toNginx: 0.5, toHttpProxy: 2 });
  });

  it("has the added latency against no proxy at all", () => {
    const medians: Record<string, number> = { "Instar's front": 0.25, "nginx, 1 worker": 0.15, "http-proxy-3": 0.6, "no proxy": 0.1 };
    const { addedMedianMs, rows } = summarise((name) => [round(1, medians[name])], new Map(), "wrk");
    expect(addedMedianMs).toBeCloseTo(0.15);
    expect(rows.find(({ what, peerName }) => what.endsWith("median") && peerName === "http-proxy-3")).toMatchObject({ ours: 0.15, peer: 0.5, ratio: 0.3 });
  });

  it("says what is missing and what failed", () => {
    const missing = new Map([["nginx, 1 worker", "not installed"]]);
    const { rows, toNginx } = summarise((name) => (missing.has(name) ? [] : [round(1, 1, name === "http-proxy-3" ? 3 : 0)]), missing, "wrk");
    expect(toNginx).toBeNull();
    expect(rows.find(({ peerName }) => peerName === "nginx, 1 worker")).toMatchObject({ peer: null, ratio: null, note: "not installed" });
    expect(rows.find(({ peerName }) => peerName === "http-proxy-3")).toMatchObject({ note: "3 requests FAILED" });
  });
});

describe("what wrk says", () => {
  it("is read in seconds and milliseconds", () => {
    expect(parseWrk("Running 2s test\nROUND 40000 2000000 1500.0 2500.5 3\n")).toEqual({ requestsPerSecond: 20_000, medianMs: 1.5, p99Ms: 2.5005, failed: 3 });
  });

  it("is refused where the line is not there", () => {
    expect(() => parseWrk("unable to connect")).toThrow("unable to connect");
  });
});
