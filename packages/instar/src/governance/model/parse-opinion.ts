import { type Opinion, opinion } from "@instar/protocol";
import { parseBoundedJson } from "../../platform/parse-bounded-json.ts";
import { plainText } from "../../platform/plain-text.ts";

export type ParsedOpinion = { readonly kind: "opinion"; readonly opinion: Opinion } | { readonly kind: "malformed"; readonly because: string };

/** Of the object, and of the risks in it. */
const NAMES = Object.keys(opinion.shape).length + Object.keys(opinion.shape.riskAssessment.shape).length;

/** A model's answer, which must be the one object that was asked for, whole, and nothing else. What is nearly an opinion is none: no guess is made for a yes. */
export function parseOpinion(text: string): ParsedOpinion {
  const json = parseBoundedJson(text);
  if (json.kind === "refused") return malformed(json.because);
  const parsed = opinion.safeParse(json.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
    return malformed(`is no opinion${at}: ${plainText(issue?.message ?? "", 200)}`);
  }
  // JSON.parse takes the last of two names that are the same; a reader may take the first.
  if (countNames(text) !== NAMES) return malformed("says something twice");
  return { kind: "opinion", opinion: parsed.data };
}

/** In a text that is JSON every quote belongs to a string, and a string before a colon is a name. */
function countNames(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}

const malformed = (because: string): ParsedOpinion => ({ kind: "malformed", because: `the answer ${because}` });
