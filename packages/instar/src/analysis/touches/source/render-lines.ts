/** A stretch of a text: from `start` up to `end`, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Lines as they are compared: trimmed, runs of blanks made one, so that no pattern meets a long run of them. */
export function renderLines(text: string): string[] {
  return text.split("\n").map((line) => line.replace(/[\s\0]+/g, " ").trim());
}

/** The text with nothing but blanks and line feeds in the spans. They may overlap and come in any order. */
export function blankOut(text: string, spans: readonly Span[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of [...spans].sort((one, other) => one.start - other.start)) {
    if (end <= at) continue;
    parts.push(text.slice(at, Math.max(at, start)), text.slice(Math.max(at, start), end).replace(/[^\n]/g, " "));
    at = end;
  }
  return [...parts, text.slice(at)].join("");
}
