import { findSecretShapes } from "./find-secret-shapes.ts";
import type { SecretSpan } from "./secret-span.ts";

/** A shorter value is a word or a number that stands in texts for other reasons. */
const SHORTEST = 6;

/**
 * A text without secrets: values that are known (name → value), as they are and as JSON, URLs and base64 carry them, and whatever has the shape of a key. All are
 * looked for in the text as it came and taken out together, so that what stands in for one hides no other. Takes time in proportion to the text.
 */
export function redactSecrets(text: string, known: Readonly<Record<string, string>>): string {
  return createRedactor(known)(text);
}

/** The same for many texts: in what forms the known values may come is worked out once. */
export function createRedactor(known: Readonly<Record<string, string>>): (text: string) => string {
  const forms = formsOfKnown(known);
  return (text) => redact(text, forms);
}

function redact(text: string, forms: readonly KnownForm[]): string {
  const spans = [...findKnown(text, forms), ...findSecretShapes(text)].sort((one, other) => one.from - other.from || other.to - one.to);
  if (spans.length === 0) return text;
  let left = "";
  let at = 0;
  for (const { from, to, what } of spans) {
    // What overlaps goes with the first of them: the rest of it, without a second mark.
    if (from >= at) left += `${text.slice(at, from)}[redacted: ${what}]`;
    at = Math.max(at, to);
  }
  return left + text.slice(at);
}

interface KnownForm {
  readonly form: string;
  readonly what: string;
}

function formsOfKnown(known: Readonly<Record<string, string>>): KnownForm[] {
  return Object.entries(known)
    .filter(([, value]) => value.length >= SHORTEST)
    .flatMap(([name, value]) => {
      const what = name.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, 80);
      return formsOf(value).map((form) => ({ form, what }));
    });
}

function findKnown(text: string, forms: readonly KnownForm[]): SecretSpan[] {
  return forms.flatMap(({ form, what }) => findText(text, form).map((from) => ({ from, to: from + form.length, what })));
}

/** As others write it down. Of a JSON text inside a JSON text too: answers of servers are that. */
function formsOf(value: string): readonly string[] {
  const json = jsonInside(value);
  const url = encodeURIComponent(value.toWellFormed());
  const plus = url.replaceAll("%20", "+");
  const lower = (text: string) => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [...new Set([value, json, jsonInside(json), url, plus, lower(url), lower(plus), encodeURI(value.toWellFormed()), ...base64FormsOf(value)])];
}

const jsonInside = (value: string) => JSON.stringify(value).slice(1, -1);

/** Three, by where in a longer text the value begins; the characters at both ends that its neighbours share are left away. */
function base64FormsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [text, text.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function findText(text: string, wanted: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) found.push(at);
  return found;
}
