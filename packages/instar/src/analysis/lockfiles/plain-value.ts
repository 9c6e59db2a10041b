/** An own property of an untrusted value: nothing that it inherits (`constructor`) counts as said. */
export function own(value: unknown, key: string): unknown {
  return isPlain(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Own properties; none where it is no object. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isPlain(value) ? Object.entries(value) : [];
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** `"true"` as well: YAML read without guessing gives text only. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "true";
}

export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The properties that are text, in a map. */
export function textsOf(value: unknown): ReadonlyMap<string, string> {
  return new Map(entriesOf(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text] as const] : [])));
}
