import { quoteText } from "../../platform/plain-text.ts";

export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  /** As it was written: also NaN and infinite ones, which only whoever asks for them refuses. */
  readonly value: number;
}

export type Scraped = { readonly kind: "samples"; readonly samples: readonly Sample[] } | { readonly kind: "refused"; readonly because: string };

/** An agent with a thousand series of ten labels has less. */
const MOST_SAMPLES = 20_000;
const LONGEST_LINE = 16_384;
const MOST_LABELS = 64;

/**
 * Reads the text that an agent shows to Prometheus (text format 0.0.4, and OpenMetrics 1.0: exemplars, `# EOF`). The agent writes it, so it is hostile: one pass, no
 * regular expression, and one line that is not as it should be refuses the whole: of a text that was cut nobody knows what is missing.
 *
 * @param isOpenMetrics what the answer's Content-Type says: then the text must end with `# EOF`
 */
export function parsePrometheus(text: string, isOpenMetrics = false): Scraped {
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let isEnded = false;
  let number = 0;
  for (const line of text.split("\n")) {
    number += 1;
    if (line.trim() === "") continue;
    if (isEnded) return refused(number, "comes after # EOF");
    if (line.startsWith("#")) {
      isEnded = line.trimEnd() === "# EOF";
      continue;
    }
    if (line.length > LONGEST_LINE) return refused(number, `is longer than ${LONGEST_LINE} characters`);
    if (samples.length >= MOST_SAMPLES) return { kind: "refused", because: `there are more than ${MOST_SAMPLES} samples` };
    const sample = parseSample(line);
    if (typeof sample === "string") return refused(number, sample);
    const key = keyOf(sample);
    if (seen.has(key)) return refused(number, `says ${quoteText(sample.name, 80)} a second time, with the same labels`);
    seen.add(key);
    samples.push(sample);
  }
  if (isOpenMetrics && !isEnded) return { kind: "refused", because: "it does not end with # EOF: it was cut" };
  return { kind: "samples", samples };
}

const refused = (line: number, because: string): Scraped => ({ kind: "refused", because: `line ${line} ${because}` });

const keyOf = ({ name, labels }: Sample) => JSON.stringify([name, ...[...labels].sort(([one], [other]) => (one < other ? -1 : 1))]);

/** One line: a name, labels in braces, a value, perhaps a time, perhaps an exemplar. A string says what is wrong with it. */
function parseSample(line: string): Sample | string {
  const reader = new LineReader(line);
  const name = reader.takeName(true);
  if (name === "") return "does not begin with a metric's name";
  const labels = new Map<string, string>();
  if (reader.skip("{")) {
    const problem = parseLabels(reader, labels);
    if (problem !== undefined) return problem;
  }
  if (!reader.takeSpaces()) return "has no space before its value";
  const value = parseValue(reader.takeWord());
  if (value === undefined) return "has no number for a value";
  reader.takeSpaces();
  if (reader.isAtEnd()) return { name, labels, value };
  if (reader.peek() !== "#") {
    // When it was measured; it is not believed, since the agent's clock is the agent's.
    if (parseValue(reader.takeWord()) === undefined) return "has something behind its value that is no time";
    reader.takeSpaces();
  }
  // An exemplar of OpenMetrics says nothing about the value.
  return reader.isAtEnd() || reader.peek() === "#" ? { name, labels, value } : "goes on after its time";
}

function parseLabels(reader: LineReader, labels: Map<string, string>): string | undefined {
  for (;;) {
    reader.takeSpaces();
    if (reader.skip("}")) return undefined;
    const label = reader.takeName(false);
    if (label === "") return "has a label without a name";
    reader.takeSpaces();
    if (!reader.skip("=")) return "has a label without a value";
    reader.takeSpaces();
    const value = reader.takeQuoted();
    if (value === undefined) return "has a label whose value is not in quotes, or does not end";
    if (labels.has(label)) return "says a label twice";
    if (labels.size >= MOST_LABELS) return `has more than ${MOST_LABELS} labels`;
    labels.set(label, value);
    reader.takeSpaces();
    if (!reader.skip(",") && reader.peek() !== "}") return "has labels that no comma parts";
  }
}

function parseValue(word: string): number | undefined {
  switch (word.toLowerCase()) {
    case "nan":
      return Number.NaN;
    case "+inf":
    case "inf":
    case "+infinity":
    case "infinity":
      return Number.POSITIVE_INFINITY;
    case "-inf":
    case "-infinity":
      return Number.NEGATIVE_INFINITY;
    default: {
      // Number() takes more than a number: "", "0x10", "Infinity".
      const isPlain = word !== "" && word.length <= 64 && [...word].every((character) => "0123456789+-.eE".includes(character));
      const value = isPlain ? Number(word) : Number.NaN;
      return Number.isNaN(value) ? undefined : value;
    }
  }
}

class LineReader {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#line.length;
  }

  peek(): string {
    return this.#line[this.#at] ?? "";
  }

  skip(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  takeSpaces(): boolean {
    const from = this.#at;
    while (this.peek() === " " || this.peek() === "\t") this.#at += 1;
    return this.#at > from;
  }

  takeName(mayHaveColons: boolean): string {
    const from = this.#at;
    while (isNameCharacter(this.peek(), this.#at === from, mayHaveColons)) this.#at += 1;
    return this.#line.slice(from, this.#at);
  }

  takeWord(): string {
    const from = this.#at;
    while (!this.isAtEnd() && this.peek() !== " " && this.peek() !== "\t") this.#at += 1;
    return this.#line.slice(from, this.#at);
  }

  /** `\\`, `\"` and `\n` are escaped; anything else behind a backslash stands for itself, as Prometheus reads it. */
  takeQuoted(): string | undefined {
    if (!this.skip('"')) return undefined;
    let text = "";
    while (!this.isAtEnd()) {
      const character = this.peek();
      this.#at += 1;
      if (character === '"') return text;
      if (character !== "\\") text += character;
      else {
        const escaped = this.peek();
        this.#at += 1;
        text += escaped === "n" ? "\n" : escaped === "\\" || escaped === '"' ? escaped : `\\${escaped}`;
      }
    }
    return undefined;
  }
}

function isNameCharacter(character: string, isFirst: boolean, mayBeColon: boolean): boolean {
  if (character === "") return false;
  const isLetter = (character >= "a" && character <= "z") || (character >= "A" && character <= "Z") || character === "_";
  return isLetter || (mayBeColon && character === ":") || (!isFirst && character >= "0" && character <= "9");
}
