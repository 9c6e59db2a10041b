import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Tests of whole instances: they wait most of their time, for processes, pauses and windows. */
const WHOLE = ["tests/e2e/**/*.test.ts", "tests/scripts/**/*.test.ts"];

/**
 * What is killed and started again without end goes first, and beside it what only computes: a test of a whole instance that ran there would wait for the
 * processor. Whole instances come last, three at a time, the longest of them first: begun last, it would run alone while a core has nothing to do.
 */
const ORDER = [/tests\/crash\//, /packages\/|bench\/|tests\/(?!e2e|scripts)/, /tests\/e2e\/confined/, /tests\/e2e\/bad-input/, /tests\/scripts\//];

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = ORDER.findIndex((path) => path.test(moduleId.slice(root.length)));
      return rank === -1 ? ORDER.length : rank;
    };
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  test: {
    // Real processes and real git on shared machines: generous, and no test asserts a time.
    // Longer than `until` of the end-to-end tests waits: what is waited for in vain says so itself, with the daemon's last words.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: "forks",
    sequence: { hooks: "stack", sequencer: InOrder },
    projects: [
      {
        extends: true,
        test: {
          name: "rooms",
          include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...WHOLE],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: "whole", include: WHOLE, maxWorkers: 3, sequence: { groupOrder: 1 } } },
    ],
  },
});
