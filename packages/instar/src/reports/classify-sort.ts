import { type Details, objectIn, textIn } from "./parse-entry.ts";
import type { UpdateSort } from "./update-record.ts";

/** What of an update tells its sort; nothing of it is upstream's word. */
export interface SortFacts {
  /** Ids of its steps, or of those that were seen. */
  readonly steps: ReadonlySet<string>;
  /** Of UPDATE_STARTED; empty where it was not read. */
  readonly details: Details;
  readonly trigger: string | null;
}

/** The steps are asked first, since they are Instar's own and each sort has one that no other has; then what the start says of itself. Pure. */
export function classifySort({ steps, details, trigger }: SortFacts): UpdateSort {
  if (steps.has("put-back") || steps.has("check-backup") || Object.hasOwn(objectIn(details, "overrides"), "restore")) return "restore";
  if (steps.has("check-rebuilt") || Object.hasOwn(objectIn(details, "overrides"), "stateOf")) return "going-back";
  if (steps.has("check-release")) return steps.has("watch") || trigger === "watch-again" ? "watching-again" : "going-back";
  if (steps.has("analyse")) return "code";
  if (trigger === "rollback") return "going-back";
  if (trigger === "restore") return "restore";
  if (trigger === "watch-again") return "watching-again";
  if (steps.has("apply-edits") || steps.has("confirm-agent") || Object.hasOwn(details, "edits")) return "configuration";
  if (steps.has("fetch") || trigger !== null) return "code";
  return "unknown";
}

const TRIGGER = /^update to .* started \((found|by-hand|first|rollback|restore|watch-again)\)$/s;

/** What began it. Its place in the description is the end, which no version's name reaches. */
export function parseTrigger(details: Details, description: string): string | null {
  return textIn(details, "trigger") ?? TRIGGER.exec(description)?.[1] ?? null;
}
