import { assembleFilter, encodeFilter } from "./assemble-filter.ts";
import { type FilteredProgram, planDeniedCalls } from "./plan-denied-calls.ts";

/** The filter for this machine's processor, ready for `bwrap --seccomp`; undefined where there is none for it. */
export function compileFilter(program: FilteredProgram = "job", processor: NodeJS.Architecture = process.arch): Uint8Array | undefined {
  return processor === "x64" || processor === "arm64" ? encodeFilter(assembleFilter(processor, planDeniedCalls(program))) : undefined;
}
