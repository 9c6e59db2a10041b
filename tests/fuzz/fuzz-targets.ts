import type { FuzzTarget } from "./fuzz-target.ts";
import { ANALYSIS_TARGETS } from "./targets/analysis-targets.ts";
import { ARCHIVE_TARGETS } from "./targets/archive-targets.ts";
import { CONSOLE_TARGETS } from "./targets/console-targets.ts";
import { FRONT_TARGETS } from "./targets/front-targets.ts";
import { GOVERNANCE_TARGETS } from "./targets/governance-targets.ts";
import { LEDGER_TARGETS } from "./targets/ledger-targets.ts";
import { OBSERVATION_TARGETS } from "./targets/observation-targets.ts";
import { SETTINGS_TARGETS } from "./targets/settings-targets.ts";
import { SOURCE_TARGETS } from "./targets/source-targets.ts";
import { STORE_TARGETS } from "./targets/store-targets.ts";
import { TRUST_TARGETS } from "./targets/trust-targets.ts";
import { VALIDATION_TARGETS } from "./targets/validation-targets.ts";

/** Every parser of what anybody may have written. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  ...LEDGER_TARGETS,
  ...TRUST_TARGETS,
  ...SOURCE_TARGETS,
  ...ARCHIVE_TARGETS,
  ...ANALYSIS_TARGETS,
  ...VALIDATION_TARGETS,
  ...OBSERVATION_TARGETS,
  ...SETTINGS_TARGETS,
  ...GOVERNANCE_TARGETS,
  ...FRONT_TARGETS,
  ...STORE_TARGETS,
  ...CONSOLE_TARGETS,
];
