import { describe, expect, it } from "vitest";
import { foldAnswer, foldHeard, staleSince } from "./fold-heard.ts";
import { FIRST_UPDATE, heard, NOW_MS, sampleReading, sampleStatus } from "./sample-reading.testing.ts";
import { firstState } from "./watch-state.ts";

const reading = sampleReading();
const live = foldHeard(firstState(null, NOW_MS), heard(reading), NOW_MS);
const withRequests = (requests: number, failed: number) => {
  const status = sampleStatus();
  return sampleReading(undefined, { status: { ...status, front: status.front === null ? null : { ...status.front, requests, failed } } });
};

describe("a daemon that is away", () => {
  const away = foldHeard(live, { kind: "silence", because: "the daemon is away" }, NOW_MS + 800);

  it("leaves what was heard, and says since when it is old", () => {
    expect(away.reading).toBe(live.reading);
    expect(staleSince(away, NOW_MS + 900)).toEqual({ sinceMs: NOW_MS, because: "the daemon is away" });
  });

  it("is away since the first silence, however often it is silent", () =>
    expect(foldHeard(away, { kind: "silence", because: "still" }, NOW_MS + 5_000).away).toEqual(away.away));

  it("is back with its first answer", () => expect(staleSince(foldHeard(away, heard(reading), NOW_MS + 2_000), NOW_MS + 2_100)).toBeNull());

  it("is answered for by the disk where nothing was heard of it yet", () => {
    const disk = foldHeard(firstState(null, NOW_MS), { kind: "disk", reading, because: "no daemon runs" }, NOW_MS);
    expect(disk).toMatchObject({ reading: { status: { instance: "tested" } }, away: { sinceMs: NOW_MS, because: "no daemon runs" } });
  });

  it("is one that hangs, too", () => {
    expect(staleSince(live, NOW_MS + 4_000)).toBeNull();
    expect(staleSince(live, NOW_MS + 6_000)).toEqual({ sinceMs: NOW_MS, because: "the daemon does not answer" });
    expect(staleSince(firstState(null, NOW_MS), NOW_MS + 6_000)).toEqual({ sinceMs: NOW_MS, because: "the daemon does not answer" });
  });
});

describe("the pace of the front", () => {
  const next = (requests: number, failed: number) => foldHeard(live, heard(withRequests(requests, failed)), NOW_MS + 500).traffic;
  it("is what two looks in a row counted", () => expect(next(1_010, 2)).toMatchObject({ perSecond: 20, failedPerSecond: 4 }));
  it("is not known at the first look, nor after a keeper that counts anew", () => {
    expect(live.traffic).toMatchObject({ perSecond: null });
    expect(next(3, 0)).toMatchObject({ perSecond: null });
  });
});

describe("which update is looked at", () => {
  it("is the newest, also once there is a newer one", () => {
    const newer = { ...reading, status: sampleStatus({ update: FIRST_UPDATE }) };
    expect(foldHeard(live, heard(newer), NOW_MS).reading?.update?.id).toBe("s48ckv3k");
  });

  it("is the one whose first letters were on the command line", () =>
    expect(foldHeard(firstState("my6", NOW_MS), heard(reading), NOW_MS)).toMatchObject({ chosen: "my6va2jy", reading: { update: { id: "my6va2jy" } } }));

  it("is the one that was chosen since it was asked for", () =>
    expect(foldHeard({ ...live, chosen: "s48ckv3k" }, heard(reading), NOW_MS).reading?.update?.id).toBe("s48ckv3k"));
});

it("says what came of a command, or why nothing did", () => {
  expect(foldAnswer(live, { to: "send", text: "ada approved it" }).said).toEqual({ tone: "good", text: "ada approved it" });
  expect(foldAnswer(live, { to: "send", failed: "FORBIDDEN: no" })).toMatchObject({ question: null, said: { tone: "bad", text: "FORBIDDEN: no" } });
});
