import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseAllDocuments, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import type { Setting } from "./set-in-json.ts";

/**
 * Sets values in the text of a YAML file. Comments, order, anchors and the way in which values are quoted stay; spaces may be written anew.
 *
 * @throws Error in words, none of the file's, where it is not one YAML document, or where a place cannot be
 */
export function setInYaml(text: string, settings: readonly Setting[], lineEnd: string): string {
  const document = parseOneDocument(text);
  for (const setting of settings) setOne(document, setting);
  const indent = /\n( +)[^\s#-]/.exec(text)?.[1]?.length ?? 2;
  const indentSeq = !/(^|\n)( *)[^\s#-][^\n]*:[ \t]*\r?\n\2- /.test(text);
  return document.toString({ lineWidth: 0, indent: Math.max(1, indent), indentSeq }).replaceAll(/\r?\n/g, lineEnd);
}

function parseOneDocument(text: string): Document {
  const [only, ...others] = parseYaml(text);
  if (only === undefined || others.length > 0) throw new Error("it holds more than one document");
  return only;
}

/** @throws Error in words, none of the file's */
export function parseYaml(text: string): readonly Document[] {
  // intAsBigInt: a number that no double can hold must come out as it went in. logLevel: a warning would quote the file.
  const options = { version: "1.2", schema: "core", prettyErrors: false, uniqueKeys: true, logLevel: "error", intAsBigInt: true } as const;
  const found = parseAllDocuments(text, options);
  const documents: readonly Document[] = "empty" in found ? [parseDocument(text, options)] : found;
  const broken = documents.flatMap(({ errors }) => errors).at(0);
  if (broken !== undefined) throw new Error(`it is not YAML (${broken.code})`);
  return documents;
}

function setOne(document: Document, { keys, value }: Setting): void {
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    if (value === undefined) return;
    document.contents = document.createNode({}) as never;
  }
  let node: unknown = document.contents;
  for (const [depth, key] of keys.entries()) {
    const here = `/${keys.slice(0, depth).join("/")}`;
    if (isAlias(node)) throw new Error(`${here} is an alias of another place: set it there`);
    if (!isMap(node) && !isSeq(node)) throw new Error(`${here} is no container, so nothing can be set in it`);
    const isLast = depth === keys.length - 1;
    const found = isMap(node) ? node.items.find((pair) => keyOf(pair) === key) : itemAt(node, key, here);
    if (found === undefined) {
      if (value === undefined) return;
      if (isSeq(node)) throw new Error(`${here} has no item ${key}`);
      addPair(document, node, key, nest(keys.slice(depth + 1), value));
      return;
    }
    if (!isLast) {
      node = isMap(node) ? (found as Pair).value : found;
      continue;
    }
    if (value === undefined) node.items.splice(node.items.indexOf(found as never), 1);
    else if (isMap(node)) (found as Pair).value = replaceNode(document, (found as Pair).value, value);
    else node.items[Number(key)] = replaceNode(document, found, value);
  }
}

const keyOf = (pair: Pair) => String(isScalar(pair.key) ? pair.key.value : pair.key);

function itemAt(node: YAMLSeq, key: string, here: string): unknown {
  if (!/^(0|[1-9]\d*)$/.test(key)) throw new Error(`${here} is a list, and ${key} is no place in it`);
  return node.items[Number(key)];
}

function addPair(document: Document, node: YAMLMap, key: string, value: unknown): void {
  // A comment at the end of a map belongs to what stands above it.
  node.items.push(document.createPair(key, value) as never);
}

const nest = (keys: readonly string[], value: unknown): unknown => keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);

function replaceNode(document: Document, before: unknown, value: unknown): Node {
  const now = document.createNode(value) as Node;
  if (typeof before !== "object" || before === null) return now;
  const was = before as Node;
  if ("anchor" in was && was.anchor !== undefined) throw new Error("it has an anchor that other places may be aliases of");
  if (was.comment !== undefined) now.comment = was.comment;
  if (was.commentBefore !== undefined) now.commentBefore = was.commentBefore;
  if (was.spaceBefore !== undefined) now.spaceBefore = was.spaceBefore;
  if (isScalar(was) && isScalar(now) && typeof was.value === "string" && typeof now.value === "string" && was.type !== undefined) now.type = was.type;
  return now;
}
