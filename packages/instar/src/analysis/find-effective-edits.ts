import type { Edit } from "./edit.ts";
import { isProgramPath, parseProgram } from "./parse-program.ts";

/** Comparing two programs takes memory many times their size. */
const COMPARED_BYTES = 256 * 1_024;
/** Comments that are read by programs change what those do. */
const SPEAKING_COMMENT = /@ts-|eslint|biome-|oxlint|istanbul|c8 |v8 |webpack|@vite|@jsx|@license|prettier-|sourceMappingURL|#!/;

/** The edits after which something may behave otherwise: no documents, no program that only got other comments or another layout. */
export function findEffectiveEdits(edits: readonly Edit[], isDocument: (path: string) => boolean): Edit[] {
  return edits.filter((edit) => !(isDocument(edit.path) && (edit.from === undefined || isDocument(edit.from))) && !isSameProgram(edit));
}

/** True only where both sides were read and parsed, and are the same program word for word. Anything less is a change. */
function isSameProgram({ path, from, status, before, after, modeBefore, modeAfter }: Edit): boolean {
  if (status !== "modified" || from !== undefined || modeBefore !== modeAfter || before === null || after === null) return false;
  if (!isProgramPath(path) || before.length > COMPARED_BYTES || after.length > COMPARED_BYTES) return false;
  if (SPEAKING_COMMENT.test(before) || SPEAKING_COMMENT.test(after)) return false;
  const [old, fresh] = [renderProgram(path, before), renderProgram(path, after)];
  return old !== undefined && old === fresh;
}

/** The syntax tree as text, without places. Deep nesting is native recursion's enemy: what it cannot render counts as different. */
function renderProgram(path: string, text: string): string | undefined {
  try {
    const parsed = parseProgram(path, text);
    return parsed && JSON.stringify(parsed.program, (key, value: unknown) => (PLACES.has(key) ? undefined : typeof value === "bigint" ? `${value}n` : value));
  } catch {
    return undefined;
  }
}

const PLACES: ReadonlySet<string> = new Set(["start", "end", "range", "loc", "comments", "hashbang"]);

const LOG_LINE = /^\s*(console\.(log|info|debug|warn|error)|(this\.)?_?(log|logger|logging)\.\w+)\([^;]*\);?\s*$/;

/** True where every line that came or went tells something to a log. A line that does more than that is no log line. */
export function isLoggingOnly(edits: readonly Edit[]): boolean {
  return (
    edits.length > 0 &&
    edits.every(({ status, before, after }) => {
      if (status !== "modified" || before === null || after === null) return false;
      const changed = [...linesOnlyIn(before, after), ...linesOnlyIn(after, before)].filter((line) => line.trim() !== "");
      return changed.every((line) => line.length < 500 && LOG_LINE.test(line) && !/[=]|\bawait\b|\(.*\(/.test(line.replace(/\$\{[\w.]+\}/g, "")));
    })
  );
}

function linesOnlyIn(text: string, other: string): string[] {
  const left = new Map<string, number>();
  for (const line of other.split("\n")) left.set(line, (left.get(line) ?? 0) + 1);
  return text.split("\n").filter((line) => {
    const times = left.get(line) ?? 0;
    if (times > 0) left.set(line, times - 1);
    return times === 0;
  });
}
