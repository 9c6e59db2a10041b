import { z } from "zod";
import { parseJson } from "./parse-json.ts";
import { brokenReport, type ParsedReport, type SeenTest, wholeReport } from "./test-report.ts";

const behaveReport = z.array(
  z.object({
    name: z.string(),
    location: z.string(),
    status: z.string(),
    elements: z.array(z.object({ type: z.string(), name: z.string().catch(""), status: z.string().catch("untested") })).default([]),
  }),
);

/** behave's `json`: a scenario is a test. One that was begun and not ended, or whose steps are not defined, failed. */
export function parseBehaveReport(text: string): ParsedReport {
  const parsed = behaveReport.safeParse(parseJson(text));
  if (!parsed.success) return brokenReport("it is not what behave writes");
  return wholeReport(
    parsed.data.flatMap(({ name: feature, location, status, elements }): SeenTest[] => {
      const file = location.replace(/:\d+$/, "");
      const tests = elements
        .filter(({ type }) => type !== "background")
        .map((one): SeenTest => ({ name: `${feature}: ${one.name}`, file, outcome: readOutcome(one.status) }));
      const isSilent = !["passed", "skipped", "untested"].includes(status) && !tests.some(({ outcome }) => outcome === "failed");
      return isSilent ? [...tests, { name: feature, file, outcome: "failed", isGroup: true }] : tests;
    }),
  );
}

function readOutcome(status: string): SeenTest["outcome"] {
  return status === "passed" ? "passed" : status === "skipped" || status === "untested" ? "skipped" : "failed";
}
