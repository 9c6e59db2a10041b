import { join } from "node:path";
import { removeInside } from "../remove-inside.ts";
import { readBoundedFile } from "../reports/read-bounded-file.ts";
import { type CoverageFormat, parseCoverage } from "./parse-coverage.ts";

export type FoundCoverage = { readonly percent: number; readonly from: string } | { readonly percent: null; readonly because: string };

/** Where tools leave what they measured. The first that can be read counts. */
const PLACES: readonly (readonly [path: string, format: CoverageFormat])[] = [
  ["coverage/coverage-summary.json", "istanbul"],
  ["coverage/lcov.info", "lcov"],
  ["coverage/cobertura-coverage.xml", "xml"],
  ["coverage/clover.xml", "xml"],
  ["coverage/coverage.xml", "xml"],
  ["coverage.xml", "xml"],
  ["lcov.info", "lcov"],
  ["coverage.lcov", "lcov"],
  ["coverage.json", "coverage.py"],
  ["clover.xml", "xml"],
];
const MOST_BYTES = 64 * 1_048_576;

/** Takes out of the tree what an earlier run left, or somebody committed: what is there afterwards was measured by this run. */
export async function removeOldCoverage(tree: string): Promise<void> {
  for (const [path] of PLACES) await removeInside(tree, path);
}

/** What a run has measured: in the folder that was given to it, else in its tree. `removeOldCoverage` came before. Never throws. */
export async function readCoverage(folder: string, tree: string): Promise<FoundCoverage> {
  for (const root of [folder, tree])
    for (const [path, format] of PLACES) {
      const read = await readBoundedFile(join(root, path), { root, mostBytes: MOST_BYTES });
      if (read.kind === "refused" && root === folder) return { percent: null, because: `${path}: ${read.because}` };
      if (read.kind !== "text") continue;
      const percent = parseCoverage(format, read.text);
      if (percent !== undefined) return { percent, from: path };
    }
  return {
    percent: null,
    because: "the run left no coverage report that is known (coverage-summary.json, lcov.info, coverage.xml, coverage.json, clover.xml)",
  };
}
