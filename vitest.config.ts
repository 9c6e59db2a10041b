import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes minutes goes first, the longest at the very beginning: begun last, it would run alone while a core has nothing to do. */
const LONGEST = ["tests/crash/", "tests/e2e/confined", "tests/e2e/bad-input", "tests/e2e/impact", "tests/e2e/", "tests/scripts/", "tests/escapes/"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = LONGEST.findIndex((path) => moduleId.includes(path));
      return rank === -1 ? LONGEST.length : rank;
    };
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts"],
    // Real processes and real git on shared machines: generous, and no test asserts a time.
    // Longer than `until` of the end-to-end tests waits: what is waited for in vain says so itself, with the daemon's last words.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: "forks",
    maxWorkers: 2,
    sequence: { hooks: "stack", sequencer: LongestFirst },
  },
});
