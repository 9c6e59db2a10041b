import { InstarError, type SettingsView } from "@instar/protocol";

export type Setting = SettingsView["sections"][number]["settings"][number];

/** What a person filled in, as a value of the setting's kind. @throws InstarError INPUT_INVALID */
export function parseSettingValue({ kind, pointer }: Pick<Setting, "kind" | "pointer">, text: string): unknown {
  const refuse = (because: string) => new InstarError("INPUT_INVALID", `${pointer} ${because}`);
  if (kind === "flag") return text === "true";
  if (kind === "number") {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value)) throw refuse(`is to be a number, which ${JSON.stringify(text)} is not`);
    return value;
  }
  if (kind !== "json") return text;
  // A list, a map, or a word: `by-risk` is one of the ways in which a setting that may be several things is written.
  if (!/^[\s[{"\d-]|^(?:true|false|null)$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('is to be JSON: a list ["a"], a map {"key": 1}, or a plain word');
  }
}

/** The edit of instar.yaml that sets it, or takes it away so that its default holds; refused where the file is another one by now. Pure. */
export function planSettingEdit(
  { pointer }: Pick<Setting, "pointer">,
  value: unknown,
  { digest, because }: { readonly digest: string; readonly because: string },
): string {
  const change = value === undefined ? { remove: [pointer] } : { values: { [pointer]: value } };
  return JSON.stringify({ because, edits: [{ set: "instar.yaml", expect: digest, ...change }] });
}

/** A value as it is written into a field. */
export const renderSettingValue = (value: unknown): string =>
  value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
