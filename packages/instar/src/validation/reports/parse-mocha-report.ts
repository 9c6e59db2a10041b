import { z } from "zod";
import { parseJson } from "./parse-json.ts";
import { brokenReport, type ParsedReport, type SeenTest, wholeReport } from "./test-report.ts";

const told = z.array(z.object({ title: z.string(), fullTitle: z.string().catch(""), file: z.string().nullable().catch(null) }));
const mochaReport = z.object({ stats: z.object({}), tests: told, passes: told, failures: told, pending: told });

/** Mocha's `json`. A hook that failed is among its failures and not among its tests. */
export function parseMochaReport(text: string): ParsedReport {
  const parsed = mochaReport.safeParse(parseJson(text));
  if (!parsed.success) return brokenReport("it is not what Mocha writes");
  const { passes, failures, pending } = parsed.data;
  const read = (list: z.output<typeof told>, outcome: SeenTest["outcome"]) =>
    list.map(({ title, fullTitle, file }): SeenTest => {
      const test = { name: fullTitle || title, file, outcome };
      return outcome === "failed" && /^"(before|after) (all|each)" hook/.test(title) ? { ...test, isGroup: true } : test;
    });
  return wholeReport([...read(passes, "passed"), ...read(failures, "failed"), ...read(pending, "skipped")]);
}
