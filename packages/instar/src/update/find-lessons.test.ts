import { describe, expect, it } from "vitest";
import { findLessons } from "./find-lessons.ts";
import { type ChangePattern, foldIncident } from "./fold-incidents.ts";
import { foldGives } from "./plan-next-move.ts";
import { applied, applying, done, ended, failed, START, STEPS, tellJournal } from "./tell-journal.testing.ts";

const pattern = (parts: Partial<ChangePattern> = {}): ChangePattern => ({ dependencies: [], touches: [], files: [], components: [], ...parts });
const impact = (parts: { dependencies?: string[]; touches?: [string, string][]; files?: string[] }) => ({
  dependencies: { total: 0, first: (parts.dependencies ?? []).map((name) => ({ name })) },
  touches: { total: 0, first: (parts.touches ?? []).map(([kind, path]) => ({ kind, path })) },
  files: { sample: parts.files ?? [] },
  components: { directly: { total: 0, first: [] } },
});
const incidentOf = (parts: Parameters<typeof impact>[0], cause: string | null = null) => {
  const journal = tellJournal(
    [...done("fetch"), applied("analyse", { impact: impact(parts) }), applying("switch"), failed("switch", "it does not answer"), ended("rolled-back")],
    STEPS,
    { ...START, versionTo: "2.0.0" },
  );
  const incident = foldIncident(journal, foldGives(journal), cause);
  if (incident === undefined) throw new Error("no incident");
  return incident;
};

describe("an incident", () => {
  it("is what misbehaved in service, and how it ended", () => {
    expect(incidentOf({ files: ["a.js"] }, "a typo")).toMatchObject({
      versionTo: "2.0.0",
      step: "switch",
      because: "it does not answer",
      outcome: "rolled-back",
      cause: "a typo",
    });
  });
  it("is not what was refused before anybody met it", () => {
    const journal = tellJournal([applying("fetch"), failed("fetch"), ended("refused")], STEPS, START);
    expect(foldIncident(journal, foldGives(journal), null)).toBeUndefined();
  });
  it("has no pattern where the change was never analysed, and then nothing is like it", () => {
    const journal = tellJournal([applying("switch"), failed("switch", "it does not answer"), ended("rolled-back")], STEPS, START);
    const incident = foldIncident(journal, foldGives(journal), null);
    expect(incident?.pattern).toEqual(pattern());
    expect(incident === undefined ? [] : findLessons(pattern({ files: ["a.js"] }), [incident])).toEqual([]);
  });
});

describe("what was learned", () => {
  const bump = incidentOf({ dependencies: ["left-pad", "ws"], files: ["package-lock.json"] }, "ws 9 closes idle sockets");
  const migration = incidentOf({ touches: [["migrations", "db/003.sql"]], files: ["db/003.sql", "server.js"] });

  it("comes up again with the same package, and says the cause", () => {
    const [lesson] = findLessons(pattern({ dependencies: ["ws"] }), [bump, migration]);
    expect(lesson?.because).toMatch(/^like the update to 2\.0\.0 .*which went back: .*; cause: ws 9 closes idle sockets \(both change the package ws\)$/);
  });
  it("comes up with the same touch, and with mostly the same files", () => {
    expect(findLessons(pattern({ touches: ["migrations db/003.sql"] }), [bump, migration]).map(({ incident }) => incident)).toEqual([migration]);
    expect(findLessons(pattern({ files: ["server.js"] }), [bump, migration])).toHaveLength(1);
  });
  it("does not come up where two big changes meet in one file", () => {
    expect(findLessons(pattern({ files: ["server.js", ...Array.from({ length: 9 }, (_, index) => `lib/${index}.js`)] }), [migration])).toEqual([]);
  });
  it("says nothing about a change that is like none", () =>
    expect(findLessons(pattern({ dependencies: ["express"], files: ["x.js"] }), [bump, migration])).toEqual([]));
});
