import type { Json } from "../ledger/ledger-entry.ts";

/** One value put at a place, or (undefined) taken from it. */
export interface Setting {
  readonly keys: readonly string[];
  readonly value: Json | undefined;
}

/**
 * Sets values in the text of a JSON file by cutting and inserting: every other character stays, also numbers that no double can hold.
 * What is to be removed and is not there is left alone.
 *
 * @param text that JSON.parse reads
 * @throws Error in words where a place cannot be: it is inside of what is no container, a key stands twice, an index is not there
 */
export function setInJson(text: string, settings: readonly Setting[], lineEnd: string): string {
  return settings.reduce((before, setting) => setOne(before, setting, { lineEnd, unit: findUnit(before) }), text);
}

interface Style {
  readonly lineEnd: string;
  readonly unit: string;
}

function setOne(text: string, { keys, value }: Setting, style: Style): string {
  let node = scanJson(text);
  for (const [depth, key] of keys.entries()) {
    const here = `/${keys.slice(0, depth).join("/")}`;
    if (node.kind === "scalar") throw new Error(value === undefined ? `${here} is no container` : `${here} is no container, so nothing can be set in it`);
    const at = node.kind === "array" ? findItem(node, key, here) : node.members.findIndex((member) => member.key === key);
    const found = node.members[at];
    const isLast = depth === keys.length - 1;
    if (found === undefined) {
      if (value === undefined) return text;
      if (node.kind === "array") throw new Error(`${here} has no item ${key}`);
      return insertMember(text, node, key, nest(keys.slice(depth + 1), value), style);
    }
    if (isLast && value === undefined) return removeMember(text, node, at);
    node = found.value;
  }
  return text.slice(0, node.start) + renderValue(value ?? null, indentAt(text, node.start), style) + text.slice(node.end);
}

function findItem(node: Container, key: string, here: string): number {
  if (!/^(0|[1-9]\d*)$/.test(key)) throw new Error(`${here} is a list, and ${key} is no place in it`);
  return Number(key) < node.members.length ? Number(key) : -1;
}

const nest = (keys: readonly string[], value: Json): Json => keys.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);

function insertMember(text: string, node: Container, key: string, value: Json, style: Style): string {
  const last = node.members.at(-1);
  if (last === undefined) {
    const outer = indentAt(text, node.start);
    const inner = outer + style.unit;
    return `${text.slice(0, node.start)}{${style.lineEnd}${inner}${JSON.stringify(key)}: ${renderValue(value, inner, style)}${style.lineEnd}${outer}}${text.slice(node.end)}`;
  }
  const indent = indentAt(text, last.start);
  const isOwnLine = /(^|\n)[ \t]*$/.test(text.slice(0, last.start));
  const colon = text.slice(last.keyEnd, last.value.start);
  const between = isOwnLine ? style.lineEnd + indent : " ";
  return `${text.slice(0, last.value.end)},${between}${JSON.stringify(key)}${colon}${renderValue(value, indent, style)}${text.slice(last.value.end)}`;
}

function removeMember(text: string, node: Container, at: number): string {
  const [before, member, after] = [node.members[at - 1], node.members[at], node.members[at + 1]];
  if (member === undefined) return text;
  if (after !== undefined) return text.slice(0, member.start) + text.slice(after.start);
  if (before !== undefined) return text.slice(0, before.value.end) + text.slice(member.value.end);
  return text.slice(0, node.start + 1) + text.slice(node.end - 1);
}

const renderValue = (value: Json, indent: string, { unit, lineEnd }: Style) => JSON.stringify(value, null, unit).replaceAll("\n", lineEnd + indent);
const indentAt = (text: string, at: number) => /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", at - 1) + 1))?.[0] ?? "";
const findUnit = (text: string) => /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";

type Node = { readonly kind: "scalar"; readonly start: number; readonly end: number } | Container;
interface Container {
  readonly kind: "object" | "array";
  readonly start: number;
  readonly end: number;
  readonly members: readonly Member[];
}
interface Member {
  readonly key: string;
  /** Where the key begins; of an item, the value. */
  readonly start: number;
  readonly keyEnd: number;
  readonly value: Node;
}

/** Deeper than any configuration, and far from where a stack ends. */
const DEEPEST = 200;
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+)/y;

/** Where everything in a text stands that JSON.parse has read already. @throws Error where a key stands twice in one object */
function scanJson(text: string): Node {
  let at = 0;
  const next = (): { word: string; start: number; end: number } => {
    TOKEN.lastIndex = at;
    const word = TOKEN.exec(text)?.[1] ?? "";
    at = TOKEN.lastIndex;
    return { word, start: at - word.length, end: at };
  };
  const scan = (depth: number, token = next()): Node => {
    if (depth > DEEPEST) throw new Error(`it is nested deeper than ${DEEPEST}`);
    if (token.word !== "{" && token.word !== "[") return { kind: "scalar", start: token.start, end: token.end };
    const members: Member[] = [];
    for (let first = next(); ; first = next()) {
      if (first.word === "}" || first.word === "]") return { kind: token.word === "{" ? "object" : "array", start: token.start, end: first.end, members };
      const begun = first.word === "," ? next() : first;
      if (token.word === "[") {
        members.push({ key: String(members.length), start: begun.start, keyEnd: begun.start, value: scan(depth + 1, begun) });
        continue;
      }
      const key = JSON.parse(begun.word) as string;
      if (members.some((member) => member.key === key)) throw new Error("a key stands twice in it");
      next();
      members.push({ key, start: begun.start, keyEnd: begun.end, value: scan(depth + 1) });
    }
  };
  return scan(0);
}
