import { ERROR_CODES } from "@instar/protocol";
import { renderOpenApi } from "../packages/instar/src/faces/http/render-openapi.ts";
import { renderPolicyTable } from "../packages/instar/src/governance/policy/render-policy-table.ts";
import { renderSettingsJsonSchema } from "../packages/instar/src/settings/settings-json-schema.ts";

export interface GeneratedFile {
  /** Relative to the project's root. */
  readonly path: string;
  readonly content: string;
}

export interface GenerationInputs {
  readonly version: string;
  /** docs/errors.md as it is. */
  readonly errorsPage: string;
}

export const ERRORS_PAGE = "docs/errors.md";

/** Everything in git that is made from code, as it should be. */
export function renderGeneratedFiles({ version, errorsPage }: GenerationInputs): GeneratedFile[] {
  return [
    { path: "openapi/instar.v1.json", content: renderOpenApi(version) },
    { path: "packages/instar/schema/instar.schema.json", content: renderSettingsJsonSchema() },
    { path: "docs/policy-table.md", content: renderPolicyTable() },
    { path: ERRORS_PAGE, content: renderErrorFacts(errorsPage) },
  ];
}

/** The page about errors is written by hand; the line of numbers below each heading is the code's. */
export function renderErrorFacts(page: string): string {
  return page.replace(/^## ([A-Z_]+)\n\n(?:<a .*\n)?(?:\*[^*].*\n)?\n?/gm, (heading, code: string) => {
    const known = ERROR_CODES[code as keyof typeof ERROR_CODES];
    if (known === undefined) return heading;
    return `## ${code}\n\n<a id="${code}"></a>\n*${known.title}: number ${known.number}, exit status ${known.exit}, HTTP ${known.status}*\n\n`;
  });
}

/** @returns what the page lacks or has too much, in words; empty where it covers every code once, in the table's order */
export function findErrorPageGaps(page: string): string[] {
  const written = [...page.matchAll(/^## ([A-Z_]+)$/gm)].map((match) => match[1] ?? "");
  const codes = Object.keys(ERROR_CODES);
  const sections = page.split(/^## /m).slice(1);
  return [
    ...codes.filter((code) => !written.includes(code)).map((code) => `${code} has no section`),
    ...written.filter((code) => !codes.includes(code)).map((code) => `${code} is no error code`),
    ...written.filter((code, index) => written.indexOf(code) !== index).map((code) => `${code} has two sections`),
    ...sections
      .filter((section) => /^[A-Z_]+\n/.test(section) && !/\*\*Do:\*\* \S/.test(section))
      .map((section) => `${section.split("\n")[0]} does not say what to do`),
  ];
}
