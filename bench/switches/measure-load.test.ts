import { describe, expect, it } from "vitest";
import { emptyRecord, type Failure } from "../load/load-record.ts";
import { explainFailures, foldFigures } from "./measure-load.ts";

const span = { beganMs: 10_000, endedMs: 10_500, tookMs: 400 };
const steady = { fromMs: 0, toMs: 5_000 };

describe("what the clients saw", () => {
  it("counts a request as of the moment at which it was due, until a second after the switch", () => {
    const record = emptyRecord();
    record.answers.push([1_000, 2], [4_999, 3], [5_000, 1_000], [9_999, 1_000], [10_000, 7], [11_499, 9], [11_500, 1_000]);
    expect(foldFigures(record, steady, [span], [])).toMatchObject({ requests: 7, steadyMedianMs: 2, steadyP99Ms: 3, duringP99Ms: 9 });
  });

  it("counts a request once where two switches overlap", () => {
    const record = emptyRecord();
    record.answers.push([10_100, 5], [10_600, 1], [10_700, 1]);
    const figures = foldFigures(record, steady, [span, { ...span, beganMs: 10_050 }], []);
    expect(figures.duringP99Ms).toBe(5);
    expect(figures.requests).toBe(3);
  });

  it("adds streams and messages to the requests, and unwritten writes to the failures", () => {
    const record = emptyRecord();
    Object.assign(record.counted, { streams: 2, messages: 3, toldToReconnect: 1 });
    record.sent.push("a");
    record.acknowledged.push("a");
    expect(foldFigures(record, steady, [], [])).toMatchObject({ requests: 5, toldToReconnect: 1, failures: [{ because: "acknowledged and not done (a)" }] });
  });
});

describe("the reasons for failures", () => {
  it("are counted and named, the most frequent first", () => {
    const fail = (of: Failure["of"], because: string): Failure => ({ atMs: 1, of, because });
    const failures = [fail("POST", "done twice (a)"), fail("GET", "ECONNRESET"), fail("POST", "done twice (b)")];
    expect(explainFailures(failures)).toBe("2x done twice (POST), 1x ECONNRESET (GET)");
    expect(explainFailures([])).toBe("");
  });
});
