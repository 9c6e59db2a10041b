import type { SettingsFile } from "./settings.ts";
import { SECTIONS, type Section } from "./settings-sections.ts";

/**
 * The text of an `instar.yaml` with a comment in a person's words on each section. What is not set is there too, commented
 * out with its default or an example. Parsing the text gives the same settings as the values themselves.
 *
 * @param schema address or path of the JSON Schema, for editors
 */
export function renderSettingsFile(file: SettingsFile, { schema }: { readonly schema: string }): string {
  const head = [
    `# yaml-language-server: $schema=${schema.replaceAll(/\s/g, "%20")}`,
    ...comment("", HEAD),
    "",
    ...(file.$schema === undefined ? [] : [`$schema: ${flow(file.$schema)}`]),
  ];
  return `${[...head, `version: ${file.version}`, "", ...NAME.map((line) => `# ${line}`), `name: ${flow(file.name)}`, ...SECTIONS.flatMap((section) => renderSection(section, file))].join("\n")}\n`;
}

const HEAD = [
  "How Instar keeps this agent alive while it changes. Durations are written 30s, 5m, 1h or 3d; sizes 64MiB.",
  "A line that begins with # directly before its name is an example, or what holds when it is left out.",
];
const NAME = ["What this instance is called; its data folder has this name. Changing it means a new instance."];

function renderSection({ name, words, keys }: Section, file: SettingsFile): string[] {
  const values: Readonly<Record<string, unknown>> = file[name] ?? {};
  // A mapping in which every line is a comment would be no mapping: then its name is a comment too.
  const mark = keys.some((key) => values[key.name] !== undefined) ? "" : "#";
  const lines = keys.flatMap((key) => {
    const value = values[key.name];
    const above = key.words === undefined ? [] : [`${mark === "" ? "  # " : "#   # "}${key.words}`];
    return [...above, value === undefined ? `${mark === "" ? "  #" : "#  "}${key.name}: ${flow(key.example)}` : `  ${key.name}: ${flow(value)}`];
  });
  return ["", ...comment("", words), `${mark}${name}:`, ...lines];
}

function comment(indent: string, words: readonly string[]): string[] {
  return words.map((line) => `${indent}# ${line}`);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return entries.length === 0 ? "{}" : `{ ${entries.map(([key, inner]) => `${flow(key)}: ${flow(inner)}`).join(", ")} }`;
  }
  return typeof value === "string" ? scalar(value) : String(value);
}

/** Plain only where no reader of any YAML could take it for something else; JSON's quotes are YAML's otherwise. */
function scalar(text: string): string {
  const isPlain = PLAIN.some((pattern) => pattern.test(text)) && !/^(?:true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i.test(text);
  return isPlain
    ? text
    : JSON.stringify(text).replaceAll(
        /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
      );
}

const PLAIN = [/^(?:[A-Za-z/]|\.[a-z]|\.{1,2}\/)[\w./@+-]*(?::\/\/[\w./@+-]+)?(?: [\w./@+-]+)*$/, /^\.$/, /^\d+(?:ms|s|m|h|d|KiB|MiB|GiB)$/];
