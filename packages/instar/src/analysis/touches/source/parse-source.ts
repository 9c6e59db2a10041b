import { isProgramPath } from "../../parse-program.ts";
import { parseProgramSource } from "./parse-program-source.ts";
import { parsePythonSource } from "./parse-python-source.ts";
import type { Span } from "./render-lines.ts";
import type { Source } from "./source.ts";
import { sourceOfLines } from "./source-of-lines.ts";

/** A text as the finders see it. What cannot be parsed is read by its lines, and `unparsed` says why. Never throws. */
export function parseSource(path: string, text: string): Source {
  const whole = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (isProgramPath(path) || /^#![^\n]{0,200}\bnode\b/.test(whole)) return parseProgramSource(isProgramPath(path) ? path : "program.js", whole);
  if (/\.pyi?$/.test(path) || /^#![^\n]{0,200}\bpython/.test(whole)) return parsePythonSource(whole);
  return sourceOfLines(whole, { language: "other", unparsed: null }, findPlainComments(path, whole));
}

const HASH_COMMENTS =
  /\.(ya?ml|toml|sh|bash|zsh|rb|rego|tf|conf|cfg|ini|properties|env|service|txt|feature|pl|r|ex|exs)$|(^|\/)(\.[^./]+|[^./]+|Dockerfile[^/]*|\.env[^/]*)$/i;

/** Whole lines that are comments. A `#` later in a line may be part of a value: such a line stays as it is. */
function findPlainComments(path: string, text: string): Span[] {
  const mark = HASH_COMMENTS.test(path)
    ? "#"
    : /\.(sql|lua|hs)$/i.test(path)
      ? "--"
      : /\.(go|rs|java|kt|kts|cs|c|cc|cpp|h|hpp|swift|scala|php|dart|prisma|cedar|groovy|proto)$/i.test(path)
        ? "//"
        : undefined;
  if (mark === undefined) return [];
  const spans: Span[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    if (line.trimStart().startsWith(mark)) spans.push({ start, end: start + line.length });
    start += line.length + 1;
  }
  return spans;
}
