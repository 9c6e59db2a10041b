import UPlot from "uplot";
import { renderAbsolute } from "./render-time.ts";

export interface ChartLine {
  readonly label: string;
  readonly tone: "main" | "before" | "bound";
  readonly points: readonly { readonly atMs: number; readonly value: number | null }[];
  /** Only the band's edge: not named, not read out. */
  readonly isEdge?: boolean;
}

export interface ChartLimit {
  readonly label: string;
  readonly value: number;
}

/** Filled between two lines, by their index. */
export interface ChartBand {
  readonly upper: number;
  readonly lower: number;
}

export interface ChartMark {
  readonly atMs: number;
  readonly tone: "good" | "bad" | "none";
}

interface ChartData {
  readonly times: readonly number[];
  readonly values: readonly (readonly (number | null | undefined)[])[];
  readonly marks: readonly ChartMark[];
}

interface ChartShape extends ChartData {
  readonly lines: readonly ChartLine[];
  readonly limits: readonly ChartLimit[];
  readonly bands: readonly ChartBand[];
}

export interface DrawnChart {
  update(data: ChartData): void;
  /** Moves the cursor to a point, by its index. */
  point(index: number): void;
  end(): void;
}

const HEIGHT = 180;
/** Room above the highest point and the highest limit. */
const HEADROOM = 1.08;

/** Draws on a canvas. In a file of its own, since it brings the drawing library with it. */
export function drawChart(place: HTMLElement, shape: ChartShape, render: (value: number) => string, onPoint: (index: number | null) => void): DrawnChart {
  const colours = readColours(place);
  let marks = shape.marks;
  const highest = Math.max(0, ...shape.limits.map(({ value }) => value));
  const axis = { stroke: colours.quiet, grid: { stroke: colours.edge, width: 1 }, ticks: { stroke: colours.edge, width: 1 } };
  const chart = new UPlot(
    {
      width: Math.max(200, place.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      scales: { y: { range: (_, min, max) => [Math.min(0, min ?? 0), Math.max(highest, max ?? 0) * HEADROOM || 1] } },
      axes: [
        { ...axis, values: (_, splits) => splits.map((split) => renderTick(split * 1_000, splits)) },
        { ...axis, size: 68, values: (_, splits) => splits.map((split) => render(split)) },
      ],
      series: [
        {},
        ...shape.lines.map((line) => ({
          label: line.label,
          stroke: line.isEdge ? "transparent" : colours[line.tone],
          width: line.tone === "main" ? 2 : 1.5,
          ...(line.tone === "bound" ? { dash: [4, 4] } : {}),
          points: { show: !line.isEdge && line.points.length < 3, size: 6 },
        })),
      ],
      bands: shape.bands.map(({ upper, lower }) => ({ series: [upper + 1, lower + 1] as [number, number], fill: colours.band })),
      hooks: {
        draw: [
          (drawn) => {
            for (const { value } of shape.limits) drawLine(drawn, "y", drawn.valToPos(value, "y", true), colours.limit);
            for (const { atMs, tone } of marks) drawLine(drawn, "x", drawn.valToPos(atMs / 1_000, "x", true), colours[tone]);
          },
        ],
        setCursor: [(drawn) => onPoint(drawn.cursor.idx ?? null)],
      },
    },
    toData(shape),
    place,
  );
  const resize = new ResizeObserver(() => chart.setSize({ width: Math.max(200, place.clientWidth), height: HEIGHT }));
  resize.observe(place);
  return {
    update: (data) => {
      marks = data.marks;
      chart.setData(toData(data));
    },
    point: (index) => {
      const [x] = [chart.data[0][index]];
      if (x !== undefined) chart.setCursor({ left: chart.valToPos(x, "x"), top: 0 }, false);
    },
    end: () => {
      resize.disconnect();
      chart.destroy();
    },
  };
}

/** The same clock as everywhere on the page; the day where the axis is longer than one, seconds where it is short. */
function renderTick(atMs: number, splits: readonly number[]): string {
  const spanSeconds = (splits.at(-1) ?? 0) - (splits[0] ?? 0);
  const text = renderAbsolute(atMs);
  if (spanSeconds > 86_400) return text.slice(5, 16);
  return spanSeconds > 600 ? text.slice(11, 16) : text.slice(11);
}

const toData = ({ times, values }: ChartData): UPlot.AlignedData => [times.map((time) => time / 1_000), ...values.map((line) => [...line])];

function drawLine({ ctx, bbox }: UPlot, axis: "x" | "y", at: number, colour: string): void {
  const isOutside = axis === "x" ? at < bbox.left || at > bbox.left + bbox.width : at < bbox.top || at > bbox.top + bbox.height;
  if (isOutside) return;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(axis === "y" ? [6 * devicePixelRatio, 4 * devicePixelRatio] : [2 * devicePixelRatio, 2 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(axis === "x" ? at : bbox.left, axis === "x" ? bbox.top : at);
  ctx.lineTo(axis === "x" ? at : bbox.left + bbox.width, axis === "x" ? bbox.top + bbox.height : at);
  ctx.stroke();
  ctx.restore();
}

const COLOURS = {
  main: "--accent",
  before: "--edge-strong",
  bound: "--wait",
  limit: "--bad",
  good: "--good",
  bad: "--bad",
  none: "--ink-quiet",
  quiet: "--ink-quiet",
  edge: "--edge",
  band: "--live-fill",
} as const;

/** A canvas knows no custom properties, and `light-dark()` is only worked out where a colour is used. */
function readColours(place: HTMLElement): Readonly<Record<keyof typeof COLOURS, string>> {
  const probe = place.appendChild(document.createElement("span"));
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(Object.entries(COLOURS).map(([key, name]) => [key, read(name)]));
  probe.remove();
  return colours as Readonly<Record<keyof typeof COLOURS, string>>;
}
