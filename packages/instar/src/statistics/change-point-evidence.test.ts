import { describe, expect, it } from "vitest";
import { armsRatios } from "./arms-ratios.ts";
import { foldChangePoint, logShareRatios, meanOfLogs } from "./change-point-evidence.ts";
import { createSeededRandom } from "./seeded-random.ts";

const SHARES = [0.15, 0.3, 0.6, 0.9];
const TIMES = [1.5, 2, 3, 6, 15];

describe("evidence for a change at an unknown moment", () => {
  it("is the mean over all moments of the evidence since then", () => {
    const ratios = [[0.5], [-0.2], [1.1]];
    const folded = ratios.reduce<number[]>((sums, ratio) => foldChangePoint(sums, ratio, 1 / 3), []);
    const since = [0.5 - 0.2 + 1.1, -0.2 + 1.1, 1.1].map(Math.exp);
    expect(meanOfLogs(folded)).toBeCloseTo(Math.log(since.reduce((sum, value) => sum + value, 0) / 3), 12);
  });

  it("is none before anything was seen, and survives JSON", () => {
    expect(meanOfLogs([])).toBe(0);
    const sums = foldChangePoint([], [-800, 700], 1e-5);
    expect(JSON.parse(JSON.stringify(sums))).toEqual(sums);
  });

  it("raises no more false alarms than promised when it is looked at after every span", () => {
    const random = createSeededRandom(11);
    let alarms = 0;
    for (let run = 0; run < 300; run += 1) if (firstAlarm(500, 0.05, () => count(random, 10, 0.05)) !== undefined) alarms += 1;
    // 15 are expected at most; three standard deviations more are 26.
    expect(alarms).toBeLessThanOrEqual(26);
  });

  it("finds a rise soon that comes after a long time without one", () => {
    const random = createSeededRandom(12);
    let sums: readonly number[] = [];
    for (let span = 0; span < 5_000; span += 1) sums = foldChangePoint(sums, logShareRatios(count(random, 10, 0.05), 10, 0.05, SHARES), 1e-4);
    let spans = 0;
    while (meanOfLogs(sums) < Math.log(100) && spans < 1_000) {
      spans += 1;
      sums = foldChangePoint(sums, logShareRatios(count(random, 10, 0.4), 10, 0.05, SHARES), 1e-4);
    }
    expect(spans).toBeLessThan(8);
  });
});

describe("two versions beside each other", () => {
  it("say nothing where one of them got no request", () =>
    expect(armsRatios({ requests: 0, failed: 0, besideRequests: 5, besideFailed: 5 }, TIMES)).toEqual([0, 0, 0, 0, 0]));

  it("compare by the share of the failures: all seven with a tenth of the requests are beyond doubt", () => {
    const ratios = armsRatios({ requests: 100, failed: 7, besideRequests: 900, besideFailed: 0 }, TIMES);
    expect(meanOfLogs(ratios)).toBeGreaterThan(Math.log(100));
    // Each failure under "twice as often": 2 / (1 + w).
    expect(ratios[1]).toBeCloseTo(7 * Math.log(2 / 1.1), 12);
  });

  // Lindon and Malek's own mixture takes a median of 428 requests (a tenth of them new) and of 192 (half of them) from 1 % to 10 % at α 0.05.
  for (const [share, base, most] of [
    [0.1, 10, 560],
    [0.5, 10, 250],
  ] as const)
    it(`find ten times the failures about as soon as the published mixture, with ${share} of the requests`, () => {
      const random = createSeededRandom(13);
      const delays = Array.from({ length: 101 }, () => {
        const logs = TIMES.map(() => 0);
        for (let requests = 1; requests < 20_000; requests += 1) {
          const isOwn = random() < share;
          const failed = random() < (isOwn ? 0.1 : 0.01) ? 1 : 0;
          // By the intended share, as the published one: each request is a span of its own.
          const ratio = armsRatios(
            { requests: share * base, failed: isOwn ? failed : 0, besideRequests: (1 - share) * base, besideFailed: isOwn ? 0 : failed },
            TIMES,
          );
          for (const [index, log] of ratio.entries()) logs[index] = (logs[index] ?? 0) + log;
          if (meanOfLogs(logs) >= Math.log(20)) return requests;
        }
        return 20_000;
      }).sort((one, other) => one - other);
      expect(delays[50]).toBeLessThan(most);
    });

  it("raise no more false alarms than promised, however many requests each gets", () => {
    const random = createSeededRandom(14);
    let alarms = 0;
    for (let run = 0; run < 300; run += 1) {
      let sums: readonly number[] = [];
      for (let span = 0; span < 400; span += 1) {
        const [requests, besideRequests] = [Math.floor(random() * 8), Math.floor(random() * 30)];
        const arms = { requests, failed: count(random, requests, 0.1), besideRequests, besideFailed: count(random, besideRequests, 0.1) };
        sums = foldChangePoint(sums, armsRatios(arms, TIMES), 1 / 400);
        if (meanOfLogs(sums) < Math.log(20)) continue;
        alarms += 1;
        break;
      }
    }
    expect(alarms).toBeLessThanOrEqual(26);
  });
});

function firstAlarm(spans: number, share: number, draw: () => number): number | undefined {
  let sums: readonly number[] = [];
  for (let span = 0; span < spans; span += 1) {
    sums = foldChangePoint(sums, logShareRatios(draw(), 10, share, SHARES), 1 / spans);
    if (meanOfLogs(sums) >= Math.log(20)) return span;
  }
  return undefined;
}

function count(random: () => number, requests: number, share: number): number {
  let failed = 0;
  for (let request = 0; request < requests; request += 1) if (random() < share) failed += 1;
  return failed;
}
