import { readXml, type XmlElement } from "./read-xml.ts";
import { brokenReport, type ParsedReport, type SeenTest, wholeReport } from "./test-report.ts";

/**
 * JUnit's XML, as everybody writes it: `testcase` elements anywhere, with `failure`, `error` or `skipped` in them. Totals in attributes are not
 * believed; a suite that says failures and holds none that is named is a failure of its own.
 */
export function parseJunit(text: string): ParsedReport {
  const tests: SeenTest[] = [];
  const suites: { readonly name: string; readonly told: number; readonly seenBefore: number }[] = [];
  let open: { name: string; file: string | null; outcome: SeenTest["outcome"]; caseName: string } | undefined;
  let failures = 0;
  let sawRoot = false;

  const begin = ({ name, attributes }: XmlElement) => {
    if (name === "testsuites" || name === "testsuite") sawRoot = true;
    if (name === "testsuite")
      suites.push({
        name: attributes.get("name") ?? "a suite",
        told: readNumber(attributes.get("failures")) + readNumber(attributes.get("errors")),
        seenBefore: failures,
      });
    if (name === "testcase")
      open = {
        caseName: attributes.get("name") ?? "",
        name: nameCase(attributes),
        file: attributes.get("file") ?? null,
        outcome: NOT_RUN.has(attributes.get("status") ?? "") ? "skipped" : "passed",
      };
    if (open === undefined) return;
    if (name === "skipped") open.outcome = "skipped";
    // A test that is expected to fail says both, the skipping first.
    if ((name === "failure" || name === "error") && open.outcome !== "skipped") open.outcome = "failed";
  };
  const end = (name: string) => {
    if (name === "testcase" && open !== undefined) {
      if (open.outcome === "failed") failures += 1;
      // node:test reports a file as a test of that name: it is none, and only its failure is told.
      const isFile = open.file !== null && open.file.split(/[\\/]/).at(-1) === open.caseName;
      const { caseName, ...test } = open;
      if (!isFile) tests.push(test);
      else if (test.outcome === "failed") tests.push({ ...test, isGroup: true });
      open = undefined;
    }
    const suite = name === "testsuite" ? suites.pop() : undefined;
    if (suite !== undefined && suite.told > 0 && failures === suite.seenBefore) {
      failures += 1;
      tests.push({ name: suite.name, file: null, outcome: "failed", isGroup: true });
    }
  };
  const because = readXml(text, { begin, end });
  if (because !== undefined) return brokenReport(because);
  if (!sawRoot) return brokenReport("it is XML and no report of JUnit's kind");
  return wholeReport(tests);
}

/** Some say there what others say with an element. */
const NOT_RUN: ReadonlySet<string> = new Set(["skipped", "notrun", "disabled", "ignored"]);

function nameCase(attributes: ReadonlyMap<string, string>): string {
  const [group, name] = [attributes.get("classname") ?? "", attributes.get("name") ?? ""];
  return group === "" || name.startsWith(group) ? name : `${group} ${name}`;
}

function readNumber(text: string | undefined): number {
  const number = Number(text ?? 0);
  return Number.isFinite(number) ? number : 0;
}
