import { parseBoundedJson } from "../../platform/parse-bounded-json.ts";
import { quoteText } from "../../platform/plain-text.ts";
import { readJsonPointer } from "../../platform/read-json-pointer.ts";
import { heard, type Reading, silent } from "./reading.ts";

/** The number that a program printed: all that it printed, or what stands at a JSON Pointer of it. */
export function parseMetricOutput(output: string, at: string | undefined): Reading<number> {
  if (at === undefined) return numberOf(output.trim());
  const parsed = parseBoundedJson(output);
  if (parsed.kind === "refused") return silent(`what it prints ${parsed.because}`);
  const found = readJsonPointer(parsed.value, at);
  return typeof found === "number" ? checked(found) : silent(`there is no number at ${at === "" ? "its top" : at}`);
}

function numberOf(text: string): Reading<number> {
  const isNumber = text.length > 0 && text.length <= 64 && [...text].every((character) => "0123456789+-.eE".includes(character));
  return isNumber ? checked(Number(text)) : silent(text === "" ? "it prints nothing" : `it prints ${quoteText(text, 60)}, which is no number`);
}

const checked = (value: number): Reading<number> => (Number.isFinite(value) ? heard(value) : silent(`it says ${value}, which is no number to judge by`));
