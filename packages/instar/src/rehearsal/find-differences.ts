import { normaliseText } from "../platform/normalise-text.ts";
import { parseBoundedJson } from "../platform/parse-bounded-json.ts";
import { quoteText } from "../platform/plain-text.ts";
import { escapeKey } from "../platform/read-json-pointer.ts";
import type { Answer } from "./rehearsed-agent.ts";

type Answered = Answer & { readonly kind: "answered" };

export interface AnswerDifferences {
  /** Each as a sentence: "/items/0/name was "a", is "b"". */
  readonly differences: readonly string[];
  /** Places that differ between the two answers of the old version as well. */
  readonly noise: number;
}

/**
 * What differs between an answer of the new version and two of the old one to the very same request (the idea is Diffy's: what one version does not say
 * twice alike is noise). Pure. Another status is a difference unless the old version itself gave that one too; JSON is compared place by place, anything else as text
 * without times, ids, ports and paths of a copy.
 *
 * @param ignore JSON Pointers of places that may differ, with everything below; `*` stands for any one key
 */
export function findDifferences(olds: readonly [Answered, Answered], its: Answered, ignore: readonly string[]): AnswerDifferences {
  const [old, again] = olds;
  if (its.status !== old.status && its.status !== again.status) return { differences: [`the status was ${old.status}, is ${its.status}`], noise: 0 };
  const heads = findHeadDifferences(olds, its);
  const reference = its.status === old.status ? old : again;
  const [first, second, third] = [old, again, its].map(({ body }) => parseBoundedJson(body));
  if (first?.kind !== "json" || second?.kind !== "json") return join(heads, findTextDifferences(olds, its));
  if (third?.kind !== "json") return join(heads, { differences: [`the answer was JSON and ${third?.because}`], noise: 0 });
  const noisy = diff(first.value, second.value).map(({ pointer }) => generalise(pointer));
  const found = diff(reference === old ? first.value : second.value, third.value).filter(({ pointer }) => !ignore.some((one) => covers(one, pointer)));
  const differences = found.filter(({ pointer }) => !noisy.some((one) => covers(one, pointer)));
  return join(heads, {
    differences: differences.map(({ pointer, because }) => `${pointer || "the answer"} ${because}`),
    noise: found.length - differences.length,
  });
}

const join = (heads: readonly string[], { differences, noise }: AnswerDifferences): AnswerDifferences => ({ differences: [...heads, ...differences], noise });

/** Of the heads what a caller acts on. */
function findHeadDifferences([old, again]: readonly [Answered, Answered], its: Answered): string[] {
  return ["content-type", "location"].flatMap((name) => {
    const of = ({ headers }: Answered) => normaliseText((headers[name] ?? "").split(";")[0]?.trim() ?? "");
    return of(old) === of(again) && of(old) !== of(its) ? [`${name} was ${quote(of(old))}, is ${quote(of(its))}`] : [];
  });
}

function findTextDifferences([old, again]: readonly [Answered, Answered], its: Answered): AnswerDifferences {
  const [first, second, third] = [old, again, its].map(({ body }) => normaliseText(body));
  if (third === first || third === second) return { differences: [], noise: 0 };
  if (first !== second) return { differences: [], noise: 1 };
  const [before, after] = [first?.split("\n") ?? [], third?.split("\n") ?? []];
  const at = before.findIndex((line, index) => line !== after[index]);
  const line = at < 0 ? before.length : at;
  return { differences: [`line ${line + 1} was ${quote(before[line])}, is ${quote(after[line])}`], noise: 0 };
}

interface Difference {
  readonly pointer: string;
  readonly because: string;
}

/** A page of differences is enough to say that there are some; a million would only be sorted out again. */
const DIFFERENCES_AT_MOST = 1_000;

function diff(old: unknown, its: unknown): Difference[] {
  const found: Difference[] = [];
  collect(old, its, "", found);
  return found;
}

/** The depth is bounded by whoever parsed. */
function collect(old: unknown, its: unknown, pointer: string, found: Difference[]): void {
  if (found.length >= DIFFERENCES_AT_MOST) return;
  if (Array.isArray(old) && Array.isArray(its)) {
    if (old.length !== its.length) found.push({ pointer, because: `had ${old.length} entries, has ${its.length}` });
    else for (const [index, entry] of old.entries()) collect(entry, its[index], `${pointer}/${index}`, found);
    return;
  }
  if (isObject(old) && isObject(its)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(its)])) {
      const place = `${pointer}/${escapeKey(key)}`;
      if (!Object.hasOwn(its, key)) found.push({ pointer: place, because: `was ${quote(old[key])}, is missing` });
      else if (!Object.hasOwn(old, key)) found.push({ pointer: place, because: `is new: ${quote(its[key])}` });
      else collect(old[key], its[key], place, found);
    }
    return;
  }
  if (!isAlike(old, its)) found.push({ pointer, because: `was ${quote(old)}, is ${quote(its)}` });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function isAlike(old: unknown, its: unknown): boolean {
  if (typeof old === "string" && typeof its === "string") return old === its || normaliseText(old) === normaliseText(its);
  if (typeof old === "number" && typeof its === "number") return old === its || areSameDay(old, its);
  return old === its;
}

/** Two numbers that are both a moment of our time, in seconds or milliseconds since 1970, and less than a day apart. */
function areSameDay(one: number, other: number): boolean {
  const isMoment = (value: number, unit: number) => value >= 1_500_000_000 * unit && value <= 4_000_000_000 * unit;
  return [1, 1_000].some((unit) => isMoment(one, unit) && isMoment(other, unit) && Math.abs(one - other) < 86_400 * unit);
}

/** What one entry of a list does not say twice alike, no entry does. */
const generalise = (pointer: string) => pointer.replaceAll(/\/\d+(?=\/|$)/g, "/*");

function covers(place: string, pointer: string): boolean {
  const [wanted, keys] = [place.split("/"), pointer.split("/")];
  return wanted.length <= keys.length && wanted.every((key, index) => key === keys[index] || (index > 0 && key === "*"));
}

function quote(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return "an object";
  return typeof value === "string" ? quoteText(value, 60) : String(value);
}
