import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCoverage } from "./parse-coverage.ts";

const sample = (name: string) => readFileSync(join(import.meta.dirname, "samples", name), "utf8");

describe("how many lines are covered", () => {
  for (const [name, format, percent] of [
    ["coverage-summary.json", "istanbul", 500 / 9],
    ["lcov.info", "lcov", 500 / 9],
    ["clover.xml", "xml", 500 / 9],
    ["cobertura-coverage.xml", "xml", 500 / 9],
    ["coverage-py.xml", "xml", 500 / 6],
    ["coverage-py.json", "coverage.py", 500 / 6],
  ] as const)
    it(`is read from ${name}, as tools write it`, () => expect(parseCoverage(format, sample(name))).toBeCloseTo(percent, 6));

  it("is counted line by line where there are no sums", () =>
    expect(parseCoverage("lcov", "SF:a\nDA:1,1\nDA:2,0\nDA:3,12\nDA:4,00\nend_of_record\n")).toBe(50));

  for (const [name, format, text] of [
    ["nothing was measured", "lcov", ""],
    ["there is not one line", "istanbul", `{"total":{"lines":{"total":0,"covered":0}}}`],
    ["more lines are covered than there are", "istanbul", `{"total":{"lines":{"total":3,"covered":4}}}`],
    ["numbers are no numbers", "xml", `<coverage lines-valid="many" lines-covered="NaN"/>`],
    ["it was cut off", "xml", `<coverage lines-valid="10" lines-covered="9">`],
    ["it is something else", "coverage.py", "[]"],
  ] as const)
    it(`is not known where ${name}`, () => expect(parseCoverage(format, text)).toBeUndefined());
});
