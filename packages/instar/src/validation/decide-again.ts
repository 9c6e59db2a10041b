import type { SeenTest } from "./reports/test-report.ts";

/**
 * What a second run says of tests that failed in the first. One that passed is flaky; one that failed again, or did not run at all, is still
 * failing. What failed only now has passed before, and is still to be settled too.
 *
 * @param again the second run's tests
 */
export function decideAgain(
  failing: readonly SeenTest[],
  again: readonly SeenTest[],
): { readonly flaky: readonly SeenTest[]; readonly failing: readonly SeenTest[] } {
  const failed = new Map(again.filter(({ outcome }) => outcome === "failed").map((test) => [keyOf(test), test]));
  const passed = again.filter(({ outcome }) => outcome === "passed");
  const passedKeys = new Set(passed.map(keyOf));
  const passedFiles = new Set(passed.map(({ file }) => file));
  const hasPassed = (test: SeenTest) =>
    !failed.has(keyOf(test)) && (test.isGroup === true ? (test.file === null ? passed.length > 0 : passedFiles.has(test.file)) : passedKeys.has(keyOf(test)));
  const known = new Set(failing.map(keyOf));
  const fresh = [...failed.values()].filter((test) => !known.has(keyOf(test)));
  return { flaky: failing.filter(hasPassed), failing: [...failing.filter((test) => !hasPassed(test)), ...fresh] };
}

const keyOf = ({ name, file, isGroup }: SeenTest) => `${isGroup === true ? "group" : "test"}\0${file ?? ""}\0${name}`;
