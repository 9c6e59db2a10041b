import { z } from "zod";
import { nearestName } from "./nearest-name.ts";
import { settingsSchema } from "./settings.ts";

export type SettingsIssue = z.core.$ZodIssue;

/**
 * One sentence on what is wrong at a key, in a person's words. What was written is named by its kind and never repeated:
 * it may be a secret.
 */
export function renderSettingsMistake(issue: Exclude<SettingsIssue, { code: "unrecognized_keys" }>): string {
  const path = issue.path.map(String);
  if (issue.input === undefined) return renderMissing(path);
  if (issue.code === "custom" || isOwnSentence(issue)) return `${renderPath(path)}: it ${issue.message}`;
  const meant = issue.code === "invalid_value" && typeof issue.input === "string" ? nearestName(issue.input, issue.values.map(String)) : undefined;
  const found = issue.code === "invalid_type" || issue.code === "invalid_union" ? `, found ${kindOf(issue.input)}` : "";
  return `${renderPath(path) || "the file"}: expected ${expectationOf(issue)}${found}${adviceOn(issue)}${renderGuess(meant)}`;
}

/** The sentence for one key that the schema does not know, with the known one that was probably meant. */
export function renderUnknownKey(parent: readonly string[], key: string): string {
  const place = parent.length === 0 ? "at the top level" : `in ${renderPath(parent)}`;
  return `unknown key '${printable(key)}' ${place}${renderGuess(nearestName(key, knownKeys(parent)))}`;
}

function renderMissing(path: readonly string[]): string {
  const description = descriptionOf(path);
  const name = path.at(-1) ?? "";
  const parent = path.slice(0, -1);
  const place = parent.length === 0 ? "at the top level" : `in ${renderPath(parent)}`;
  return `${printable(name)} is missing ${place}${description === undefined ? "" : ` (${description})`}`;
}

function renderGuess(name: string | undefined): string {
  return name === undefined ? "" : `; did you mean '${name}'?`;
}

function renderPath(path: readonly string[]): string {
  return path
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${printable(part)}`))
    .join("")
    .replace(/^\./, "");
}

/** Long names and control characters do not reach a terminal. */
function printable(name: string): string {
  const shown = name.replaceAll(/[^\x20-\x7e\u00a1-\u1fff]/g, "?");
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
}

/** The schema's own messages begin with "must be"; every other message is zod's and is put in our words. */
function isOwnSentence(issue: SettingsIssue): boolean {
  return issue.code === "invalid_format" && issue.message.startsWith("must be");
}

function expectationOf(issue: SettingsIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return KIND_WORDS[issue.expected] ?? issue.expected;
    case "invalid_value":
      return listOf(issue.values.map((value) => (typeof value === "string" ? `'${value}'` : String(value))));
    case "invalid_format":
      return issue.format === "starts_with" && "prefix" in issue ? `text that begins with '${issue.prefix}'` : `text of the form ${issue.format}`;
    case "too_small":
      if (issue.origin === "string") return "text that is not empty";
      if (issue.origin === "array") return "a list with at least one entry";
      return `at least ${issue.minimum}`;
    case "too_big":
      return `at most ${issue.maximum}`;
    case "invalid_union":
      return expectationOfUnion(issue.errors);
    case "invalid_key":
      return `a name that ${issue.issues[0]?.message ?? "is known"}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
    case "invalid_element":
    case "custom":
      return issue.message;
  }
}

/** Of a union, the form that was begun (its mistake lies deeper) says more than the list of all forms. */
function expectationOfUnion(branches: readonly (readonly SettingsIssue[])[]): string {
  const begun = branches.find((issues) => (issues[0]?.path.length ?? 0) > 0)?.[0];
  if (begun !== undefined)
    return `${expectationOf(begun)} at ${begun.path.map((part) => (typeof part === "number" ? `entry ${part + 1}` : String(part))).join(".")}`;
  return listOf(branches.flatMap((issues) => (issues[0] === undefined ? [] : [expectationOf(issues[0])])));
}

function listOf(choices: readonly string[]): string {
  const known = [...new Set(choices)];
  return known.length < 2 ? (known[0] ?? "nothing") : `${known.slice(0, -1).join(", ")} or ${known.at(-1)}`;
}

function adviceOn(issue: SettingsIssue): string {
  const wantsText = issue.code === "invalid_type" && issue.expected === "string";
  return wantsText && ["number", "boolean", "bigint"].includes(typeof issue.input) ? "; put it in quotes" : "";
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys",
  record: "a mapping of keys",
};

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping of keys";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "string" ? "text" : "a number";
}

function knownKeys(path: readonly string[]): string[] {
  const schema = schemaAt(path);
  return schema === undefined ? [] : Object.keys(schema.shape);
}

function descriptionOf(path: readonly string[]): string | undefined {
  const schema = schemaAt(path.slice(0, -1))?.shape[path.at(-1) ?? ""];
  return schema === undefined ? undefined : describedBy(schema);
}

/** The mapping at a key path, without what makes it optional. */
function schemaAt(path: readonly string[]): z.ZodObject | undefined {
  let schema: z.core.$ZodType | undefined = settingsSchema;
  for (const part of path) schema = schema instanceof z.ZodObject ? withoutWrapper(schema.shape[part]) : undefined;
  return schema instanceof z.ZodObject ? schema : undefined;
}

function describedBy(schema: z.core.$ZodType): string | undefined {
  const description = z.globalRegistry.get(schema)?.description;
  return description === undefined && isWrapper(schema) ? describedBy(schema.unwrap()) : description;
}

function withoutWrapper(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  return schema !== undefined && isWrapper(schema) ? withoutWrapper(schema.unwrap()) : schema;
}

function isWrapper(schema: z.core.$ZodType): schema is z.ZodOptional | z.ZodDefault | z.ZodPrefault {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
}
