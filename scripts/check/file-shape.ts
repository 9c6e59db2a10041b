import { posix } from "node:path";
import type { Problem } from "./problem.ts";
import type { SourceFile } from "./scan-source.ts";

const DRAWERS = ["utils", "util", "helpers", "helper", "common", "misc", "lib", "manager", "service", "types", "shared"];

/** A file is named for its one export. A drawer is named for nothing, and fills. A test is named for what it tests. */
export function checkDrawers(files: readonly SourceFile[]): Problem[] {
  return files.flatMap(({ path }) => {
    const name = posix.basename(path).replace(/(\.(test|testing|config))?\.[a-z]+$/, "");
    const problems: Problem[] = [];
    if (isInDrawer(path) || (isDrawer(name) && !path.endsWith(".test.ts")))
      problems.push({ path, line: 0, rule: "is a drawer", why: "A file is named for its one export; a drawer is named for nothing, and fills." });
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
      problems.push({ path, line: 0, rule: "is not named in kebab-case", why: "File systems differ in case; names must not." });
    return problems;
  });
}

const isInDrawer = (path: string) => posix.dirname(path).split("/").some(isDrawer);
const isDrawer = (name: string) => DRAWERS.includes(name) || /-(utils?|helpers?|manager)$/.test(name);

const EXPLAIN_PAST_LINES = 400;
const NEVER_PAST_LINES = 500;

/** A long file says at its top why it is one thing. */
export function checkLength(files: readonly SourceFile[]): Problem[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n");
    if (lines.length > NEVER_PAST_LINES)
      return [{ path, line: lines.length, rule: `has ${lines.length} lines`, why: `Past ${NEVER_PAST_LINES} lines nobody reads it as one story.` }];
    if (lines.length > EXPLAIN_PAST_LINES && !/^(\/\/|\/\*)/.test(lines[0] ?? ""))
      return [
        {
          path,
          line: 1,
          rule: `has ${lines.length} lines and does not say why`,
          why: `Past ${EXPLAIN_PAST_LINES} lines the first line is a comment that says why it is one thing.`,
        },
      ];
    return [];
  });
}
