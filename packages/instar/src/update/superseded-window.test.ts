import { expect, it } from "vitest";
import { settingsSchema } from "../settings/settings.ts";
import { foldStanding } from "./fold-standing.testing.ts";
import type { UpdateStart } from "./journal-entry.ts";
import { planLimits } from "./observed/plan-observation.ts";
import { planNextMove } from "./plan-next-move.ts";
import { applied, applying, at, done, ended, START, STEPS, superseded, tellJournal, waiting } from "./tell-journal.testing.ts";

const HOUR = 3_600_000;

it("a security update arriving in hour 2 of a 72-hour window waits for nothing of it, and the way back stays the last committed release", () => {
  const settings = settingsSchema.parse({ version: 1, name: "a", source: { git: "." }, agent: { start: "x" }, front: { port: 1 } });
  expect(planLimits(settings, { release: "critical", risk: "critical" })).toMatchObject({ windowMs: 72 * HOUR, maxMs: 144 * HOUR });
  const committed = tellJournal([
    ...done("fetch"),
    applying("stage"),
    applied("stage", { release: "good" }),
    ...done("switch", "confirm", "watch", "commit"),
    ended("committed"),
  ]);
  const watched = [
    ...done("fetch"),
    applying("stage"),
    applied("stage", { release: "critical" }),
    ...done("switch", "confirm"),
    applying("watch"),
    at(2 * HOUR, waiting("watch", 2 * HOUR)),
  ];
  // Before it comes, time alone ends nothing.
  expect(planNextMove(tellJournal(watched), 71 * HOUR)).toMatchObject({ move: "apply", step: { id: "watch" } });
  expect(planNextMove(tellJournal([...watched, at(2 * HOUR, superseded)]), 2 * HOUR)).toMatchObject({ move: "end", outcome: "superseded" });
  const standing = foldStanding([committed, tellJournal([...watched, at(2 * HOUR, superseded), ended("superseded")])]);
  expect(standing).toMatchObject({ running: { release: "critical" }, committed: { release: "good" } });
  const security: UpdateStart = { ...START, releaseFrom: standing.running?.release ?? null, wayBack: standing.committed?.release ?? null };
  const misbehaves = tellJournal(
    [
      ...done("fetch", "stage", "switch", "confirm"),
      applying("watch"),
      { kind: "failed", step: "watch", code: "MISBEHAVED", because: "it fails", transient: false },
    ],
    STEPS,
    security,
  );
  expect(planNextMove(misbehaves, 3 * HOUR)).toMatchObject({ move: "undo", step: { id: "switch" } });
  expect(security.wayBack).toBe("good");
  // It is watched by its own risk, no shorter for being called a security update.
  expect(planLimits(settings, { release: "security", risk: "low" }).windowMs).toBe(HOUR);
});
