import type { SettingsView } from "@instar/protocol";
import { z } from "zod";
import { settingsSchema } from "./settings.ts";
import { SECTIONS } from "./settings-sections.ts";

type Listed = SettingsView["sections"][number];
export type ListedSetting = Omit<Listed["settings"][number], "isSecret"> & { readonly keys: readonly string[] };

/** What of JSON Schema the settings' description uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/**
 * Every setting that there is, section by section in the order of the file that `instar init` writes: what is written, and else its default. `written` is
 * the file as plain values. What may have any keys (variables, channels) or is a list is one setting. Pure.
 */
export function listSettings(written: unknown): { readonly section: string; readonly describe: string; readonly settings: readonly ListedSetting[] }[] {
  const { properties = {} } = z.toJSONSchema(settingsSchema, { io: "input", target: "draft-7" }) as Schema;
  const words = new Map<string, string>(SECTIONS.map(({ name, words }) => [name, words.join(" ")]));
  const names = ["name", ...SECTIONS.map(({ name }) => name), ...Object.keys(properties)].filter(
    (name, at, all) => name !== "$schema" && all.indexOf(name) === at,
  );
  return names.map((name) => ({
    section: name,
    describe: words.get(name) ?? properties[name]?.description ?? "",
    settings: listOf(properties[name] ?? {}, [name], valueAt(written, name)),
  }));
}

function listOf(schema: Schema, keys: readonly string[], written: unknown): ListedSetting[] {
  if (schema.properties !== undefined && isMapOrNothing(written))
    return Object.entries(schema.properties).flatMap(([key, inner]) => listOf(inner, [...keys, key], valueAt(written, key)));
  const usual = plain(schema.default);
  const choices = (schema.enum ?? []).filter((choice) => typeof choice === "string");
  return [
    {
      keys,
      pointer: keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
      describe: schema.description ?? "",
      value: written === undefined ? usual : plain(written),
      isWritten: written !== undefined,
      default: usual,
      kind: kindOf(schema, choices.length > 0),
      choices,
    },
  ];
}

function kindOf({ type }: Schema, isChoice: boolean): ListedSetting["kind"] {
  if (isChoice) return "choice";
  if (type === "boolean") return "flag";
  if (type === "integer" || type === "number") return "number";
  return type === "string" ? "text" : "json";
}

const isMapOrNothing = (value: unknown) => value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value));

const valueAt = (parent: unknown, key: string): unknown =>
  typeof parent === "object" && parent !== null && Object.hasOwn(parent, key) ? (parent as Record<string, unknown>)[key] : undefined;

/** As JSON has it: what YAML can say beyond it, no setting can be. */
const plain = (value: unknown): ListedSetting["value"] => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
