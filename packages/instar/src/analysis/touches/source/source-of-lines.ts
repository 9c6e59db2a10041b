import { blankOut, renderLines, type Span } from "./render-lines.ts";
import { NO_TESTS, type Source } from "./source.ts";

/** A text of which nothing is known but its lines, and which of them are comments. */
export function sourceOfLines(text: string, { language, unparsed }: Pick<Source, "language" | "unparsed">, comments: readonly Span[] = []): Source {
  const lines = renderLines(text);
  const code = comments.length === 0 ? lines : renderLines(blankOut(text, comments));
  return { language, unparsed, lines, code, values: code, comments: [], strings: [], imports: [], environment: [], guards: [], outline: NO_TESTS };
}
