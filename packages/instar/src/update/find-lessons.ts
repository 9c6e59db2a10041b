import type { ChangePattern, Incident } from "./fold-incidents.ts";

/** An earlier incident that a change is like, and in what. */
export interface Lesson {
  readonly incident: Incident;
  readonly alike: readonly string[];
  /** For people. */
  readonly because: string;
}

/** Files in common, as a share of both together, from which two changes are alike: two small changes at one place, not two big ones that meet somewhere. */
const FILES_ALIKE = 1 / 3;
const SHOWN = 3;

/** What went wrong before with a change like this one, the likest first. Shown to whoever decides; it decides nothing itself. Pure. */
export function findLessons(pattern: ChangePattern, incidents: readonly Incident[]): Lesson[] {
  return incidents
    .map((incident) => ({ incident, alike: findAlike(pattern, incident.pattern) }))
    .filter(({ alike }) => alike.length > 0)
    .sort((a, b) => b.alike.length - a.alike.length || (a.incident.at < b.incident.at ? 1 : -1))
    .slice(0, SHOWN)
    .map((lesson) => ({ ...lesson, because: inWords(lesson.incident, lesson.alike) }));
}

function findAlike(now: ChangePattern, then: ChangePattern): string[] {
  const common = (key: keyof ChangePattern) => now[key].filter((each) => then[key].includes(each));
  const files = common("files");
  const together = new Set([...now.files, ...then.files]).size;
  return [
    ...common("dependencies").map((name) => `both change the package ${name}`),
    ...common("touches").map((touch) => `both touch ${touch}`),
    ...(together > 0 && files.length / together >= FILES_ALIKE ? [`both change ${files.slice(0, 3).join(", ")}`] : []),
  ];
}

function inWords({ versionTo, id, at, because, outcome, cause }: Incident, alike: readonly string[]): string {
  const end = outcome === null ? "is still open" : outcome === "rolled-back" ? "went back" : `ended ${outcome}`;
  return `like the update to ${versionTo} (${id}, ${at.slice(0, 10)}), which ${end}: ${because}${cause === null ? "" : `; cause: ${cause}`} (${alike.join("; ")})`;
}
