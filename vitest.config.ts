import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = fileURLToPath(new URL(".", import.meta.url));

/**
 * What is killed and started again without end goes first, and beside it what only computes: a test of a whole instance that ran there would wait for the
 * processor. Whole instances come last, the longest of them first: begun last, it would run alone while a core has nothing to do.
 * Three at a time on two cores: most of them wait, for processes, pauses and windows, and for the disk.
 */
const ORDER = [
  /tests\/crash\//,
  /packages\/|bench\/|tests\/(?!e2e|scripts)/,
  /tests\/e2e\/confined/,
  /tests\/e2e\/bad-input/,
  /tests\/e2e\/(console|self|watch)/,
  /tests\/scripts\//,
];

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = ORDER.findIndex((path) => path.test(moduleId.slice(root.length)));
      return rank === -1 ? ORDER.length : rank;
    };
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

/** Whole instances, and rooms that measure the process they are in, or take it to its limits: each file in one of its own. */
const ALONE = [
  "tests/{crash,e2e,fuzz,escapes,scripts}/**/*.test.ts",
  "packages/instar/src/{backups,keeper,platform,sandbox,self,store,validation}/**/*.test.ts",
];

const shared = {
  // Real processes and real git on shared machines: generous, and no test asserts a time.
  // Longer than `until` of the end-to-end tests waits: what is waited for in vain says so itself, with the daemon's last words.
  testTimeout: 180_000,
  expect: { poll: { timeout: 60_000 } },
  hookTimeout: 180_000,
  pool: "forks",
  maxWorkers: 3,
  sequence: { hooks: "stack" },
} as const;

export default defineConfig({
  test: {
    ...shared,
    globalSetup: ["tests/bundle-program.ts"],
    sequence: { hooks: "stack", sequencer: InOrder },
    projects: [
      // Hundreds of files that need the same modules: a process for each of them took a third of their time.
      {
        test: {
          ...shared,
          name: "together",
          isolate: false,
          include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts", "scripts/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...ALONE],
        },
      },
      { test: { ...shared, name: "alone", include: ALONE } },
    ],
  },
});
