import { isDeepStrictEqual } from "node:util";
import { InstarError } from "@instar/protocol";
import type { Json } from "../ledger/ledger-entry.ts";
import { parseEnvironmentFile } from "../settings/parse-environment-file.ts";
import { parsePointer } from "./parse-pointer.ts";
import { setInEnvironmentFile } from "./set-in-environment-file.ts";
import { type Setting, setInJson } from "./set-in-json.ts";
import { parseYaml, setInYaml } from "./set-in-yaml.ts";
import { readTextForm, renderTextForm } from "./text-form.ts";

export type ConfigurationFormat = "json" | "yaml" | "environment";

/** By the file's name; undefined where it is of no kind that is understood. */
export function classifyFormat(path: string): ConfigurationFormat | undefined {
  if (/\.json$/i.test(path)) return "json";
  if (/\.ya?ml$/i.test(path)) return "yaml";
  return /(^|\/)(\.env(\.[\w-]+)?|[^/]+\.env)$/i.test(path) ? "environment" : undefined;
}

/**
 * What a file holds; for people and for comparing. Large numbers of YAML come as bigint.
 * @throws InstarError EDIT_REFUSED in words that are none of the file's
 */
export function readConfiguration(bytes: Uint8Array, path: string, format: ConfigurationFormat): unknown {
  const { text } = readTextForm(bytes, path);
  try {
    if (format === "json") return JSON.parse(text);
    if (format === "environment") return parseEnvironmentFile(text, path);
    const documents = parseYaml(text).map((document) => document.toJS({ maxAliasCount: 100 }) as unknown);
    assertHasEnd(documents, new Set());
    return documents.length === 1 ? documents[0] : documents;
  } catch {
    throw new InstarError("EDIT_REFUSED", `${path} is not ${INWORDS[format]}`, { facts: { path } });
  }
}

/** In YAML a value may hold itself. No program's configuration does, and whoever walks it never comes to an end. */
function assertHasEnd(value: unknown, around: Set<object>): void {
  if (typeof value !== "object" || value === null) return;
  if (around.has(value)) throw new Error("a value holds itself");
  around.add(value);
  for (const inner of Object.values(value)) assertHasEnd(inner, around);
  around.delete(value);
}

const INWORDS = { json: "JSON", yaml: "YAML", environment: "an environment file" } as const;

/**
 * The bytes of a configuration file with values set and removed. Byte order mark and line ends stay. What comes out is read again and
 * compared: where anything but what was asked for is different, nothing is written.
 *
 * @throws InstarError EDIT_REFUSED
 */
export function setValues(
  bytes: Uint8Array,
  path: string,
  { values, remove }: { readonly values: Readonly<Record<string, Json>>; readonly remove: readonly string[] },
): Buffer {
  const format = classifyFormat(path);
  if (format === undefined)
    throw new InstarError("EDIT_REFUSED", `${path} is neither .json, .yaml, .yml nor .env, so no value can be set in it`, {
      facts: { path },
      advice: "Write the whole file instead: `write:`.",
    });
  const form = readTextForm(bytes, path);
  const before = readConfiguration(bytes, path, format);
  const settings: Setting[] = [
    ...Object.entries(values).map(([pointer, value]) => ({ keys: parsePointer(pointer) ?? [], value })),
    // From behind, so that an index still means what it meant.
    ...remove
      .toSorted((a, b) => (parsePointer(b) ?? []).at(-1)?.localeCompare((parsePointer(a) ?? []).at(-1) ?? "", "en", { numeric: true }) ?? 0)
      .map((pointer) => ({
        keys: parsePointer(pointer) ?? [],
        value: undefined,
      })),
  ];
  let after: Buffer;
  try {
    after = renderTextForm(SET[format](form.text, settings, form.lineEnd), form);
  } catch (error) {
    if (InstarError.is(error)) throw error;
    throw new InstarError("EDIT_REFUSED", `${path}: ${error instanceof Error ? error.message : "its values cannot be set"}`, { facts: { path } });
  }
  const wanted = settings.reduce<unknown>((model, setting) => applySetting(model, setting, format), before);
  if (!isDeepStrictEqual(comparable(readConfiguration(after, path, format)), comparable(wanted)))
    throw new InstarError("EDIT_REFUSED", `${path} is written in a way in which these values cannot be set without changing others`, {
      facts: { path },
      advice: "Write the whole file instead: `write:`.",
    });
  return after;
}

const SET = { json: setInJson, yaml: setInYaml, environment: setInEnvironmentFile } as const;

/** What the values should be afterwards, worked out on the values alone. */
function applySetting(model: unknown, { keys, value }: Setting, format: ConfigurationFormat): unknown {
  const [key, ...inner] = keys;
  if (key === undefined) return format === "environment" ? String(value) : value;
  if (Array.isArray(model)) {
    if (value === undefined && inner.length === 0) return model.toSpliced(Number(key), Number(key) < model.length ? 1 : 0);
    return Number(key) < model.length ? model.with(Number(key), applySetting(model[Number(key)], { keys: inner, value }, format)) : model;
  }
  const entries = Object.entries((model ?? {}) as Record<string, unknown>);
  const at = entries.findIndex(([name]) => name === key);
  if (value === undefined && (at === -1 || inner.length === 0)) return Object.fromEntries(entries.filter(([name]) => name !== key));
  const changed: [string, unknown] = [key, applySetting(at === -1 ? undefined : entries[at]?.[1], { keys: inner, value }, format)];
  return Object.fromEntries(at === -1 ? [...entries, changed] : entries.with(at, changed));
}

/** Whole numbers are compared as such, whichever type the reader gave them. */
function comparable(value: unknown): unknown {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]));
}
