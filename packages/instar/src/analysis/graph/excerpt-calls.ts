import * as oxc from "oxc-parser";

/** The calls of a text that may import something, cut out of it: a program a hundred times smaller that says the same of imports. */
export interface Excerpt {
  readonly text: string;
  /** Where a place of the excerpt lies in the text, and whether a failure there is caught. */
  readonly locate: (at: number) => { readonly at: number; readonly isOptional: boolean };
}

/** A node as the lazy visitor hands it over: its parts are made when they are asked for. */
interface LazyNode {
  readonly start: number;
  readonly end: number;
  readonly callee?: LazyNode;
  readonly arguments?: readonly LazyNode[];
  readonly block?: LazyNode;
  readonly handler?: LazyNode | null;
  readonly init?: LazyNode | null;
}

type Visits = Readonly<Record<string, (node: LazyNode) => void>>;
type LazyVisitor = object;

/** The part of the parser that its types leave out. */
const { experimentalGetLazyVisitor } = oxc as typeof oxc & { readonly experimentalGetLazyVisitor: () => new (visits: Visits) => LazyVisitor };

/** The lazily read result of a parse. */
export interface LazyResult extends oxc.ParseResult {
  readonly visit: (visitor: LazyVisitor) => void;
  readonly dispose: () => void;
}

/** Longer names of what is called are chains of calls, whose parts are visited by themselves. */
const LONGEST_CALLEE = 200;
const IMPORTING = /\b(?:require|createRequire|resolve|fork|glob|module|Worker|SharedWorker|URL|\w*[mM]ock\w*|\w*Actual)$|createRequire|\\u/;

/** @throws RangeError where the text is nested deeper than the visitor can go */
export function excerptCalls(text: string, parsed: LazyResult): Excerpt {
  const parts: { readonly text: string; readonly at: number }[] = [];
  const calls: { readonly node: LazyNode; readonly arguments: number }[] = [];
  const guarded: { readonly start: number; readonly end: number }[] = [];
  const whole = ({ start, end }: LazyNode) => void parts.push({ text: text.slice(start, end), at: start });
  const Visitor = experimentalGetLazyVisitor();
  parsed.visit(
    new Visitor({
      CallExpression: (node) => {
        const { callee } = node;
        if (callee !== undefined && /\.\s*catch$/.test(text.slice(Math.max(callee.start, callee.end - 20), callee.end))) guarded.push(callee);
        calls.push({ node, arguments: 1 });
      },
      NewExpression: (node) => calls.push({ node, arguments: 2 }),
      ImportExpression: whole,
      TSImportEqualsDeclaration: whole,
      TryStatement: ({ block, handler }) => {
        if (block !== undefined && handler != null) guarded.push(block);
      },
      VariableDeclarator: ({ start, end, init }) => {
        const written = init == null ? "" : text.slice(init.start, Math.min(init.end, init.start + LONGEST_CALLEE));
        if (/^require$|createRequire/.test(written)) parts.push({ text: `var ${text.slice(start, end)}`, at: start });
      },
    }),
  );
  const aliases = new Set(parts.flatMap((part) => /^var\s+([\w$]+)/.exec(part.text)?.[1] ?? []));
  for (const { node, arguments: most } of calls) {
    const callee = node.callee;
    if (callee === undefined || callee.end - callee.start > LONGEST_CALLEE) continue;
    const name = text.slice(callee.start, callee.end);
    if (!IMPORTING.test(name) && !aliases.has(name) && !aliases.has(name.replace(/\.\w+$/, ""))) continue;
    const last = node.arguments?.[Math.min(most, node.arguments.length) - 1];
    parts.push({ text: last === undefined ? text.slice(node.start, node.end) : `${text.slice(node.start, last.end)})`, at: node.start });
  }
  return join(parts, guarded);
}

function join(parts: readonly { readonly text: string; readonly at: number }[], guarded: readonly { readonly start: number; readonly end: number }[]): Excerpt {
  const starts: number[] = [];
  let text = "";
  for (const part of parts) {
    starts.push(text.length);
    text += `${part.text};\n`;
  }
  return {
    text,
    locate: (at) => {
      let [from, to] = [0, starts.length];
      while (from + 1 < to) {
        const middle = (from + to) >>> 1;
        if ((starts[middle] ?? 0) <= at) from = middle;
        else to = middle;
      }
      const place = parts[from]?.at ?? 0;
      return { at: place, isOptional: guarded.some(({ start, end }) => start <= place && place < end) };
    },
  };
}
