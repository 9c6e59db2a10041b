import { z } from "zod";
import { parseJson } from "./parse-json.ts";
import { brokenReport, type ParsedReport, type SeenTest, wholeReport } from "./test-report.ts";

const jestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().catch(""),
      assertionResults: z.array(z.object({ fullName: z.string().nullable().catch(null), title: z.string(), status: z.string() })),
    }),
  ),
});

/** Jest's `--json`, which Vitest writes too. A file that could not be loaded failed and holds no test. */
export function parseJestReport(text: string): ParsedReport {
  const parsed = jestReport.safeParse(parseJson(text));
  if (!parsed.success) return brokenReport("it is not what Jest and Vitest write");
  return wholeReport(
    parsed.data.testResults.flatMap(({ name: file, status, assertionResults }): SeenTest[] => {
      const tests = assertionResults.map((one): SeenTest => ({ name: one.fullName ?? one.title, file, outcome: readOutcome(one.status) }));
      const isSilent = status === "failed" && !tests.some(({ outcome }) => outcome === "failed");
      return isSilent ? [...tests, { name: file, file, outcome: "failed", isGroup: true }] : tests;
    }),
  );
}

/** A word that is not known is no pass. */
function readOutcome(status: string): SeenTest["outcome"] {
  if (status === "passed") return "passed";
  return ["skipped", "pending", "todo", "disabled"].includes(status) ? "skipped" : "failed";
}
