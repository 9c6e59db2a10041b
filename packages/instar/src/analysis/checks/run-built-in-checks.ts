import type { CheckResult } from "@instar/protocol";
import type { Edit } from "../edit.ts";
import type { ModuleGraph } from "../graph/module-graph.ts";
import { checkComplexity } from "./check-complexity.ts";
import { checkImports } from "./check-imports.ts";
import { checkSecurity } from "./check-security.ts";
import { checkSyntax } from "./check-syntax.ts";
import { listRenames } from "./compare-findings.ts";

export interface BuiltInQuestion {
  readonly edits: readonly Edit[];
  /** null for the first version. */
  readonly before: ModuleGraph | null;
  readonly after: ModuleGraph;
  /** Packages that any package.json of the tree names; null where that is not known: then undeclared imports are not looked for. */
  readonly declared: readonly string[] | null;
}

/** The checks that read and run nothing of the candidate's. Never throws. */
export function runBuiltInChecks({ edits, before, after, declared }: BuiltInQuestion): CheckResult[] {
  return [checkSyntax(edits), checkSecurity(edits), checkComplexity(edits), checkImports({ before, after, declared, renames: listRenames(edits) })];
}
