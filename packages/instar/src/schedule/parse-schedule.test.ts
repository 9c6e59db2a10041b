import { describe, expect, it } from "vitest";
import { checkAtSettings } from "../settings/task-settings.ts";
import { dueBetween, nextRuns, parseSchedule, type Schedule } from "./parse-schedule.ts";

const NOW = Date.UTC(2026, 0, 2);
const at = (text: string) => Date.parse(text);
const said = (times: readonly number[]) => times.map((ms) => new Date(ms).toISOString().replace(".000Z", "Z"));
const next = (cron: string, timeZone: string, from: string, count = 3) => said(nextRuns({ cron, timeZone }, at(from), count));

describe("a schedule is refused with the reason", () => {
  it.each([
    ["cron that never fires", { cron: "0 0 31 2 *" }, /never comes/],
    ["cron that never fires, by two months", { cron: "0 0 31 4,6 *" }, /never comes/],
    ["cron that is none", { cron: "every morning" }, /is no cron/],
    ["cron that is one word", { cron: "soon" }, /is no cron/],
    ["cron that is a date", { cron: "2026-01-01T00:00:00" }, /is no cron/],
    ["cron of four fields", { cron: "* * * *" }, /is no cron/],
    ["cron of seven fields", { cron: "* * * * * * *" }, /is no cron/],
    ["cron with a minute that is none", { cron: "61 * * * *" }, /is no cron/],
    ["cron with a step of nothing", { cron: "*/0 3 * * *" }, /is no cron/],
    ["cron at the machine's start", { cron: "@reboot" }, /is no cron/],
    ["empty cron", { cron: " " }, /is no cron/],
    ["a zone that is none", { cron: "@daily", timeZone: "Europe/Atlantis" }, /no time zone/],
    ["a zone that is an offset", { cron: "@daily", timeZone: "+02:00" }, /no time zone/],
    ["neither cron nor pace", {}, /either a cron expression or how often/],
    ["both cron and pace", { cron: "@daily", every: "1h" }, /either a cron expression or how often/],
    ["a pace in a zone", { every: "1h", timeZone: "UTC" }, /belongs to a cron/],
    ["a pace of half a minute", { every: "30s" }, /too often/],
    ["a pace that is none", { every: "often" }, /duration/],
  ])("%s", (_, written, words) => {
    expect(() => parseSchedule(written, NOW)).toThrow(expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringMatching(words) }));
  });
});

describe("a schedule comes", () => {
  it.each([
    ["each minute", "* * * * *", "2026-01-02T00:01:00Z"],
    ["with seconds", "*/20 * * * * *", "2026-01-02T00:00:20Z"],
    ["by names of days", "0 9 * * MON-FRI", "2026-01-02T09:00:00Z"],
    ["by names of months", "0 0 1 FEB *", "2026-02-01T00:00:00Z"],
    ["by nickname", "@daily", "2026-01-03T00:00:00Z"],
    ["on a 29 February, however far", "0 0 29 2 *", "2028-02-29T00:00:00Z"],
    ["on a day of the month or of the week, as cron has it", "0 0 13 * 1", "2026-01-05T00:00:00Z"],
  ])("%s", (_, cron, first) => {
    expect(next(cron, "UTC", "2026-01-02T00:00:00Z", 1)).toEqual([first]);
  });

  it("at a pace from when it was made, also before and after", () => {
    const pace = parseSchedule({ every: "10m" }, 1_000);
    expect(nextRuns(pace, 1_000, 2)).toEqual([601_000, 1_201_000]);
    expect(nextRuns(pace, 600_999, 1)).toEqual([601_000]);
    expect(dueBetween(pace, 0, 1_201_000, 9)).toEqual([1_000, 601_000, 1_201_000]);
    expect(dueBetween(pace, 1_000, 1_201_000, 1)).toEqual([1_201_000]);
  });
  it("in the machine's own zone where none is named, and stays there", () => {
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    expect(parseSchedule({ cron: "@daily" }, NOW)).toEqual({ cron: "@daily", timeZone: zone });
    expect(nextRuns({ cron: "@daily" }, NOW, 1)).toEqual(nextRuns({ cron: "@daily", timeZone: zone }, NOW, 1));
  });
});

describe("what is due between two moments", () => {
  const daily: Schedule = { cron: "0 3 * * *", timeZone: "UTC" };
  it("is without the first moment and with the last, to the millisecond", () => {
    const due = at("2026-01-02T03:00:00Z");
    expect(dueBetween(daily, due - 1, due, 9)).toEqual([due]);
    expect(dueBetween(daily, due, due + 999, 9)).toEqual([]);
    expect(dueBetween(daily, due - 2, due - 1, 9)).toEqual([]);
    expect(dueBetween(daily, due, due - 86_400_000, 9)).toEqual([]);
  });
  it("is of 10,000 missed runs the newest, oldest first", () => {
    const minutely: Schedule = { cron: "* * * * *", timeZone: "UTC" };
    expect(dueBetween(minutely, NOW, NOW + 10_000 * 60_000, 3)).toEqual([9_998, 9_999, 10_000].map((minutes) => NOW + minutes * 60_000));
  });
});

describe("a DST gap", () => {
  it("in Berlin: what is due at half past two runs at three, that night alone", () => {
    expect(next("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z")).toEqual(["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
  });
  it("in New York", () => {
    expect(next("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2)).toEqual(["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]);
  });
  it("of every quarter from two to three leaves one run", () => {
    expect(next("*/15 2 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", 2)).toEqual(["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]);
  });
  it("is no gap for a pace of ten minutes", () => {
    expect(next("*/10 * * * *", "Europe/Berlin", "2026-03-29T00:45:00Z", 2)).toEqual(["2026-03-29T00:50:00Z", "2026-03-29T01:00:00Z"]);
  });
  it("is found looking back too", () => {
    const gap: Schedule = { cron: "30 2 * * *", timeZone: "Europe/Berlin" };
    expect(said(dueBetween(gap, at("2026-03-28T12:00:00Z"), at("2026-03-29T12:00:00Z"), 9))).toEqual(["2026-03-29T01:00:00Z"]);
  });
});

describe("a DST overlap", () => {
  it("in Berlin: what is due at half past two runs once", () => {
    expect(next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
  });
  it("in New York", () => {
    expect(next("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual(["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]);
  });
  it("of every half hour from two to three runs twice, not four times", () => {
    expect(next("*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z")).toEqual(["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"]);
  });
  it("is gone through twice by a pace", () => {
    expect(next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z")).toEqual(["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]);
  });
  it("is found once looking back too", () => {
    const twice: Schedule = { cron: "30 2 * * *", timeZone: "Europe/Berlin" };
    expect(said(dueBetween(twice, at("2026-10-24T12:00:00Z"), at("2026-10-25T12:00:00Z"), 9))).toEqual(["2026-10-25T00:30:00Z"]);
  });
});

describe("checkAt of instar.yaml", () => {
  it("is a schedule", () => {
    expect(checkAtSettings.parse({ cron: "0 3 * * *", timeZone: "Europe/Berlin" })).toEqual({ cron: "0 3 * * *", timeZone: "Europe/Berlin" });
  });
  it.each([{ cron: "0 0 31 2 *" }, { cron: "soon" }, { cron: "@daily", timeZone: "Nowhere" }, { cron: "@daily", zone: "UTC" }, {}])("is not %j", (written) => {
    expect(checkAtSettings.safeParse(written).success).toBe(false);
  });
});
