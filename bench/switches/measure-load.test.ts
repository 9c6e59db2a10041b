import { describe, expect, it } from "vitest";
import { emptyRecord, type Failure } from "../load/load-record.ts";
import { countUnrepeatable, explainFailures, foldFigures } from "./measure-load.ts";

const span = { beganMs: 10_000, endedMs: 10_500, tookMs: 400 };
const quiet = [
  { fromMs: 0, toMs: 5_000 },
  { fromMs: 20_000, toMs: 25_000 },
];

describe("what the clients saw", () => {
  it("counts a request as of the moment at which it was due, until a second after the switch", () => {
    const record = emptyRecord();
    record.answers.push(
      [1_000, 2, 0],
      [4_999, 3, 0],
      [5_000, 500, 0],
      [9_999, 500, 0],
      [10_000, 700, 0],
      [11_499, 900, 0],
      [11_500, 600, 0],
      [20_001, 4, 0],
      [25_000, 1_000, 800],
    );
    expect(foldFigures(record, quiet, [span], [])).toMatchObject({
      requests: 9,
      steadyMedianMs: 3,
      steadyP99Ms: 4,
      duringP99Ms: 900,
      betweenP99Ms: 600,
      clientsLateP99Ms: 800,
    });
  });

  it("counts a request once where two switches overlap", () => {
    const record = emptyRecord();
    record.answers.push([10_100, 5, 0], [10_600, 1, 0], [10_700, 1, 0]);
    const figures = foldFigures(record, quiet, [span, { ...span, beganMs: 10_050 }], []);
    expect(figures.duringP99Ms).toBe(5);
    expect(figures.requests).toBe(3);
  });

  it("adds streams and messages to the requests, and unwritten writes to the failures", () => {
    const record = emptyRecord();
    Object.assign(record.counted, { streams: 2, messages: 3, toldToReconnect: 1 });
    record.sent.push("a");
    record.acknowledged.push("a");
    expect(foldFigures(record, quiet, [], [])).toMatchObject({ requests: 5, toldToReconnect: 1, failures: [{ because: "acknowledged and not done (a)" }] });
  });
});

describe("a failure that the client may mend", () => {
  it("is a request without effect that ended on a kept connection before any answer, and no other", () => {
    const kept = "ECONNRESET on a kept connection";
    const mendable: Failure[] = [
      { of: "GET", because: kept },
      { of: "stream", because: kept },
    ];
    const others: Failure[] = [
      { of: "POST", because: kept },
      { of: "GET", because: "ECONNRESET" },
      { of: "WebSocket", because: "closed with 1006" },
    ];
    expect(countUnrepeatable([...mendable, ...others])).toBe(others.length);
  });
});

describe("the reasons for failures", () => {
  it("are counted and named, the most frequent first", () => {
    const fail = (of: Failure["of"], because: string): Failure => ({ of, because });
    const failures = [fail("POST", "done twice (a)"), fail("GET", "ECONNRESET"), fail("POST", "done twice (b)")];
    expect(explainFailures(failures)).toBe("2x done twice (POST), 1x ECONNRESET (GET)");
    expect(explainFailures([])).toBe("");
  });
});
