import { stripVTControlCharacters } from "node:util";

/** Whatever differs between two runs of the very same program: the time, ids, places of its copy, ports. In the order in which they are looked for. */
const CHANCE: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?/g, "<time>"],
  [/\b\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?/g, "<time>"],
  [/\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:[A-Z][a-z]{2} {1,2}\d{1,2}|\d{1,2} [A-Z][a-z]{2})(?: \d{4})? \d\d:\d\d:\d\d(?: \d{4})?(?: GMT)?/g, "<time>"],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d+)?/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b0x[0-9a-f]+\b/gi, "<id>"],
  // Eight or more hexadecimal digits, of which one is a digit and one a letter: words such as "deadbeef" and numbers stay.
  [/\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,64}\b/gi, "<id>"],
  // The last part of a path stays: which file is missing is what the line tells.
  [/(?<![\w.:/])(?:\/[\w.@~+-]+)+\/(?=[\w.@~+-])/g, "<path>/"],
  [/(?<=[\w\].]):\d{2,5}\b(?!:)/g, ":<port>"],
  [/\b\d+(?:\.\d+)? ?(?:ns|µs|us|ms|s|sec|seconds|min|minutes|h|hours)\b/g, "<duration>"],
];

/** A text without colours of a terminal and without what chance put into it; numbers that are no time, id, port or duration stay. */
export function normaliseText(text: string): string {
  return CHANCE.reduce((left, [pattern, by]) => left.replace(pattern, by), stripVTControlCharacters(text));
}

/** A line of a log without that and without numbers, so that two lines of one kind are equal. Digits inside words stay: `plugin2` is a name. */
export function normaliseLine(line: string): string {
  return normaliseText(line)
    .replaceAll(/(?<![A-Za-z_\d])\d+(?:\.\d+)?(?![A-Za-z_])/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim();
}
