/**
 * The reporter that node:test is given: one file a process, whole or not there, beside what a person reads. A built-in reporter would
 * write all processes into one file. A test that starts tests of its own finds INSTAR_TESTS_OF, and its report says that it is nested.
 * Written for Node 18.15 and younger; it may use nothing of Instar.
 */
export const NODE_REPORTER = `import { renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "reports");
const isNested = process.env.INSTAR_TESTS_OF !== undefined && process.env.INSTAR_TESTS_OF !== String(process.pid);
process.env.INSTAR_TESTS_OF ??= String(process.pid);

export default async function* report(source) {
  const events = [];
  let coverage = null;
  for await (const { type, data } of source) {
    if (type === "test:coverage") coverage = { total: data.summary.totals.totalLineCount, covered: data.summary.totals.coveredLineCount };
    if (type !== "test:pass" && type !== "test:fail") continue;
    const kind = data.details?.type ?? "test";
    const failure = data.details?.error?.failureType;
    events.push({
      passed: type === "test:pass",
      name: String(data.name).slice(0, 1000),
      file: typeof data.file === "string" ? data.file : null,
      type: kind === "suite" ? "suite" : failure === "hookFailed" ? "hook" : "test",
      skip: data.skip !== undefined && data.skip !== false,
      todo: data.todo !== undefined && data.todo !== false,
      failure: typeof failure === "string" ? failure : null,
    });
  }
  const path = join(folder, "node-" + process.pid + ".json");
  writeFileSync(path + ".part", JSON.stringify({ format: "instar node report 1", isNested, ended: true, coverage, events }));
  renameSync(path + ".part", path);
}
`;
