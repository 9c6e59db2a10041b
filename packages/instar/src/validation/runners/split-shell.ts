/** A word of a command, and where it stands in the text. */
export interface ShellWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One call in a line of shell, and what stands after it. */
export interface ShellCall {
  readonly words: readonly ShellWord[];
  readonly next: "&&" | "||" | ";" | "|" | "&" | "end";
}

/**
 * The calls of a line of shell, well enough to know a runner of tests in it. Undefined where the line does more than call programs: what
 * stands in `$( )`, in parentheses, in a loop or in a here-document is not followed.
 */
export function splitShell(line: string): readonly ShellCall[] | undefined {
  if (line.length > LONGEST) return undefined;
  const calls: ShellCall[] = [];
  let words: ShellWord[] = [];
  let at = 0;
  while (at < line.length) {
    if (/[ \t]/.test(line[at] ?? "")) {
      at += 1;
      continue;
    }
    if (line[at] === "#") return undefined;
    const operator = /^(&&|\|\||;|\||&(?![>\d])|\n)/.exec(line.slice(at, at + 2))?.[0];
    if (operator !== undefined) {
      calls.push({ words, next: operator === "\n" ? ";" : (operator as ShellCall["next"]) });
      words = [];
      at += operator.length;
      continue;
    }
    const redirected = /^(\d?&?>{1,2}(&\d|\s*[\w./-]+)|<\s*[\w./-]+)/.exec(line.slice(at))?.[0];
    if (redirected !== undefined) {
      at += redirected.length;
      continue;
    }
    const word = readWord(line, at);
    if (word === undefined) return undefined;
    words.push(word);
    at = word.end;
  }
  if (words.length > 0) calls.push({ words, next: "end" });
  return calls.some((call) => call.words.length === 0) || calls.length === 0 ? undefined : calls;
}

const LONGEST = 10_000;

function readWord(line: string, start: number): ShellWord | undefined {
  let text = "";
  let at = start;
  while (at < line.length) {
    const char = line[at] ?? "";
    if (/[ \t\n;|&<>]/.test(char)) break;
    if ("()`".includes(char) || line.startsWith("$(", at)) return undefined;
    if (char === "\\") {
      // At the end of a line it joins the next one to it.
      if (at + 1 >= line.length || line[at + 1] === "\n") return undefined;
      text += line[at + 1] ?? "";
      at += 2;
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(line, at);
      if (quoted === undefined) return undefined;
      text += quoted.text;
      at = quoted.end;
    } else {
      text += char;
      at += 1;
    }
  }
  return at === start ? undefined : { text, start, end: Math.min(at, line.length) };
}

function readQuoted(line: string, start: number): { text: string; end: number } | undefined {
  const quote = line[start];
  let text = "";
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line[at] ?? "";
    if (char === quote) return { text, end: at + 1 };
    if (quote === '"' && (char === "`" || line.startsWith("$(", at))) return undefined;
    if (quote === '"' && char === "\\" && '"\\$`'.includes(line[at + 1] ?? "")) at += 1;
    text += line[at] ?? "";
  }
  return undefined;
}

/** One word for the shell, whatever stands in it. */
export function quoteForShell(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
