/** An entry as reports read it, whichever Instar wrote it: a member that is not what it should be counts as not said. */
export interface ReadEntry {
  readonly index: number;
  readonly atMs: number;
  /** Any word: a newer Instar has others. */
  readonly event: string;
  readonly by: { readonly type: string; readonly id: string };
  readonly update: string | null;
  readonly versionFrom: string | null;
  readonly versionTo: string | null;
  readonly description: string;
  readonly success: boolean;
  readonly details: Details;
}

export type Details = { readonly [key: string]: unknown };

/** @returns undefined for what has no index, no time or no event: nothing can be said of it */
export function parseEntry(value: unknown): ReadEntry | undefined {
  if (!isObject(value)) return undefined;
  const { index, at, event } = value;
  const atMs = typeof at === "string" ? Date.parse(at) : Number.NaN;
  if (typeof index !== "number" || !Number.isSafeInteger(index) || index < 0 || Number.isNaN(atMs) || typeof event !== "string") return undefined;
  const actor = objectIn(value, "actor");
  return {
    index,
    atMs,
    event,
    by: { type: textIn(actor, "type") ?? "system", id: textIn(actor, "id") ?? "" },
    update: textIn(value, "update"),
    versionFrom: textIn(value, "versionFrom"),
    versionTo: textIn(value, "versionTo"),
    description: textIn(value, "description") ?? "",
    success: value.success === true,
    details: objectIn(value, "details"),
  };
}

export function textIn(details: Details, key: string): string | null {
  const value = details[key];
  return typeof value === "string" ? value : null;
}

/** Finite and not below 0: everything that reports count or time is. */
export function numberIn(details: Details, key: string): number | null {
  const value = details[key];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

export function objectIn(details: Details, key: string): Details {
  const value = details[key];
  return isObject(value) ? value : {};
}

export function textsIn(details: Details, key: string): readonly string[] {
  const value = details[key];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

const isObject = (value: unknown): value is Details => typeof value === "object" && value !== null && !Array.isArray(value);
