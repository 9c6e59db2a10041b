import { createHash } from "node:crypto";
import type { PlannedStage } from "./planned-stage.ts";

/** A change of what a run means, or of how it is understood, gets another number. */
const FORMAT = 1;

export interface CacheKeyParts {
  /** Of what runs: every file of the release, and its dependencies. */
  readonly releaseDigest: string;
  readonly stage: PlannedStage;
  /** What of the job's environment the operator writes; not the folders that differ from run to run. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its name, its network and the least that was asked of it. */
  readonly sandbox: { readonly name: string; readonly network: string; readonly least: readonly string[] };
  /** Versions of the programs that run the tests. */
  readonly runtimes: string;
}

/** The name of everything that the result of a stage hangs on. The gate is not among it: it says what is made of a result. */
export function planCacheKey({ releaseDigest, stage, environment, sandbox, runtimes }: CacheKeyParts): string {
  const { tests } = stage;
  const told = [
    ["format", FORMAT],
    ["release", releaseDigest],
    ["stage", stage.stage, stage.withinMs],
    [
      "tests",
      tests === null ? null : [tests.command, tests.runner, tests.report ?? null, tests.coverage ?? null, tests.retries, tests.flaky, tests.leftBehind],
    ],
    ["environment", Object.entries(environment).sort(([one], [other]) => (one < other ? -1 : 1))],
    ["sandbox", sandbox.name, sandbox.network, [...sandbox.least].sort()],
    ["runtimes", runtimes],
  ];
  return createHash("sha256").update(JSON.stringify(told)).digest("hex");
}
