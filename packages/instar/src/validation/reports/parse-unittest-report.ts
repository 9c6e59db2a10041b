import { z } from "zod";
import { parseJson } from "./parse-json.ts";
import { brokenReport, MOST_TESTS, type ParsedReport, type SeenTest, wholeReport } from "./test-report.ts";

/** What runners/unittest-runner.ts writes, one file a process. */
const unittestReport = z.object({
  format: z.literal("instar unittest report 1"),
  isNested: z.boolean(),
  ended: z.literal(true),
  tests: z
    .array(z.object({ name: z.string(), file: z.string().nullable(), outcome: z.enum(["passed", "failed", "skipped"]), isGroup: z.boolean() }))
    .max(MOST_TESTS),
});

/** The reports of all processes of one run, put together; as with node:test, what a test started itself does not count. */
export function parseUnittestReports(texts: readonly string[]): ParsedReport {
  const tests: SeenTest[] = [];
  let counted = 0;
  for (const text of texts) {
    const parsed = unittestReport.safeParse(parseJson(text)).data;
    if (parsed === undefined) return brokenReport("it is not what the runner for unittest writes");
    if (parsed.isNested) continue;
    counted += 1;
    tests.push(...parsed.tests.map(({ isGroup, ...test }) => (isGroup ? { ...test, isGroup: true as const } : test)));
  }
  return counted === 0 ? brokenReport("no process that ran tests left one") : wholeReport(tests);
}
