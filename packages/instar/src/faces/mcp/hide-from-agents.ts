import { createRedactor } from "../../platform/secrets/redact-secrets.ts";

/** Instar's own, wherever somebody wrote one down. */
const TOKEN = /instar_[a-z0-9]{4,16}_[A-Za-z0-9_-]{20,}/g;

export type Hide = <Value>(value: Value) => Value;

/**
 * A value in which no text names where Instar keeps its data, or has a token or what looks like a key: an agent has no use for either, and what it reads may
 * end up in anybody's log. The same shape; `<data>` stands for the folder.
 *
 * @param dataFolder absolute; null where there is none to hide
 */
export function createHide(dataFolder: string | null): Hide {
  const redact = createRedactor({});
  const hideText = (text: string): string => {
    const elsewhere = dataFolder === null ? text : text.replaceAll(dataFolder, "<data>");
    return redact(elsewhere.replaceAll(TOKEN, "[redacted: token]"));
  };
  const hide = (value: unknown): unknown => {
    if (typeof value === "string") return hideText(value);
    if (Array.isArray(value)) return value.map(hide);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [hideText(name), hide(inner)]));
  };
  return hide as Hide;
}
