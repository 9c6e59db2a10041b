import { expect, test } from "vitest";
import { renderDuration, renderRelative } from "./render-time.ts";

test("a duration is said in its two greatest units", () => {
  const said = [0, 350, 2_449, 12_900, 60_000, 185_000, 3_600_000, 7_500_000, 86_400_000, 187_200_000].map(renderDuration);
  expect(said).toEqual(["0 ms", "350 ms", "2.4 s", "12 s", "1 min", "3 min 5 s", "1 h", "2 h 5 min", "1 d", "2 d 4 h"]);
});

test("a time is said from now on, in both directions", () => {
  const now = 1_000_000_000;
  const said = [0, 4_000, 30_000, 119_000, 7_200_000, 200_000_000].map((away) => renderRelative(now - away, now));
  expect(said).toEqual(["just now", "just now", "30 s ago", "1 min ago", "2 h ago", "2 d ago"]);
  expect(renderRelative(now + 90_000, now)).toBe("in 1 min");
});
