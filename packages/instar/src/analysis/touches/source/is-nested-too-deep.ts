import { mayBeNestedDeeper } from "./may-be-nested-deeper.ts";

/** The parser is native and recurses: from some 4,000 levels on it takes the whole process with it. */
const DEEPEST = 1_000;

interface Level {
  /** Operators, and words after which an expression goes on, since something ended one. */
  chain: number;
  /** The chain as it was at the last semicolon: an `else` goes on with it. */
  ended: number;
  /** `if (…)` and the like: what follows the bracket still belongs to it. */
  readonly isHead: boolean;
}

/**
 * Whether a JavaScript or TypeScript text may be nested deeper than a recursive parser survives: brackets, elements, and chains such as
 * `!!!x`, `a ? b : c ? d : …` or `x => y => …`. It knows words and no grammar, so it may say yes to a text that is merely odd; that one is then
 * read by its lines. Linear.
 */
export function isNestedTooDeep(text: string): boolean {
  return text.length >= DEEPEST && mayBeNestedDeeper(text, DEEPEST) && countsMoreThan(text, DEEPEST);
}

/** The exact count, as far as words go. */
export function countsMoreThan(text: string, most: number): boolean {
  const levels: Level[] = [];
  let level: Level = { chain: 0, ended: 0, isHead: false };
  let [previous, elements, chains, isAtEnd] = ["", 0, 0, false];
  const set = (chain: number): void => {
    chains += chain - level.chain;
    level.chain = chain;
  };
  for (const token of splitTokens(text)) {
    if (isClosing(token)) {
      previous = level.isHead ? "if" : token;
      isAtEnd = false;
      set(0);
      level = levels.pop() ?? level;
      continue;
    }
    if (token === "\n") {
      isAtEnd ||= !GOES_ON.test(previous) && /[\w$"'`)\]}]$/.test(previous);
      continue;
    }
    // A line feed ends what could be ended, unless the next line goes on with an operator.
    if (isAtEnd && /^[\w$"']/.test(token) && !INFIX.test(token)) set(0);
    isAtEnd = false;
    if (isOpening(token)) {
      if (token === "[" && previous === "]") set(level.chain + 1);
      levels.push(level);
      level = { chain: 0, ended: 0, isHead: token === "(" && HEADS.test(previous) };
    } else if (token === "," || token === ";") {
      level.ended = level.chain;
      set(0);
    } else if (token === "else") set(Math.max(level.chain, level.ended) + 1);
    else if (token === "</" || token === "/>") elements = Math.max(0, elements - 1);
    else if (token === "<" && !/[\w$)\]]$/.test(previous)) elements++;
    else if (!/^[\w$]/.test(token)) set(level.chain + token.length);
    else if (GOES_ON.test(token)) set(level.chain + 1);
    previous = token;
    if (levels.length + elements + chains > most) return true;
  }
  return false;
}

const HEADS = /^(?:if|for|while|with)$/;
const GOES_ON = /^(?:if|for|while|with|typeof|await|new|void|delete|else|do|keyof|yield|in|of|instanceof|extends|async|readonly|unique|infer|as|satisfies)$/;
const INFIX = /^(?:in|of|instanceof|extends|else|as|satisfies|is)$/;
const isOpening = (token: string) => token === "(" || token === "[" || token === "{" || token === "${";
const isClosing = (token: string) => token === ")" || token === "]" || token === "}";

const PLAIN = /[\w$]+|\$\{|<\/|\/>|[()[\]{};,<>\n`]|[^\w$\s()[\]{};,<>"'`/]+|[^\s]/y;
const BLANKS = /[^\S\n]*/y;

/** Words, brackets, operators and line feeds; comments are left out, a string is its quote. The text of a template is read as code. */
function* splitTokens(text: string): Iterable<string> {
  for (let at = 0; at < text.length; ) {
    BLANKS.lastIndex = at;
    at += BLANKS.exec(text)?.[0].length ?? 0;
    const char = text[at];
    if (char === '"' || char === "'") {
      at = endOfString(text, at);
      yield char;
    } else if (char === "/" && text[at + 1] === "/") at = orEnd(text, text.indexOf("\n", at));
    else if (char === "/" && text[at + 1] === "*") at = orEnd(text, text.indexOf("*/", at + 2)) + 2;
    else {
      if (text.startsWith("${", at)) {
        at += 2;
        yield "${";
        continue;
      }
      PLAIN.lastIndex = at;
      const token = PLAIN.exec(text)?.[0];
      if (token === undefined) return;
      at += token.length;
      yield token;
    }
  }
}

const orEnd = (text: string, index: number) => (index === -1 ? text.length : index);

/** Behind the closing quote, or at the end of the line where there is none. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[from]) return at + 1;
    else if (text[at] === "\n") return at;
  }
  return text.length;
}
