import { isAlias, isMap, isScalar, isSeq, parseAllDocuments } from "yaml";

/** Objects without a prototype, lists and text: nothing is guessed to be a number or a date. */
export type YamlValue = string | readonly YamlValue[] | { readonly [key: string]: YamlValue };

/**
 * The YAML that package managers write: mappings with plain keys, each once, and no aliases, anchors' copies or tags, with which a small
 * text unfolds to a large value. More than one document is possible (pnpm keeps its own tools in another one).
 * @throws Error with a sentence why not
 */
export function parseYamlStrictly(text: string): readonly YamlValue[] {
  // Unique keys are looked for below: the library compares each key with all before it.
  const documents = parseAllDocuments(text, { schema: "failsafe", uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  if (!Array.isArray(documents)) return [];
  for (const { errors } of documents) if (errors[0] !== undefined) throw new Error("it is not YAML that a package manager writes");
  return documents.map(({ contents }) => take(contents, 0));
}

/** Lockfiles are six deep. */
const MAX_DEPTH = 50;

function take(node: unknown, depth: number): YamlValue {
  if (depth > MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH} levels`);
  if (isAlias(node)) throw new Error("it refers to parts of itself (an alias), which no package manager writes");
  if (isScalar(node)) return typeof node.value === "string" ? node.value : "";
  if (isSeq(node)) return node.items.map((item) => take(item, depth + 1));
  if (!isMap(node)) return "";
  const taken: { [key: string]: YamlValue } = Object.create(null);
  for (const { key, value } of node.items) {
    if (!isScalar(key) || typeof key.value !== "string") throw new Error("it has a key that is no text");
    if (key.value in taken) throw new Error(`it says ${JSON.stringify(key.value.slice(0, 100))} twice in one mapping`);
    taken[key.value] = take(value, depth + 1);
  }
  return taken;
}
