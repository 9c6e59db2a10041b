import type { UpdateView } from "@instar/protocol";

type Step = UpdateView["steps"][number];
export type PipelineRow =
  | { readonly kind: "step"; readonly step: Step; readonly tookMs: number | null }
  /** Several in a row, where there is no room for each; null: they are not all in one state. */
  | { readonly kind: "several"; readonly state: Step["state"] | null; readonly count: number; readonly tookMs: number };

/**
 * An update's steps in at most so many rows. Where they are too many, those long before and those far after become a row each, so that what runs, waits or
 * failed is always there, and what comes just before and after beside it.
 */
export function planPipeline({ steps }: Pick<UpdateView, "steps">, most: number, nowMs: number): PipelineRow[] {
  // Skipped are those that an end came before.
  const shown = steps.filter(({ state }) => state !== "skipped");
  const rows = shown.map((step): PipelineRow => ({ kind: "step", step, tookMs: timeOf(step, nowMs) }));
  if (rows.length <= most) return rows;
  const room = Math.max(1, most - 2);
  const start = Math.max(0, Math.min(findFocus(shown) - Math.floor((room - 1) / 2), shown.length - room));
  return [...several(shown.slice(0, start), nowMs), ...rows.slice(start, start + room), ...several(shown.slice(start + room), nowMs)];
}

/** What a person looks for first: what is going on, else what failed, else how far it came. */
function findFocus(steps: readonly Step[]): number {
  const where = (...states: readonly Step["state"][]) => steps.findIndex(({ state }) => states.includes(state));
  const found = [where("running", "waiting", "undoing"), where("failed"), where("ahead")].find((at) => at >= 0);
  return found ?? steps.length - 1;
}

function several(steps: readonly Step[], nowMs: number): PipelineRow[] {
  const [first] = steps;
  if (first === undefined) return [];
  if (steps.length === 1) return [{ kind: "step", step: first, tookMs: timeOf(first, nowMs) }];
  return [
    {
      kind: "several",
      state: steps.every(({ state }) => state === first.state) ? first.state : null,
      count: steps.length,
      tookMs: steps.reduce((sum, step) => sum + (timeOf(step, nowMs) ?? 0), 0),
    },
  ];
}

/** How long it took, or has taken so far; null where it has not begun. */
function timeOf({ startedAt, endedAt }: Step, nowMs: number): number | null {
  if (startedAt === null) return null;
  return Math.max(0, (endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));
}
