import type { ChangedFile } from "./changed-file.ts";

export interface ManifestChange {
  /** `scripts`, `dependencies`, `version` … */
  readonly field: string;
  /** Inside the field, where it is an object: a script's or a package's name. */
  readonly key: string | null;
  /** JSON; undefined where it is not there. */
  readonly was: string | undefined;
  readonly is: string | undefined;
  /** Of the new text, else of the old one; null where it was not found. */
  readonly line: number | null;
}

/** What changed in a package.json, field by field; `unreadable` where a side of it is no JSON object. Order of fields and layout do not matter. */
export function compareManifests({ edit, before, after }: ChangedFile): readonly ManifestChange[] | "unreadable" {
  const [old, fresh] = [readFields(edit.before), readFields(edit.after)];
  if (old === undefined || fresh === undefined) return "unreadable";
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((place) => {
    const [was, is] = [old.get(place), fresh.get(place)];
    if (was?.json === is?.json) return [];
    const { field, key } = is ?? was ?? { field: "", key: null };
    const lines = is === undefined ? before.lines : after.lines;
    const name = JSON.stringify(key ?? field);
    const at = lines.findIndex((line) => line.startsWith(name) || line.includes(`${name}:`));
    return [{ field, key, was: was?.json, is: is?.json, line: at === -1 ? null : at + 1 }];
  });
}

interface Field {
  readonly field: string;
  readonly key: string | null;
  readonly json: string;
}

function readFields(text: string | null): Map<string, Field> | undefined {
  const fields = new Map<string, Field>();
  if (text === null) return fields;
  const parsed = parseObject(text);
  for (const [field, value] of Object.entries(parsed ?? {})) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    const parts = isObject ? Object.entries(value) : [];
    for (const [key, part] of parts) fields.set(JSON.stringify([field, key]), { field, key, json: render(part) });
    if (parts.length === 0) fields.set(JSON.stringify([field]), { field, key: null, json: render(value) });
  }
  return parsed && fields;
}

function parseObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Nested deeper than can be written, it counts as changed. */
function render(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return `too deep ${Object.keys(Object(value)).length}`;
  }
}
