import { describe, expect, it } from "vitest";
import { settingsSchema } from "../settings/settings.ts";
import { planCalendar } from "./plan-calendar.ts";

const updates = settingsSchema.shape.updates;
const at = (time: string, parts: object) => planCalendar(updates.parse(parts), Date.parse(time));
const night = { windows: [{ days: ["fri"], from: "22:00", to: "04:00", timeZone: "Europe/Berlin" }] };

describe("the calendar", () => {
  it("holds nothing up where nothing is said", () => expect(at("2026-11-29T03:00:00Z", {})).toEqual({ frozen: false, outsideWindows: false, because: null }));
  for (const [when, time, isOutside] of [
    ["before it begins", "2026-11-27T20:59:00Z", true],
    ["as it begins, in its own time zone", "2026-11-27T21:00:00Z", false],
    ["after midnight, which is still its day", "2026-11-28T02:59:00Z", false],
    ["as it ends", "2026-11-28T03:00:00Z", true],
    ["at the same hour of another day", "2026-11-28T21:30:00Z", true],
    ["in summer, when the zone is another hour ahead", "2026-07-03T20:00:00Z", false],
  ] as const)
    it(`knows a window over midnight: ${when}`, () => expect(at(time, night).outsideWindows).toBe(isOutside));
  it("takes equal ends for a whole day", () => {
    const sunday = { windows: [{ days: ["sun"], from: "00:00", to: "00:00" }] };
    expect(
      [at("2026-11-29T00:00:00Z", sunday), at("2026-11-29T23:59:00Z", sunday), at("2026-11-30T00:00:00Z", sunday)].map((day) => day.outsideWindows),
    ).toEqual([false, false, true]);
  });
  it("freezes from a day on, until another begins, and says why", () => {
    const freeze = { freezes: [{ from: "2026-12-20", to: "2027-01-06", because: "the end of the year" }] };
    expect(at("2026-12-19T23:59:59Z", freeze).frozen).toBe(false);
    expect(at("2026-12-20T00:00:00Z", freeze)).toEqual({
      frozen: true,
      outsideWindows: false,
      because: "nothing proceeds by itself until 2027-01-06: the end of the year",
    });
    expect(at("2027-01-06T00:00:00Z", freeze).frozen).toBe(false);
  });
  for (const bad of [
    { windows: [{ from: "24:00", to: "02:00" }] },
    { windows: [{ from: "1:00", to: "02:00" }] },
    { windows: [{ from: "01:00", to: "02:00", timeZone: "Nowhere/At all" }] },
    { windows: [{ from: "01:00", to: "02:00", days: [] }] },
    { freezes: [{ from: "soon", to: "later" }] },
  ])
    it(`refuses ${JSON.stringify(bad)}`, () => expect(updates.safeParse(bad).success).toBe(false));
});
