// The screen: what the `describe-*` files say, laid out by ink. No .tsx: Node runs these sources as they are.
import { Box, type BoxProps, Text, type TextProps } from "ink";
import { createElement as h, type ReactNode } from "react";
import { renderMetrics, renderObservation } from "../render-observation.ts";
import { describeInstance, describeStale } from "./describe-instance.ts";
import { describeKeys, HELP } from "./describe-keys.ts";
import { describeQuestion } from "./describe-question.ts";
import { describeTurns } from "./describe-turns.ts";
import { describePipeline, describeUpdates } from "./describe-update.ts";
import { staleSince } from "./fold-heard.ts";
import { planLayout, type Size } from "./plan-layout.ts";
import { cutRow, piece, type Row, type Tone, wrapRow } from "./rows.ts";
import type { Reading, WatchState } from "./watch-state.ts";

export interface ScreenProps {
  readonly state: WatchState;
  readonly size: Size;
  readonly nowMs: number;
  /** False: `NO_COLOR` was said. Nothing is told by colour alone. */
  readonly hasColour: boolean;
}

/** All that is on the screen, in exactly its size. */
export function Screen({ state, size, nowMs, hasColour }: ScreenProps): ReactNode {
  const { reading, question, said, pane } = state;
  const rowsOf = (rows: readonly Row[]) => rows.map((row, index) => h(Line, { key: index, row, hasColour }));
  const stale = staleSince(state, nowMs);
  const above = [
    ...(stale === null ? [] : [describeStale(stale, nowMs)]),
    ...(reading === null ? [] : describeInstance(reading.status, state.traffic, nowMs)),
    ...(reading === null ? [] : describeTurns(reading)),
  ];
  const below = question !== null ? describeQuestion(question) : said === null ? [] : [wrapRow(piece(said.text, said.tone))];
  const layout = planLayout(size, { above, below, updates: reading?.updates.length ?? 0, logLines: state.log.lines.length });
  const divider = h(Line, { row: cutRow(piece("─".repeat(size.columns), "quiet")), hasColour });
  const isListed = reading !== null && pane.kind === "live" && question === null && reading.updates.length > 1;
  return h(
    Column,
    { width: size.columns, height: size.rows, overflow: "hidden" },
    h(Column, { flexShrink: question === null ? 0 : 1, overflow: "hidden" }, ...rowsOf(above)),
    divider,
    h(
      Column,
      { flexGrow: 1, flexShrink: 1, flexBasis: 0, overflow: "hidden" },
      reading === null ? h(Text, null, "Looking …") : h(Body, { state, reading, layout, size, nowMs, hasColour }),
    ),
    ...(isListed ? [divider, ...rowsOf(describeUpdates(reading, layout.updates))] : []),
    divider,
    ...rowsOf(below),
    h(Line, { row: cutRow(piece(describeKeys(state), "quiet")), hasColour }),
  );
}

type BodyProps = Omit<ScreenProps, "state"> & { readonly state: WatchState; readonly reading: Reading; readonly layout: ReturnType<typeof planLayout> };

function Body({ state, reading, layout, size, nowMs, hasColour }: BodyProps): ReactNode {
  const { pane, log } = state;
  const rowsOf = (rows: readonly Row[]) => rows.map((row, key) => h(Line, { key, row, hasColour }));
  const tail = (back: number) =>
    h(
      Column,
      { flexGrow: 1, flexShrink: 1, flexBasis: 0, overflow: "hidden", justifyContent: "flex-end" },
      ...(log.update === reading.update?.id ? log.lines : [])
        .slice(0, log.lines.length - back)
        .slice(-size.rows)
        .map((line, key) => h(Line, { key, row: cutRow(piece(line)), hasColour })),
    );
  switch (pane.kind) {
    case "help":
      return h(Column, null, ...rowsOf(HELP));
    case "evidence":
      return h(Column, null, ...rowsOf(describeEvidence(reading)));
    case "log":
      return log.lines.length === 0 ? h(Text, null, "Its jobs wrote nothing so far.") : tail(pane.back);
    case "details":
      return pane.lines === null
        ? h(Text, null, "Reading …")
        : h(Column, null, ...rowsOf(pane.lines.slice(pane.at, pane.at + size.rows).map((line) => wrapRow(piece(line)))));
    case "live": {
      if (reading.update === null) return h(Text, null, "No update yet. `instar update apply` starts what the sources have.");
      const pipeline = rowsOf(describePipeline(reading.update, layout.pipeline, nowMs));
      const evidence = reading.status.observation === null ? [] : rowsOf(describeEvidence(reading));
      if (!layout.isWide) return h(Column, { flexGrow: 1 }, h(Column, { flexShrink: 0 }, ...pipeline), ...(evidence.length === 0 ? [tail(0)] : evidence));
      const half = Math.floor(size.columns / 2);
      return h(
        Box,
        { flexGrow: 1 },
        h(Column, { width: half, overflow: "hidden", paddingRight: 1 }, ...pipeline),
        h(Column, { width: size.columns - half, overflow: "hidden" }, ...evidence, tail(0)),
      );
    }
    default:
      return pane satisfies never;
  }
}

function describeEvidence({ status, metrics }: Reading): Row[] {
  const watched = status.observation === null ? ["No version is watched."] : renderObservation(status.observation).map((line) => line.trim());
  return [
    ...watched.map((line) => wrapRow(piece(line))),
    ...(metrics === null
      ? []
      : renderMetrics(metrics)
          .split("\n")
          .map((line) => cutRow(piece(line)))),
  ];
}

const Column = ({ children, ...props }: BoxProps & { readonly children?: ReactNode }): ReactNode => h(Box, { flexDirection: "column", ...props }, children);

/** A box around each line: a text would be squeezed to nothing where the others take the room. */
function Line({ row: { pieces, wraps, label }, hasColour }: { readonly row: Row; readonly hasColour: boolean }): ReactNode {
  const looks = hasColour ? COLOURED : PLAIN;
  const said = pieces.filter(({ text }) => text !== "").map(({ text, tone }, key) => h(Text, { key, ...looks[tone] }, text));
  const text = h(Text, { wrap: wraps ? "wrap" : "truncate-end" }, said.length === 0 ? " " : said);
  if (label === undefined) return h(Box, { flexShrink: 0 }, text);
  return h(
    Box,
    { flexShrink: 0 },
    h(Box, { width: label.columns, flexShrink: 0 }, h(Text, looks[label.piece.tone], label.piece.text)),
    h(Box, { flexGrow: 1, flexShrink: 1 }, text),
  );
}

type Look = Pick<TextProps, "color" | "bold" | "dimColor" | "inverse">;
const COLOURED: Readonly<Record<Tone, Look>> = {
  plain: {},
  quiet: { dimColor: true },
  strong: { bold: true },
  good: { color: "green" },
  bad: { color: "red", bold: true },
  turn: { color: "yellow", bold: true },
  live: { color: "cyan", bold: true },
};
const PLAIN: Readonly<Record<Tone, Look>> = { ...COLOURED, good: {}, bad: { bold: true }, turn: { bold: true }, live: { bold: true } };
