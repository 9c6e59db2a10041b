import type { Edit } from "./edit.ts";
import { parseProgram } from "./parse-program.ts";

export interface ApiChanges {
  /** `name of path`, and `GET /path of path`. */
  readonly removed: readonly string[];
  readonly hasAdded: boolean;
}

/** What modules give to others, before and after: exported names and HTTP routes. What does not parse is compared by its routes alone. */
export function findApiChanges(edits: readonly Edit[], isPublic: (path: string) => boolean): ApiChanges {
  const before = new Set<string>();
  const after = new Set<string>();
  for (const edit of edits) {
    if (edit.before !== null) for (const name of namesOf(edit.from ?? edit.path, edit.before, isPublic)) before.add(name);
    if (edit.after !== null) for (const name of namesOf(edit.path, edit.after, isPublic)) after.add(name);
  }
  return { removed: [...before].filter((name) => !after.has(name)).sort(), hasAdded: [...after].some((name) => !before.has(name)) };
}

/** `app.get("/jobs", …)` and its sisters of the usual frameworks, also `@app.get("/jobs")` of Python's. */
const ROUTE = /\.(get|post|put|patch|delete|route)\(\s*["'`](\/[^"'`\n]{0,200})["'`]/g;

function namesOf(path: string, text: string, isPublic: (path: string) => boolean): string[] {
  const routes = [...text.matchAll(ROUTE)].map(([, verb = "", route = ""]) => `the route ${verb.toUpperCase()} ${route}`);
  return isPublic(path) ? [...routes, ...exportsOf(path, text).map((name) => `the export ${name} of ${path}`)] : routes;
}

function exportsOf(path: string, text: string): string[] {
  const { staticExports } = parseProgram(path, text)?.module ?? { staticExports: [] };
  return staticExports.flatMap(({ entries }) => entries.map(({ exportName }) => exportName.name ?? exportName.kind.toLowerCase()));
}
