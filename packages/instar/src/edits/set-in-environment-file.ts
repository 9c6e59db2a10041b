import type { Setting } from "./set-in-json.ts";

/**
 * Sets variables in the text of an environment file: the line of the last entry of that name, or a new line at the end. Every other
 * line stays.
 *
 * @param text that the parser of environment files reads
 * @throws Error in words where a place is no variable, or a value no text, number or boolean
 */
export function setInEnvironmentFile(text: string, settings: readonly Setting[], lineEnd: string): string {
  return settings.reduce((before, setting) => setOne(before, setting, lineEnd), text);
}

function setOne(text: string, { keys: [name = "", ...inner], value }: Setting, lineEnd: string): string {
  if (inner.length > 0 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error("a place in an environment file is /NAME");
  if (typeof value === "object") throw new Error(`/${name}: a variable is text, a number or a boolean`);
  const found = findEntries(text).filter((entry) => entry.name === name);
  if (value === undefined) return found.reduceRight((left, { start, end }) => left.slice(0, start) + left.slice(end), text);
  const line = `${name}=${quote(String(value))}${lineEnd}`;
  const last = found.at(-1);
  if (last === undefined) return `${text}${text === "" || text.endsWith("\n") ? "" : lineEnd}${line}`;
  return text.slice(0, last.start) + last.lead + line + text.slice(last.end);
}

/** One entry of NAME=value with its quotes over several lines, or one other line. */
const ENTRY = /([ \t]*(?:export[ \t]+)?)([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*('[^']*'|"(?:[^"\\]|\\[\s\S])*")?[^\n]*(?:\n|$)|[^\n]*(?:\n|$)/y;

function findEntries(text: string): { name: string; lead: string; start: number; end: number }[] {
  const entries = [];
  for (let start = 0; start < text.length; ) {
    ENTRY.lastIndex = start;
    const [whole = "", lead = "", name] = ENTRY.exec(text) ?? [];
    if (whole === "") break;
    if (name !== undefined) entries.push({ name, lead, start, end: start + whole.length });
    start += whole.length;
  }
  return entries;
}

const quote = (value: string) =>
  /^[A-Za-z0-9_./:@%+,=-]*$/.test(value)
    ? value
    : `"${value
        .replaceAll(/["\\$]/g, "\\$&")
        .replaceAll("\n", "\\n")
        .replaceAll("\r", "\\r")
        .replaceAll("\t", "\\t")}"`;
