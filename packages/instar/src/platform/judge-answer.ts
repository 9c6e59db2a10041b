import type { Verdict } from "@instar/protocol";
import { matchText } from "./match-text.ts";
import { parseBoundedJson } from "./parse-bounded-json.ts";
import { plainText, quoteText } from "./plain-text.ts";
import { readJsonPointer } from "./read-json-pointer.ts";

/** An answer over HTTP as whoever asked saw it. */
export type HttpAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly kind: "silent"; readonly because: string };

export interface ExpectedAnswer {
  /** As a person writes it: `GET /health`. */
  readonly asked: string;
  /** Any 2xx where this is left out. */
  readonly status?: number | undefined;
  /** A regular expression; a dot matches line ends too. */
  readonly matches?: string | undefined;
  /** Values by JSON Pointer. */
  readonly json?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}

export interface AnswerVerdict {
  readonly verdict: Verdict;
  readonly because: string;
}

/** Whether an answer is the one that was asked for. 200 with the wrong body is a failure; silence is `nodata`, never a pass. */
export function judgeAnswer(answer: HttpAnswer, expected: ExpectedAnswer): AnswerVerdict {
  const { asked } = expected;
  if (answer.kind === "silent") return { verdict: "nodata", because: `no answer to ${asked}: ${answer.because}` };
  const { status, body } = answer;
  const fail = (because: string): AnswerVerdict => ({ verdict: "fail", because: `${asked} answered ${status}${because}` });
  if (!(expected.status === undefined ? isGood(status) : status === expected.status))
    return fail(`${expected.status === undefined ? "" : `, not ${expected.status}`}${explainRedirect(answer)}`);
  if (expected.matches !== undefined) {
    const isMatch = matchText(expected.matches, body, "s");
    if (isMatch === undefined)
      return { verdict: "error", because: `${asked} answered ${status}, but /${expected.matches}/ did not come to an end on the answer within a second` };
    if (!isMatch) return fail(` with what /${expected.matches}/ does not match: it begins ${quoteText(body, 60)}`);
  }
  const wrong = findWrongValue(body, expected.json ?? {});
  return wrong === undefined ? { verdict: "pass", because: `${asked} answered ${status}` } : fail(`, but ${wrong}`);
}

/** The version that the running process names, against the one that was started. Another one is a failure, and so is a page instead of JSON. */
export function judgeVersion(
  answer: HttpAnswer,
  expected: { readonly asked: string; readonly at: string; readonly version: string },
): AnswerVerdict & {
  /** What it names; null where it names none. */
  readonly named: string | null;
} {
  const { asked, at, version } = expected;
  const say = (verdict: Verdict, because: string, named: string | null = null) => ({ verdict, because, named });
  if (answer.kind === "silent") return say("nodata", `no answer to ${asked}: ${answer.because}`);
  if (!isGood(answer.status)) return say("fail", `${asked} answered ${answer.status}${explainRedirect(answer)}: it names no version`);
  const parsed = parseBoundedJson(answer.body);
  if (parsed.kind === "refused") return say("fail", `${asked} names no version: the answer ${parsed.because}`);
  const found = readJsonPointer(parsed.value, at);
  if (typeof found !== "string" && typeof found !== "number")
    return say("fail", `${asked} names no version: nothing that could be one stands at ${at || "its top"}`);
  const named = plainText(String(found), 100);
  return plainVersion(named) === plainVersion(version)
    ? say("pass", `the running process says that it is ${named}`, named)
    : say("fail", `the running process says that it is ${JSON.stringify(named)}, not ${version}`, named);
}

const isGood = (status: number) => status >= 200 && status <= 299;

/** v1.2.3 and 1.2.3 are one version; nothing else is forgiven. */
const plainVersion = (text: string) => text.trim().replace(/^v(?=\d)/, "");

function explainRedirect(answer: HttpAnswer & { kind: "answered" }): string {
  const { location } = answer.headers;
  if (answer.status < 300 || answer.status > 399 || location === undefined) return "";
  return ` and sends the caller to ${quoteText(location, 120)}, which is not followed`;
}

function findWrongValue(body: string, values: Readonly<Record<string, string | number | boolean | null>>): string | undefined {
  const wanted = Object.entries(values);
  if (wanted.length === 0) return undefined;
  const parsed = parseBoundedJson(body);
  if (parsed.kind === "refused") return `the answer ${parsed.because}`;
  for (const [pointer, value] of wanted) {
    const found = readJsonPointer(parsed.value, pointer);
    if (found !== value) return `${pointer || "the whole"} is ${renderFound(found)}, not ${JSON.stringify(value)}`;
  }
  return undefined;
}

function renderFound(found: unknown): string {
  if (found === undefined) return "missing";
  if (typeof found === "object" && found !== null) return Array.isArray(found) ? "a list" : "an object";
  return typeof found === "string" ? quoteText(found, 100) : String(found);
}
