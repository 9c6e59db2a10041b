import { z } from "zod";
import { parseJson } from "../reports/parse-json.ts";
import { readXml, type XmlElement } from "../reports/read-xml.ts";

export type CoverageFormat = "istanbul" | "lcov" | "xml" | "coverage.py";

/** Percent of lines that a coverage report tells; undefined where it is none, or where there was not one line to cover. */
export function parseCoverage(format: CoverageFormat, text: string): number | undefined {
  const lines = { istanbul: readIstanbul, lcov: readLcov, xml: readXmlCoverage, "coverage.py": readCoveragePy }[format](text);
  if (lines === undefined || !(lines.total > 0) || !(lines.covered >= 0) || lines.covered > lines.total) return undefined;
  return (100 * lines.covered) / lines.total;
}

interface Lines {
  readonly total: number;
  readonly covered: number;
}

const istanbulSummary = z.object({ total: z.object({ lines: z.object({ total: z.number(), covered: z.number() }) }) });

function readIstanbul(text: string): Lines | undefined {
  return istanbulSummary.safeParse(parseJson(text)).data?.total.lines;
}

const coveragePy = z.object({ totals: z.object({ covered_lines: z.number(), num_statements: z.number() }) });

function readCoveragePy(text: string): Lines | undefined {
  const totals = coveragePy.safeParse(parseJson(text)).data?.totals;
  return totals === undefined ? undefined : { total: totals.num_statements, covered: totals.covered_lines };
}

/** `LF` and `LH` of each file. Its lines themselves where it says no totals. */
function readLcov(text: string): Lines | undefined {
  const sum = { total: 0, covered: 0, found: 0, hit: 0 };
  for (const line of text.split("\n")) {
    const [, key, number = ""] = /^(LF|LH):(\d{1,9})\s*$/.exec(line) ?? [];
    if (key === "LF") sum.total += Number(number);
    else if (key === "LH") sum.covered += Number(number);
    else if (line.startsWith("DA:")) {
      sum.found += 1;
      if (/^DA:\d+,0*[1-9]/.test(line)) sum.hit += 1;
    }
  }
  return sum.total > 0 ? sum : { total: sum.found, covered: sum.hit };
}

/** Cobertura says it at its root, Clover in the metrics of its project. */
function readXmlCoverage(text: string): Lines | undefined {
  let found: Lines | undefined;
  const begin = ({ name, attributes }: XmlElement) => {
    const read = (key: string) => Number(attributes.get(key) ?? Number.NaN);
    if (name === "coverage" && attributes.has("lines-valid")) found ??= { total: read("lines-valid"), covered: read("lines-covered") };
    if (name === "metrics" && attributes.has("files")) found ??= { total: read("statements"), covered: read("coveredstatements") };
  };
  return readXml(text, { begin, end: () => undefined }) === undefined ? found : undefined;
}
