import { ERROR_CODES } from "@instar/protocol";
import { expect, it } from "vitest";
import { findErrorPageGaps, renderErrorFacts } from "./generated-files.ts";

const page = Object.keys(ERROR_CODES)
  .map((code) => `## ${code}\n\nWords.\n\n**Do:** something.\n`)
  .join("\n");

it("the numbers below each heading are the code's, and writing them twice changes nothing", () => {
  const written = renderErrorFacts(page);
  expect(written).toContain('## FENCED\n\n<a id="FENCED"></a>\n*A newer daemon has taken over: number 1204, exit status 7, HTTP 409*\n\nWords.');
  expect(renderErrorFacts(written)).toBe(written);
  expect(renderErrorFacts(written.replace("exit status 7", "exit status 70"))).toBe(written);
});

it("a code without a section, an unknown one, one twice and one without advice are gaps", () => {
  expect(findErrorPageGaps(page)).toEqual([]);
  expect(findErrorPageGaps(page.replace("## FENCED", "## FENCES"))).toEqual(["FENCED has no section", "FENCES is no error code"]);
  expect(findErrorPageGaps(`${page}\n## FENCED\n\n**Do:** x`)).toEqual(["FENCED has two sections"]);
  expect(findErrorPageGaps(page.replace("**Do:** something.", ""))).toEqual([`${Object.keys(ERROR_CODES)[0]} does not say what to do`]);
});
