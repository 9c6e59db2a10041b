import type { StepState, UpdateView } from "@instar/protocol";
import { STEP_MARKS } from "../render-update.ts";
import { type PipelineRow, planPipeline } from "./plan-pipeline.ts";
import { renderSpan } from "./render-span.ts";
import { cutRow, marked, type Piece, piece, type Row, type Tone, wrapRow } from "./rows.ts";
import type { Reading } from "./watch-state.ts";

const TONES: Readonly<Record<StepState, Tone>> = {
  ahead: "quiet",
  running: "live",
  waiting: "turn",
  done: "good",
  failed: "bad",
  undoing: "turn",
  undone: "turn",
  skipped: "quiet",
};

/** One update as a pipeline in about so many rows: what is done and how long it took, what runs or waits and why, what is ahead. */
export function describePipeline(update: UpdateView, most: number, nowMs: number): Row[] {
  return [describeTitle(update, nowMs), ...planPipeline(update, Math.max(3, most - 1), nowMs).map(describeRow)];
}

function describeTitle(update: UpdateView, nowMs: number): Row {
  const { outcome, state, startedAt, endedAt, because } = update;
  const took = renderSpan(Math.max(0, (endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt)));
  const head = [
    piece(`update ${update.id.slice(0, 8)}  `, "quiet"),
    piece(renderChange(update), "strong"),
    piece("  "),
    describeEnd(update),
    piece(`  ${took}`, "quiet"),
  ];
  return because === "" || (outcome === null && state !== "error") ? cutRow(...head) : wrapRow(...head, piece(`  ${because}`));
}

const renderChange = ({ kind, versionFrom, versionTo }: UpdateView): string =>
  kind === "configuration" ? `configuration of ${versionTo}` : `${versionFrom ?? "nothing"} → ${versionTo}`;

/** How it ended, or what it is at. */
function describeEnd({ outcome, state }: Pick<UpdateView, "outcome" | "state">): Piece {
  if (outcome === null) return state === "error" ? piece("stuck", "bad") : piece(state.replaceAll("_", " "), "live");
  return piece(outcome, outcome === "committed" ? "good" : outcome === "cancelled" || outcome === "superseded" ? "quiet" : "bad");
}

function describeRow(row: PipelineRow): Row {
  if (row.kind === "several") {
    const said = `${row.count} steps${row.state === null ? "" : ` ${row.state}`}${row.state === "ahead" ? "" : `  ${renderSpan(row.tookMs)}`}`;
    return marked(row.state === null ? piece("   ") : markOf(row.state), cutRow(piece(said, "quiet")));
  }
  const { state, title, because } = row.step;
  const head = [piece(title, state === "ahead" ? "quiet" : "plain"), piece(row.tookMs === null ? "" : `  ${renderSpan(row.tookMs)}`, "quiet")];
  if (because === "" || state === "ahead") return marked(markOf(state), cutRow(...head));
  const said = piece(`  ${because}`, state === "failed" ? "bad" : state === "waiting" ? "turn" : "quiet");
  // Why it goes no further is what one came to read: that is never cut off.
  return marked(markOf(state), state === "done" || state === "undone" ? cutRow(...head, said) : wrapRow(...head, said));
}

const markOf = (state: StepState): Piece => piece(` ${STEP_MARKS[state]} `, TONES[state]);

/** Updates to choose from, the newest first: at most so many, and the chosen one among them. */
export function describeUpdates({ updates, update }: Reading, most: number): Row[] {
  const at = Math.max(
    0,
    updates.findIndex(({ id }) => id === update?.id),
  );
  const start = Math.max(0, Math.min(at - Math.floor(most / 2), updates.length - most));
  return updates
    .slice(start, start + most)
    .map((each) =>
      cutRow(
        piece(each.id === update?.id ? " › " : "   ", "strong"),
        piece(renderChange(each), each.id === update?.id ? "strong" : "plain"),
        piece("  "),
        describeEnd(each),
        piece(each.because === "" ? "" : `  ${each.because}`, "quiet"),
      ),
    );
}
