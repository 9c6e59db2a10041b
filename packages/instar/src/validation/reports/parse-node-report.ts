import { basename } from "node:path";
import { z } from "zod";
import { parseJson } from "./parse-json.ts";
import { brokenReport, MOST_TESTS, type ParsedReport, type SeenTest, wholeReport } from "./test-report.ts";

/** What the reporter in runners/node-reporter.ts writes, one file a process that ran tests. */
const nodeReport = z.object({
  format: z.literal("instar node report 1"),
  isNested: z.boolean(),
  ended: z.literal(true),
  coverage: z
    .object({ total: z.int().min(0), covered: z.int().min(0) })
    .refine(({ total, covered }) => covered <= total)
    .nullable(),
  events: z
    .array(
      z.object({
        passed: z.boolean(),
        name: z.string(),
        file: z.string().nullable(),
        type: z.enum(["test", "suite", "hook"]),
        skip: z.boolean(),
        todo: z.boolean(),
        failure: z.string().nullable(),
      }),
    )
    .max(MOST_TESTS),
});

/**
 * The reports of all processes of one run, put together. One that a test started itself (`isNested`) belongs to that test and does not
 * count. What is only a file is no test: a file without any says that it passed.
 */
export function parseNodeReports(texts: readonly string[]): ParsedReport {
  const tests: SeenTest[] = [];
  const lines = { total: 0, covered: 0 };
  let counted = 0;
  for (const text of texts) {
    const parsed = nodeReport.safeParse(parseJson(text)).data;
    if (parsed === undefined) return brokenReport("it is not what the reporter of node:test writes");
    if (parsed.isNested) continue;
    counted += 1;
    tests.push(...parsed.events.flatMap(readEvent));
    lines.total += parsed.coverage?.total ?? 0;
    lines.covered += parsed.coverage?.covered ?? 0;
  }
  if (counted === 0) return brokenReport("no process that ran tests left one");
  return wholeReport(tests, lines.total === 0 ? null : (100 * lines.covered) / lines.total);
}

function readEvent({ passed, name, file, type, skip, todo, failure }: z.output<typeof nodeReport>["events"][number]): SeenTest[] {
  const isFile = file !== null && (name === file || name === basename(file) || file.endsWith(`/${name}`));
  // What it holds has said so itself.
  if (failure === "subtestsFailed") return [];
  if (type !== "test" || isFile) return passed || todo ? [] : [{ name, file, outcome: "failed", isGroup: true }];
  return [{ name, file, outcome: skip || todo ? "skipped" : passed ? "passed" : "failed" }];
}
