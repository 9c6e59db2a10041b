import type { StepContext } from "../step.ts";

/** The commit whose files become the release: upstream's, or the one in which what was changed by hand was carried over to it. */
export function sourceCommitOf({ start, given }: Pick<StepContext, "start" | "given">): string {
  return typeof given.merged === "string" ? given.merged : start.commit;
}
